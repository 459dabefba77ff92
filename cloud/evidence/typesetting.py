"""Pages set by typst: what they tell comes in as JSON, and the same content and time give the same bytes."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from cloud.evidence.errors import StatementError

FONTS = ("Noto Sans CJK SC", "Noto Serif CJK SC")


def set_pages(template: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF of `template`. Raises StatementError."""
    fonts = _fonts()
    check_fonts(fonts)
    try:
        made = typst.compile(
            str(template), sys_inputs=_inputs(data), font_paths=fonts, timestamp=at.replace(microsecond=0)
        )
    except typst.TypstError as error:
        raise StatementError(str(error)) from error
    return bytes(made)


def set_picture(template: Path, data: Mapping[str, Any], pixels_per_inch: float) -> bytes:
    """The PNG of `template`, which is one page. Raises StatementError."""
    fonts = _fonts()
    check_fonts(fonts)
    try:
        made = typst.compile(
            str(template), sys_inputs=_inputs(data), font_paths=fonts, format="png", ppi=pixels_per_inch
        )
    except typst.TypstError as error:
        raise StatementError(str(error)) from error
    if not isinstance(made, bytes):
        raise StatementError(f"{template.name} is not one page")
    return made


def check_fonts(fonts: typst.Fonts) -> None:
    """Raises StatementError where one that the page is set in is missing: typst would leave its characters out."""
    missing = [font for font in FONTS if font not in fonts.families()]
    if missing:
        raise StatementError(f"no font {' and no font '.join(missing)} on this machine")


def _inputs(data: Mapping[str, Any]) -> dict[str, str]:
    return {"data": json.dumps(data, ensure_ascii=False)}


@cache
def _fonts() -> typst.Fonts:
    """The machine's fonts; looking for them takes longer than setting a page."""
    return typst.Fonts()
