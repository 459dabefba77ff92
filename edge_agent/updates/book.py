"""What is wanted and how far it came, kept beside the journal: whoever dies in between goes on where it was."""

import json
import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.errors import SettingsError
from edge_agent.updates.home import write_whole
from wire.kinds import FactKind
from wire.messages import to_body
from wire.releases import Update, UpdateTold

FILE = "book.json"
MOST_REASON = 300

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Wish:
    """The update that is wanted: its order (`token`), and the version that ran when it came.

    `lost` were the devices lost when it was begun; `told` are kinds of facts that are told once.
    """

    update: Update
    token: str
    before: str
    lost: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Pages:
    """The book's content; `newest` is the number of the newest order that was ever seen, `trial` what the launcher was
    asked to begin.
    """

    newest: int = 0
    wish: Wish | None = None
    trial: Wish | None = None
    untold: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Book:
    """The file; its methods may be called from any thread, and raise SettingsError where it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / FILE, threading.Lock()
        self.pages = self._read()

    def want(self, update: Update, token: str, before: str) -> None:
        """`update` is wanted from now on, and nothing that was wanted before."""
        with self._lock:
            self.pages.newest, self.pages.wish = update.number, Wish(update, token, before)
            self._save()

    def begin(self, wish: Wish, lost: Sequence[str]) -> None:
        """The launcher is to begin `wish`; these devices are lost now."""
        with self._lock:
            wish.lost, self.pages.trial = list(lost), wish
            if self.pages.wish is wish:
                self.pages.wish = None
            self._save()

    def put_back(self) -> None:
        """What was to be begun was not: it is wanted still, unless something newer is."""
        with self._lock:
            self.pages.wish, self.pages.trial = self.pages.wish or self.pages.trial, None
            self._save()

    def tell(self, wish: Wish, kind: FactKind, code: str = "", reason: str = "", *, end: bool = False) -> None:
        """A fact is to be told of `wish`, once; with `end` it is wanted no more."""
        with self._lock:
            if kind.value not in wish.told:
                wish.told.append(kind.value)
                told = wish.update
                body = UpdateTold(
                    number=told.number, version=told.version, sha256=told.sha256, before=wish.before, code=code,
                    reason=reason[:MOST_REASON],
                )  # fmt: skip
                self.pages.untold.append((kind.value, to_body(body)))
            if end:
                self.pages.wish = None if self.pages.wish is wish else self.pages.wish
                self.pages.trial = None if self.pages.trial is wish else self.pages.trial
            self._save()

    def told(self, number: int) -> None:
        """The first `number` of what was untold are facts now."""
        with self._lock:
            del self.pages.untold[:number]
            self._save()

    def _save(self) -> None:
        """Whole or not at all."""
        kept = asdict(self.pages)
        for name, wish in (("wish", self.pages.wish), ("trial", self.pages.trial)):
            if wish is not None:
                kept[name]["update"] = to_body(wish.update)
        try:
            write_whole(self._path, json.dumps(kept, ensure_ascii=False))
        except OSError as error:
            raise SettingsError([f"{self._path}: {error.strerror}"]) from error

    def _read(self) -> Pages:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Pages)
        except FileNotFoundError:
            return Pages()
        except (OSError, msgspec.DecodeError) as error:  # no reason for an agent not to start: the launcher remembers
            _log.error("%s cannot be read, and begins anew: %s", self._path, error)
            return Pages()
