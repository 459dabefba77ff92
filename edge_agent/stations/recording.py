"""A station's way to the journal when the disk may be full: decisions wait for room, movements are owed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from custody.decisions import Use
from custody.permits import time_text
from edge_agent.clock import Clock, Reading
from edge_agent.errors import JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.permits import NOTHING, PermitBook
from edge_agent.store import Effect
from wire.kinds import FactKind
from wire.messages import to_body

OWED = 1000
"""Facts about movements kept in memory while the disk is full; the oldest are the ones that count."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Blocked:
    since: Reading
    problem: str
    tried_us: int
    decisions: int = 1


@dataclass(slots=True)
class Movement:
    """A fact about something that happened; it has its `seq` once it is on disk."""

    draft: Draft
    unspent: Sequence[Use]
    seq: int | None = None


class Recording:
    """Records for `station`; to be called under the station's lock."""

    def __init__(self, station: str, journal: Journal, book: PermitBook, clock: Clock, retry_us: int) -> None:
        self._station, self._journal, self._book, self._clock = station, journal, book, clock
        self._retry_us = retry_us
        self._blocked: _Blocked | None = None
        self._owed: list[Movement] = []

    @property
    def blocked(self) -> bool:
        """Whether nothing can be recorded now, so that nothing may move."""
        return self._blocked is not None

    def decision(self, draft: Draft) -> int | None:
        """The seq of a decision that is on disk; None when there is no room, and then it has not been made."""
        try:
            return self._journal.record(draft).fact.seq
        except JournalError as error:
            self._block(error)
            return None

    def movement(
        self, kind: FactKind, device: str, body: msgspec.Struct, unspent: Sequence[Use] = (),
        *, effects: tuple[Effect, ...] = (), always: bool = False,
    ) -> Movement:  # fmt: skip
        """Records what happened now, or as soon as there is room; `unspent` permits are good again from then on.

        One that is `always` owed waits for room also when OWED others do.
        """
        device = f"{self._station}.{device}"
        draft = Draft(kind=kind, device=device, body=to_body(body), effects=effects, reading=self._clock.read())
        movement = Movement(draft, unspent)
        if not (self._blocked is None and self._settle(movement)) and (always or len(self._owed) < OWED):
            self._owed.append(movement)
        return movement

    def try_again(self) -> bool:
        """Says that recording was blocked, and what is owed; True when nothing is in the way any more."""
        blocked, now = self._blocked, self._clock.mono_us()
        if blocked is None:
            return True
        if now - blocked.tried_us < self._retry_us:
            return False
        blocked.tried_us = now
        body: dict[str, Any] = {
            "station": self._station,
            "since": time_text(blocked.since.at),
            "problem": blocked.problem,
            "decisions_not_made": blocked.decisions,
            "movements_owed": len(self._owed),
        }
        try:
            self._journal.record(Draft(kind=FactKind.RECORDING_BLOCKED, device=self._station, body=body))
        except JournalError as error:
            _log.warning("still blocked: %s", error)
            return False
        self._blocked = None
        while self._owed and self._settle(self._owed[0]):
            del self._owed[0]
        return self._blocked is None

    def _settle(self, owed: Movement) -> bool:
        with self._book.lock:
            change = self._book.unspend(owed.unspent) if owed.unspent else NOTHING
            draft = owed.draft
            try:
                effects = (*draft.effects, *change.effects)
                owed.seq = self._journal.record(replace(draft, effects=effects)).fact.seq
            except JournalError as error:
                self._block(error)
                return False
            change.make_true()
            return True

    def _block(self, error: JournalError) -> None:
        _log.error("recording is blocked at %s: %s", self._station, error)
        if self._blocked is None:
            self._blocked = _Blocked(self._clock.read(), str(error), self._clock.mono_us())
        else:
            self._blocked.decisions += 1
