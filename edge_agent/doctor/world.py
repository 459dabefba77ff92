"""What the doctor looks at: the machine under one root, its clock, its programs."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge_agent.clock import Clock


def run_program(command: Sequence[str]) -> str | None:
    """What a program prints; None where it is not here, fails, or takes longer than 5 s."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The machine: files under `root` (/proc, /sys, /dev), the clock, and what its programs say."""

    root: Path
    clock: Clock
    run: Callable[[Sequence[str]], str | None]

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.read().at

    def text(self, name: str) -> str | None:
        """The file `name` under the root; None where it is not or may not be read."""
        try:
            return (self.root / name).read_text("utf-8", "replace")
        except OSError:
            return None
