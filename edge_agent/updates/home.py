"""Where releases lie, as the launcher left it, and the notes by which the agent speaks to the launcher.

The launcher (firmware_scripts/pi/launcher.py) lies outside all releases and is not imported: the two share files alone.
What it writes the agent only reads; the agent's notes are in `updates` beside its journal.
"""

import json
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

from edge_agent.errors import SettingsError

FOLDER = "updates"


class Staged(msgspec.Struct, frozen=True):
    """A release that lies ready."""

    number: int = 0
    sha256: str = ""


class Fault(msgspec.Struct, frozen=True):
    """Why one could not be laid ready."""

    number: int = 0
    problem: str = ""


class Trying(msgspec.Struct, frozen=True):
    """The one that runs and is not kept yet."""

    number: int = 0
    version: str = ""
    begun: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What became of the last one that was tried."""

    number: int = 0
    version: str = ""
    outcome: Literal["applied", "rolled_back", ""] = ""
    problem: str = ""


class Said(msgspec.Struct, frozen=True):
    """The launcher's `state.json`."""

    newest: int = 0
    staged: Staged = Staged()
    fault: Fault = Fault()
    trying: Trying = Trying()
    last: Outcome = Outcome()


class _Release(msgspec.Struct, frozen=True):
    version: str


@dataclass(frozen=True, slots=True)
class Home:
    """`releases` is the launcher's folder; `notes` the agent's own."""

    releases: Path
    notes: Path

    def said(self) -> Said:
        """What the launcher did; nothing where it never did anything. Raises SettingsError."""
        path = self.releases / "state.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Said)
        except FileNotFoundError:
            return Said()
        except (OSError, msgspec.DecodeError) as error:
            raise SettingsError([f"{path}: cannot be read: {error}"]) from error

    def runs(self) -> str:
        """The name of the release that runs: the first twelve digits of its digest, where it came as a release."""
        try:
            return os.path.basename(os.readlink(self.releases / "current"))
        except OSError:
            return ""

    def lay_ready(self, number: int, token: str) -> None:
        """The release of the order `token` is here: the launcher may look."""
        _write(self.notes / "wanted.jws", token)
        _write(self.notes / "ready", str(number))

    def ask(self, number: int) -> None:
        """Nothing is open: at the next start it may be tried."""
        _write(self.notes / "apply.json", json.dumps({"number": number}))

    def tell_health(self, number: int, problem: str | None) -> None:
        """What is tried is healthy, or not."""
        said: dict[str, Any] = {"number": number, "healthy": problem is None, "problem": problem or ""}
        _write(self.notes / "health.json", json.dumps(said))


def running_version(releases: Path | None) -> str:
    """Of the release that `current` leads to, else of the installed program."""
    if releases is not None:
        try:
            return msgspec.json.decode((releases / "current" / "release.json").read_bytes(), type=_Release).version
        except (OSError, msgspec.DecodeError):
            pass  # laid out by the installer, which writes none
    return version("sealtrail")


def write_whole(path: Path, content: str) -> None:
    """All of it or nothing, also when the power fails. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _write(path: Path, content: str) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from error
