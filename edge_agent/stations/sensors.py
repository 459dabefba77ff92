"""Sensors of a room: what they measure becomes readings, what their contacts say becomes evidence.

Readings are told at the pace of the plan, and nothing waits for them: where something is short they are the first to be
left out (journal/thinning.py). Every change of a contact is on disk before the next is looked at, up to a bound that
leaves a chattering one no way to fill the journal; what is beyond it is counted, and how often is a fact.
"""

import logging
import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import get_args

from custody.permits import time_text
from edge_agent.clock import Clock, Reading
from edge_agent.devices import Climate, Contacts, Measured
from edge_agent.errors import JournalError, ReadingThinnedError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.stations.gauges import Edges, Gauge, Pace
from edge_agent.stations.recording import Recording
from edge_agent.store import Effect
from wire.batches import SealedFact
from wire.kinds import FactKind
from wire.messages import to_body
from wire.sensors import UNITS, ContactChanged, ContactChattered, ContactSensor
from wire.sensors import Reading as ReadingBody

SENSORS: tuple[ContactSensor, ...] = get_args(ContactSensor)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorsPlan:
    """A station's name and times; of a contact, `burst` changes are told one by one and one more each `edge_us`."""

    name: str
    pace: Pace
    burst: int = 20
    edge_us: int = 3_000_000
    retry_us: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorsParts:
    """What it works with: sensors that measure, by their names, and contacts by theirs with what they belong to."""

    journal: Journal
    book: PermitBook
    clock: Clock
    climates: Mapping[str, Climate] = field(default_factory=dict)
    contacts: Mapping[str, tuple[ContactSensor, Contacts]] = field(default_factory=dict)
    offer: Callable[[str, str, float], None] | None = None
    """takes every value as telemetry: `<station>.<device>`, what it measures, the value"""


@dataclass(slots=True)
class _Counted:
    edges: Edges
    since: Reading | None = None


class SensorStation:
    """The sensors of one room."""

    def __init__(self, plan: SensorsPlan, parts: SensorsParts) -> None:
        self.plan, self._parts = plan, parts
        self._lock = threading.Lock()
        self._gauges: dict[tuple[str, str], Gauge] = {}
        self._counted: dict[tuple[str, str], _Counted] = {}
        self._recording = Recording(plan.name, parts.journal, parts.book, parts.clock, plan.retry_us)
        known = parts.journal.reads.rows("slots", station=plan.name)
        self._known = {name: bool(active) for name, active in known}

    def attach(self) -> None:
        """Begins to hear its sensors."""
        for name, climate in self._parts.climates.items():
            climate.watch(partial(self.on_measured, name))
        for name, (_, contacts) in self._parts.contacts.items():
            contacts.watch(partial(self.on_contact, name))

    def on_measured(self, device: str, measured: Measured) -> None:
        """A sensor measured something."""
        if measured.measures not in UNITS:
            _log.warning("%s measures %s, which nobody knows", device, measured.measures)
            return
        if self._parts.offer is not None and math.isfinite(measured.value):
            self._parts.offer(f"{self.plan.name}.{device}", measured.measures, measured.value)
        with self._lock:
            gauge = self._gauges.setdefault((device, measured.measures), Gauge(measured.measures))
            gauge.take(round(measured.value, 2) + 0.0)  # no -0.0
            self._tell_if_due(device, gauge)

    def on_contact(self, device: str, contact: str, active: bool) -> None:
        """A contact says how it is."""
        with self._lock:
            now = self._parts.clock.mono_us()
            counted = self._counted.setdefault(
                (device, contact), _Counted(Edges(self.plan.burst, self.plan.edge_us, _filled_us=now))
            )
            before = counted.edges.active
            if active is (self._known.get(_row(device, contact)) if before is None else before):
                counted.edges.active = active
                return
            if counted.edges.take(active, now):
                body = ContactChanged(
                    station=self.plan.name, sensor=self._sensor(device), contact=contact, active=active
                )
                self._record(FactKind.CONTACT_CHANGED, device, contact, active, body)
            elif counted.edges.excess == 1:
                counted.since = self._parts.clock.read()

    def tick(self) -> None:
        """What time alone brings."""
        with self._lock:
            now = self._parts.clock.mono_us()
            self._recording.try_again()
            for (device, _), gauge in self._gauges.items():
                self._tell_if_due(device, gauge)
            for (device, contact), counted in self._counted.items():
                if counted.edges.due(now):
                    self._tell_chatter(device, contact, counted, now)

    def stop(self) -> None:
        """What was counted and not told is told."""
        with self._lock:
            for (device, contact), counted in self._counted.items():
                if counted.edges.excess:
                    self._tell_chatter(device, contact, counted, self._parts.clock.mono_us())

    def _tell_chatter(self, device: str, contact: str, counted: _Counted, now_us: int) -> None:
        active, since = counted.edges.active is True, counted.since or self._parts.clock.read()
        body = ContactChattered(
            station=self.plan.name, sensor=self._sensor(device), contact=contact, edges=counted.edges.tell(now_us),
            since=time_text(since.at), active=active,
        )  # fmt: skip
        self._record(FactKind.CONTACT_CHATTERED, device, contact, active, body)

    def _record(
        self, kind: FactKind, device: str, contact: str, active: bool, body: ContactChanged | ContactChattered
    ) -> None:
        row = {"station": self.plan.name, "slot": _row(device, contact), "occupied": active}
        self._recording.movement(kind, device, body, effects=(Effect("set_slot", row),))

    def _sensor(self, device: str) -> ContactSensor:
        return self._parts.contacts[device][0]

    def _tell_if_due(self, device: str, gauge: Gauge) -> None:
        now = self._parts.clock.mono_us()
        if not gauge.due(self.plan.pace, now):
            return
        body = ReadingBody(
            station=self.plan.name, measures=gauge.measures, value=gauge.now, unit=UNITS[gauge.measures], low=gauge.low,
            high=gauge.high,
        )  # fmt: skip
        gauge.tell(now)
        draft = Draft(kind=FactKind.READING, device=f"{self.plan.name}.{device}", body=to_body(body))
        try:
            self._parts.journal.submit(draft).add_done_callback(_log_failure)
        except JournalError as error:
            _log.error("no reading of %s: %s", device, error)


def _row(device: str, contact: str) -> str:
    """How a contact is remembered, beside the slots of racks."""
    return f"{device}/{contact}"


def _log_failure(done: "Future[SealedFact]") -> None:
    error = done.exception()
    if error is not None and not isinstance(error, ReadingThinnedError):
        _log.error("a reading was not recorded: %s", error)
