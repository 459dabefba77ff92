"""What an agent tells Prometheus, on its own machine alone, where SEALTRAIL_EDGE_METRICS_PORT is set.

Everything is asked for when Prometheus asks; only what the journal recorded is heard meanwhile. Every name is explained
in docs/interop.md. The library is loaded only then: an agent that gives nothing out does not pay for it.
"""

import math
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from edge_agent.clock import Clock
from edge_agent.errors import SettingsError
from edge_agent.journal.journal import Journal
from edge_agent.settings import PREFIX
from edge_agent.supervise import Health
from wire.batches import SealedFact
from wire.kinds import FactKind
from wire.prometheus import give_out

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is asked. `devices` are all there are; `batches` the readings' that wait, `film_bytes` of the ring."""

    agent: str
    software: str
    journal: Journal
    clock: Clock
    data_dir: Path
    devices: Collection[str]
    health: Health
    batches: Callable[[], int] | None = None
    film_bytes: Callable[[], int] | None = None


class AgentCollector(Collector):
    """Asks `watched`, and hears its journal from now on."""

    def __init__(self, watched: Watched) -> None:
        self._watched, self._lock = watched, threading.Lock()
        self._thinned = Counter[str]()
        self._receipted, self._since_us = watched.journal.receipted, watched.clock.mono_us()
        watched.journal.trace(self._recorded)
        watched.journal.watch(self._news)

    def collect(self) -> Iterable[Metric]:
        """How it is now."""
        watched, journal, reading = self._watched, self._watched.journal, self._watched.clock.read()
        disk, lost = shutil.disk_usage(watched.data_dir), set(watched.health.lost())
        with self._lock:
            thinned, since_us = dict(self._thinned), self._since_us
        told = {"agent": watched.agent, "software": watched.software}
        yield InfoMetricFamily("sealtrail_agent", "Who it is", value=told)
        yield CounterMetricFamily("sealtrail_agent_facts", "Facts in the journal's chain", journal.last)
        for name, about, value in (
            ("facts_waiting", "Facts that have no receipt yet", journal.last - journal.receipted),
            (
                "receipt_age_seconds",
                "Since facts were receipted last, or the start",
                (reading.mono_us - since_us) / 1e6,
            ),
            ("disk_bytes", "Size of the journal's disk", disk.total),
            ("disk_free_bytes", "What is free on it", disk.free),
        ):
            yield GaugeMetricFamily(f"sealtrail_agent_{name}", about, value)
        bound = GaugeMetricFamily(
            "sealtrail_agent_clock_error_seconds", "By how much the time may be wrong; +Inf: nobody knows",
            labels=["source"],
        )  # fmt: skip
        bound.add_metric([reading.source], math.inf if reading.error_ms is None else reading.error_ms / 1000)
        yield bound
        up = GaugeMetricFamily("sealtrail_agent_device_up", "Whether a device is there", labels=["device"])
        for device in watched.devices:
            up.add_metric([device], device not in lost)
        yield up
        left_out = CounterMetricFamily(
            "sealtrail_agent_readings_thinned", "Readings left out, as told since the start", labels=["device"]
        )
        for device, count in thinned.items():
            left_out.add_metric([device], count)
        yield left_out
        if watched.batches is not None:
            about = "Batches of readings that have no receipt yet"
            yield GaugeMetricFamily("sealtrail_agent_reading_batches_waiting", about, watched.batches())
        if watched.film_bytes is not None:
            about = "Film that is kept for nothing yet"
            yield GaugeMetricFamily("sealtrail_agent_film_bytes", about, watched.film_bytes())

    def _recorded(self, sealed: SealedFact) -> None:
        if sealed.fact.kind == FactKind.READINGS_THINNED:
            with self._lock:
                for one in sealed.fact.body["devices"]:
                    self._thinned[one["device"]] += one["count"]

    def _news(self) -> None:
        with self._lock:
            if self._watched.journal.receipted != self._receipted:
                self._receipted, self._since_us = self._watched.journal.receipted, self._watched.clock.mono_us()


def open_metrics(watched: Watched, port: int) -> Callable[[], None]:
    """Answers at `port` of this machine until the callable is called. Raises SettingsError."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(AgentCollector(watched))
    try:
        return give_out(registry, HOST, port)
    except OSError as error:
        raise SettingsError([f"{PREFIX}METRICS_PORT: {HOST}:{port}: {error.strerror}"]) from error
