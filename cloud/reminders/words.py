"""What a message says, in the language of whoever it is for. It goes through the hands of others: it names no person
and no thing by more than its number. All of it is text; where a way reads marks in text, they are made harmless.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["zh", "en"]
BYTES_MOST = 1700
"""Of lines, in UTF-8; the rest is counted. WeCom's robots take 2048 bytes in all, and lose what is longer."""
LABEL_MOST = 60

TRY = {
    "zh": ("Sealtrail 测试消息", "这是一条测试消息：提醒可以通过此方式送达。"),
    "en": ("Sealtrail: a test", "This is a test: reminders can reach you this way."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that will be due: what it is in both languages, its id, what people call it, and when."""

    name: Mapping[str, str]
    about: str
    label: str | None
    due_at: datetime


def message(language: Language, told: Sequence[Told], zone: ZoneInfo, link: str | None) -> tuple[str, str]:
    """Title and text."""
    zh = language == "zh"
    title = (
        f"Sealtrail 提醒：{len(told)} 项到期事项" if zh else f"Sealtrail: {len(told)} reminder{'s' * (len(told) > 1)}"
    )
    lines = _fitting([_line(language, one, zone) for one in told])
    if more := len(told) - len(lines):
        lines.append(f"……另有 {more} 项" if zh else f"… and {more} more")
    if link is not None:
        lines += ["", link]
    return title, "\n".join(lines)


def _fitting(lines: Sequence[str]) -> list[str]:
    sizes = accumulate(len(line.encode()) + 1 for line in lines)
    return [line for line, size in zip(lines, sizes, strict=True) if size <= BYTES_MOST]


def _line(language: Language, one: Told, zone: ZoneInfo) -> str:
    called = f"{plain(one.label)[:LABEL_MOST]} " if one.label else ""
    at = f"{one.due_at.astimezone(zone):%Y-%m-%d %H:%M}"
    name = plain(one.name[language])
    if language == "zh":
        return f"· {name}：{called}{plain(one.about)}，期限 {at}"
    return f"· {name}: {called}{plain(one.about)}, due {at}"


def plain(text: str) -> str:
    """`text` in one line, without characters that steer anything."""
    return "".join(char if char.isprintable() else " " for char in text)


def unmarked(text: str) -> str:
    """`text` as robots of chats show it whole: what would mention everybody, link or set type becomes wide or blank."""
    return text.translate(_WIDE)


_WIDE = str.maketrans(
    {"<": "＜", ">": "＞", "@": "＠", "*": "＊", "`": "｀", "[": "［", "]": "］", "#": "＃", "_": "＿"}
)
