"""Lists of slots that the cloud had lit together: kept over restarts, good without a network, each until its end (J18).

As with tasks, a list changes together with a fact. The lights are the racks' (stations/rack_lists.py); a list is only
light and permits nothing.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from custody.permits import parse_time, time_text
from edge_agent.clock import Clock
from edge_agent.permits import Change
from edge_agent.store import Effect, Reads
from wire.racks import LightList, StopList

LONGEST = timedelta(hours=12)
"""No list is lit longer, whatever its order says."""


@dataclass(frozen=True, slots=True)
class Burning:
    """A list with when it ends by the monotonic clock, so that a clock that is set back prolongs nothing."""

    order: LightList
    until_us: int
    stopped: bool = False


class ListBook:
    """The lists of one agent, oldest first. Has a lock of its own and calls nobody."""

    def __init__(self, reads: Reads, clock: Clock) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._stopped: set[str] = set()
        self._lists: dict[str, Burning] = {}
        for id_, body, stopped in reads.rows("light_lists"):
            if stopped:
                self._stopped.add(id_)
            if body is not None:
                order = msgspec.json.decode(body, type=LightList)
                self._lists[id_] = Burning(order, self._end(parse_time(order.until)), bool(stopped))

    @property
    def lists(self) -> Mapping[str, Burning]:
        """All that came and were not forgotten, those that are over too."""
        with self._lock:
            return dict(self._lists)

    def add(self, order: LightList) -> Change | str:
        """Takes a list, or says why not. Raises ValueError for a time that is none."""
        until, now = parse_time(order.until), self._clock.read().at
        if until <= now:
            return "it was to be lit until a time that is over"
        with self._lock:
            if order.list_id in self._stopped:
                return "the list was stopped"
            others = [one for name, one in self._lists.items() if self._lives(one) and name != order.list_id]
        if any(one.order.colour == order.colour for one in others):
            return f"another list is lit in {order.colour}"
        body = msgspec.json.encode(order).decode()
        values = {"id": order.list_id, "body": body, "until": time_text(until), "stopped": False}
        return Change((Effect("add_light_list", values),), lambda: self._keep(order))

    def stop(self, order: StopList) -> Change:
        """Ends a list for ever, also one that has not come yet."""
        until = time_text(self._clock.read().at + LONGEST)
        values = {"id": order.list_id, "body": None, "until": until, "stopped": True}
        return Change((Effect("add_light_list", values),), lambda: self._stop(order.list_id))

    def _lives(self, one: Burning) -> bool:
        return not one.stopped and self._clock.mono_us() < one.until_us

    def _end(self, until: datetime) -> int:
        left = min(until - self._clock.read().at, LONGEST)
        return self._clock.mono_us() + left // timedelta(microseconds=1)

    def _keep(self, order: LightList) -> None:
        with self._lock:
            self._lists.setdefault(order.list_id, Burning(order, self._end(parse_time(order.until))))

    def _stop(self, name: str) -> None:
        with self._lock:
            self._stopped.add(name)
            if name in self._lists:
                one = self._lists[name]
                self._lists[name] = Burning(one.order, one.until_us, stopped=True)
