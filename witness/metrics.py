"""What a witness tells Prometheus, on its own machine alone, where `--metrics-port` was given."""

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from proof.checkpoint import Checkpoint
from proof.witness import Cosigned, Declined
from witness.errors import OptionsError

HOST = "127.0.0.1"


class Meter:
    """Counts what was answered; a log is named only once it was cosigned, so strangers make no names."""

    def __init__(self, newest: Iterable[Checkpoint]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated; it drops a second series a counter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._cosigned = Counter(
            "sealtrail_witness_cosignatures", "Checkpoints cosigned", ["origin"], registry=self.registry
        )
        self._refused = Counter(
            "sealtrail_witness_refusals", "Requests refused, by the HTTP status", ["status"], registry=self.registry
        )
        self._accused = Counter(
            "sealtrail_witness_accusations", "Requests kept because they speak against a log", ["origin", "kind"],
            registry=self.registry,
        )  # fmt: skip
        self._size = Gauge(
            "sealtrail_witness_seen_size", "Entries of the newest checkpoint cosigned", ["origin"],
            registry=self.registry,
        )  # fmt: skip
        for checkpoint in newest:
            self._size.labels(checkpoint.origin).set(checkpoint.size)

    def answered(self, answer: Cosigned | Declined) -> None:
        """A request was judged."""
        if isinstance(answer, Cosigned):
            self._cosigned.labels(answer.checkpoint.origin).inc()
            self._size.labels(answer.checkpoint.origin).set(answer.checkpoint.size)
        else:
            self._refused.labels(str(answer.status)).inc()

    def accused(self, origin: str, kind: str) -> None:
        """What speaks against a log was kept."""
        self._accused.labels(origin, kind).inc()


def give_out(meter: Meter, port: int) -> Callable[[], None]:
    """Answers at `port` of this machine until the callable is called. Raises OptionsError."""
    try:
        server, thread = start_http_server(port, HOST, meter.registry)
    except OSError as error:
        raise OptionsError(f"cannot give metrics out at {HOST} port {port}: {error.strerror or error}") from error

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
