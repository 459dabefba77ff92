"""What the workers count, and how Prometheus gets it: `SEALTRAIL_CLOUD_METRICS_PORT` opens a port of their own.

What the system as a whole is like, which no process owns, is at `/metrics` of `cloud web` (cloud/web/metrics.py).
Every name is explained in docs/interop.md.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cloud.db.pool import Pool
from cloud.errors import SettingsError
from wire.prometheus import give_out

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class PoolCollector(Collector):
    """The connections of a process to the database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def collect(self) -> Iterable[Metric]:
        """What the pool says of itself now."""
        told = self._pool.get_stats()
        size, idle = told.get("pool_size", 0), told.get("pool_available", 0)
        connections = GaugeMetricFamily(
            "sealtrail_database_connections", "Connections to the database", labels=["state"]
        )
        connections.add_metric(["idle"], idle)
        connections.add_metric(["used"], size - idle)
        yield connections
        yield GaugeMetricFamily("sealtrail_database_connections_max", "Connections at most", told.get("pool_max", 0))
        waiting = told.get("requests_waiting", 0)
        yield GaugeMetricFamily("sealtrail_database_waiting", "Who waits for a connection now", waiting)
        for name, about, key in (
            ("requests", "Connections asked for", "requests_num"),
            ("waits", "Connections waited for", "requests_queued"),
            ("errors", "Connections that nobody got in time", "requests_errors"),
        ):
            yield CounterMetricFamily(f"sealtrail_database_{name}", about, told.get(key, 0))


def new_registry(pool: Pool) -> CollectorRegistry:
    """A registry that tells of the process itself and of its connections to the database."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated; it drops a second series a counter
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(PoolCollector(pool))
    return registry


class UplinkMeter:
    """What a worker that takes facts in counts."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.facts = Counter("sealtrail_facts", "Facts taken into ledgers", registry=registry)
        self.batches = Counter(
            "sealtrail_batches", "Batches of facts by what came of them", ["outcome"], registry=registry
        )
        self.quarantined = Counter(
            "sealtrail_quarantined", "Messages put into quarantine, by the reason", ["why"], registry=registry
        )
        self.seconds = Histogram(
            "sealtrail_group_seconds", "Time to take a group of batches, to its commit", registry=registry,
            buckets=SECONDS,
        )  # fmt: skip
        self.queue = Gauge("sealtrail_uplink_queue", "Messages received and not looked at yet", registry=registry)
        self.held = Gauge("sealtrail_uplink_held", "Batches that wait for the one before", registry=registry)


class ReadingsMeter:
    """What a worker that takes telemetry in counts."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.batches = Counter("sealtrail_reading_batches", "Batches of readings taken in", registry=registry)
        self.receipts = Counter("sealtrail_reading_receipts", "Receipts given for them", registry=registry)
        self.queue = Gauge("sealtrail_readings_queue", "Batches received and not stored yet", registry=registry)


class DownlinkMeter:
    """What a worker that sends orders counts."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.orders = Counter(
            "sealtrail_orders_sent", "Orders published, repetitions included", registry=registry or CollectorRegistry()
        )


class WebhookMeter:
    """What the worker that tells other systems counts."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self.attempts = Counter(
            "sealtrail_webhook_attempts", "Attempts to tell another system", ["outcome"], registry=registry
        )
        self.seconds = Histogram(
            "sealtrail_webhook_attempt_seconds", "Time that an attempt took", registry=registry, buckets=SECONDS
        )


@contextmanager
def served(registry: CollectorRegistry, host: str, port: int | None) -> Iterator[None]:
    """Gives `registry` out at `http://host:port/metrics` while the block lasts; None: nowhere. Raises SettingsError."""
    if port is None:
        yield
        return
    try:
        end = give_out(registry, host, port)
    except OSError as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_METRICS_PORT: {host}:{port}: {error.strerror}"]) from error
    try:
        yield
    finally:
        end()
