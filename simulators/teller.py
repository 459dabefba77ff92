"""Tells how the day goes: each step as it happens, on the screen and in the result."""

import time
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulators.phrases import Language, phrase


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: seconds since the start, what, and how it came out (`allowed`, a reason, or empty)."""

    at_s: float
    step: str
    text: str
    result: str = ""


class Teller:
    """Prints to `stream` in `language` and keeps the steps."""

    def __init__(self, language: Language, stream: TextIO) -> None:
        self.language = language
        self.steps: list[Step] = []
        self._console = Console(file=stream, highlight=False)
        self._began = time.monotonic()

    def say(self, key: str, **values: object) -> None:
        """A line that is no step."""
        self._console.print(Text(phrase(key, self.language, **values), style="bold"))

    def step(self, key: str, *, result: str = "", notes: tuple[str, ...] = (), **values: object) -> None:
        """A step that was done; `result` is `allowed` or the reason of a refusal, `notes` what else is told."""
        text = phrase(key, self.language, **values)
        self.steps.append(Step(round(time.monotonic() - self._began, 2), key, text, result))
        line = Text(f"{self.steps[-1].at_s:6.1f} s  ", style="dim")
        line.append("● ", style="green" if result in ("", "allowed") else "red")
        line.append(text, style="default")
        if result:
            word = phrase("allowed" if result == "allowed" else "refused", self.language)
            line.append(f"  {word}", style="bold green" if result == "allowed" else "bold red")
        if notes:
            line.append(f"  ({'; '.join(notes)})", style="dim")
        self._console.print(line, soft_wrap=True)

    def sign_ins(self, url: str, rows: list[tuple[str, str, str]]) -> None:
        """The address, and a table of user names, passwords and roles."""
        self.say("address", url=url)
        table = Table(*(phrase(name, self.language) for name in ("username", "password", "roles")))
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def told(self) -> list[dict[str, Any]]:
        """The steps as they stand in the result."""
        return [asdict(one) for one in self.steps]
