"""Labels drawn as QR codes: SVG for screens and laser printers, PNG for label printers. Black on white, nothing else.

Error level M: a label is 40 mm or less and gets scratched, and a higher level makes smaller modules. Never Micro QR,
which gates do not read.
"""

import io
from xml.sax.saxutils import escape

import segno

QUIET_ZONE = 4
"""White modules around the code (ISO/IEC 18004)."""

_CAPTION_MODULES = 5


def draw_svg(text: str, caption: str | None = None) -> bytes:
    """`text` as SVG, one unit a module, that scales to any size; with `caption` under it for people."""
    code = _code(text)
    width, height = code.symbol_size(border=QUIET_ZONE)
    path = io.BytesIO()
    code.save(path, kind="svg", border=QUIET_ZONE, xmldecl=False, svgns=True, nl=False, light="white", omitsize=True)
    drawing = path.getvalue().decode()
    if caption is None:
        return drawing.encode()
    tall = height + _CAPTION_MODULES
    inner = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" class="segno">'
        f'<path fill="white" d="M0 0h{width}v{tall}h-{width}z"/>{inner}'
        f'<text x="{width / 2:g}" y="{height + 1}" font-size="3.5" text-anchor="middle" '
        f'font-family="monospace">{escape(caption)}</text></svg>'
    ).encode()


def draw_png(text: str, pixels_per_module: int) -> bytes:
    """`text` as a one-bit PNG whose modules are whole pixels, so that nothing blurs them."""
    out = io.BytesIO()
    _code(text).save(out, kind="png", border=QUIET_ZONE, scale=pixels_per_module)
    return out.getvalue()


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=False)
