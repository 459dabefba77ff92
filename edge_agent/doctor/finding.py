"""One thing that was looked at, and what was found; how it is told is in `texts`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from edge_agent.doctor.texts import TEXTS, Level, Text

MARKS = {
    "en": {Level.OK: "ok  ", Level.WARN: "warn", Level.FAIL: "FAIL"},
    "zh": {Level.OK: "正常", Level.WARN: "注意", Level.FAIL: "故障"},
}


class Lang(StrEnum):
    """In which language people are told."""

    EN = "en"
    ZH = "zh"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found (`code`, a key of TEXTS) about what (a device, a file, a host), and the figures of it."""

    code: str
    about: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> Text:
        """How it is told."""
        return TEXTS[self.code]

    @property
    def level(self) -> Level:
        """How bad it is."""
        return self.text.level

    def told(self, lang: Lang) -> str:
        """What was found, in a sentence."""
        return self.text.said[lang].format(about=self.about, **self.values)

    def todo(self, lang: Lang) -> str:
        """What to do next; empty where there is nothing."""
        return self.text.todo[lang].format(about=self.about, **self.values)

    def line(self, lang: Lang) -> str:
        """All of it in a line."""
        area = f"{self.code.partition('.')[0]:8}"
        todo = self.todo(lang)
        return f"{MARKS[lang][self.level]} {area} {self.told(lang)}" + (f" → {todo}" if todo else "")

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        told = {f"text_{lang}": self.told(lang) for lang in Lang} | {f"todo_{lang}": self.todo(lang) for lang in Lang}
        return {"level": self.level.value, "code": self.code, "about": self.about, "values": dict(self.values)} | told


Findings = Iterator[Finding]
