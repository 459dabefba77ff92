"""Labels drawn as QR codes: SVG for screens and laser printers, PNG for label printers. Black on white, nothing else.

Error level M: a label is 40 mm or less and gets scratched, and a higher level makes smaller modules. Never Micro QR,
which gates do not read. The text is in QR's alphanumeric mode, which `wire.labels` keeps to.
"""

import io
from xml.sax.saxutils import escape

import segno

QUIET_ZONE = 4
"""White modules around the code (ISO/IEC 18004)."""

CAPTION = 5
"""Height of the caption in modules."""


def draw_svg(text: str, caption: str | None = None) -> bytes:
    """`text` as SVG, one unit a module, that scales to any size; with `caption` under it for people."""
    code = code_of(text)
    path = io.BytesIO()
    code.save(path, kind="svg", border=QUIET_ZONE, xmldecl=False, svgns=False, nl=False, omitsize=True)
    drawing = path.getvalue().decode()
    inner = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    width, height = code.symbol_size(border=QUIET_ZONE)
    words = ""
    if caption is not None:
        # An id is at most 70 characters; a character of this face is 0.6 of its size wide.
        size = min(CAPTION * 0.7, width / (0.6 * len(caption) + 1))
        words = (
            f'<text x="{width / 2:g}" y="{height + 1}" font-size="{size:.2f}" text-anchor="middle" '
            f'font-family="monospace">{escape(caption)}</text>'
        )
        height += CAPTION
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{width}v{height}h-{width}z"/>{inner}{words}</svg>'
    ).encode()


def draw_png(text: str, pixels_per_module: int) -> bytes:
    """`text` as a one-bit PNG whose modules are whole pixels, so that nothing blurs them."""
    out = io.BytesIO()
    code_of(text).save(out, kind="png", border=QUIET_ZONE, scale=pixels_per_module)
    return out.getvalue()


def code_of(text: str) -> segno.QRCode:
    """The code that says `text`."""
    return segno.make_qr(text, error="m", boost_error=False)
