"""Traces from a door's edge to the screen, without a word of them on the wire: everybody derives the same ids from the
fact's commitment, which is in the journal, in the batch and in the ledger.

Spans go out by OTLP/HTTP as JSON (OpenTelemetry protocol 1.x), from a thread of their own. Where nobody set where to,
there is no tracer and nothing is done. What cannot be sent is dropped: a trace is for whoever tunes the system, and no
record.
"""

import hashlib
import logging
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx

Name = Literal["edge.record", "edge.publish", "cloud.verify", "cloud.ledger", "live.push"]

ORDER: tuple[Name, ...] = ("edge.record", "edge.publish", "cloud.verify", "cloud.ledger", "live.push")
"""The spans of a fact; each is the child of the one before."""
WAITING = 20_000
"""Spans that may wait; more are dropped."""
TOGETHER = 500
EVERY_S = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Span:
    """One step of the fact with `commitment`; times in nanoseconds since 1970."""

    name: Name
    commitment: bytes
    start_ns: int
    end_ns: int
    attributes: Mapping[str, str | int]


def trace_id(commitment: bytes) -> str:
    """The trace of a fact: 16 bytes in hex."""
    return hashlib.sha256(b"sealtrail/trace/1\0" + commitment).hexdigest()[:32]


def span_id(commitment: bytes, name: Name) -> str:
    """A step in it: 8 bytes in hex."""
    return hashlib.sha256(b"sealtrail/span/1\0" + name.encode() + b"\0" + commitment).hexdigest()[:16]


def as_json(service: str, spans: list[Span]) -> dict[str, Any]:
    """The body of a request to `/v1/traces`."""
    told = [_span(span) for span in spans]
    resource = {"attributes": [_attribute("service.name", service), _attribute("service.namespace", "sealtrail")]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "sealtrail"}, "spans": told}]}]}


def _span(span: Span) -> dict[str, Any]:
    place = ORDER.index(span.name)
    told = {
        "traceId": trace_id(span.commitment), "spanId": span_id(span.commitment, span.name), "name": span.name,
        "kind": 1, "startTimeUnixNano": str(span.start_ns), "endTimeUnixNano": str(max(span.start_ns, span.end_ns)),
        "attributes": [_attribute(name, value) for name, value in span.attributes.items()],
    }  # fmt: skip
    return told if place == 0 else {**told, "parentSpanId": span_id(span.commitment, ORDER[place - 1])}


def _attribute(name: str, value: str | int) -> dict[str, Any]:
    typed = {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
    return {"key": name, "value": typed}


class Tracer:
    """Sends spans of `service` to the OTLP receiver at `url`, of a part `ratio` of all facts, the same for everybody.

    `tell` costs a comparison and a queue, from any thread; `close` sends what waits.
    """

    def __init__(self, url: str, service: str, *, ratio: float = 1.0) -> None:
        self._url, self._service, self._below = f"{url.rstrip('/')}/v1/traces", service, int(ratio * 2**32)
        self._waiting: queue.Queue[Span] = queue.Queue(WAITING)
        self._closing = threading.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="tracing", daemon=True)
        self._thread.start()

    def picks(self, commitment: bytes) -> bool:
        """Whether the fact with this commitment is traced."""
        return int(trace_id(commitment)[:8], 16) < self._below

    def tell(self, name: Name, commitment: bytes, start_ns: int, end_ns: int, **attributes: str | int) -> None:
        """One step of a fact, if that is picked."""
        if not self.picks(commitment):
            return
        try:
            self._waiting.put_nowait(Span(name, commitment, start_ns, end_ns, attributes))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Sends what waits, then ends."""
        self._closing.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        with httpx.Client(timeout=5, trust_env=False) as http:
            while not self._closing.wait(EVERY_S):
                self._send(http)
            self._send(http)

    def _send(self, http: httpx.Client) -> None:
        while not self._waiting.empty():
            spans = [self._waiting.get_nowait() for _ in range(min(TOGETHER, self._waiting.qsize()))]
            try:
                http.post(self._url, json=as_json(self._service, spans)).raise_for_status()
            except httpx.HTTPError as error:
                self.dropped += len(spans)
                _log.warning("%d spans were not taken: %s", len(spans), error)
                return
