"""What an agent says of its facts to whoever traces them: when each was on disk, and when it went up."""

from collections.abc import Sequence
from datetime import datetime

from custody.permits import parse_time
from edge_agent.clock import Clock
from wire.batches import SealedFact, seal
from wire.messages import Fact
from wire.tracing import Tracer


class Tracing:
    """Times are the facts' own, and from there by the monotonic clock: a clock that is set turns no span round."""

    def __init__(self, clock: Clock, tracer: Tracer) -> None:
        self._clock, self._tracer = clock, tracer

    def recorded(self, sealed: SealedFact) -> None:
        """It is on disk now."""
        start, now = _ns(parse_time(sealed.fact.at)), self._clock.mono_us()
        end = start + (now - sealed.fact.mono_us) * 1000
        about: dict[str, str | int] = {"fact.kind": sealed.fact.kind, "fact.seq": sealed.fact.seq}
        self._tracer.tell("edge.record", sealed.commitment, start, end, **about)

    def published(self, agent: str, facts: Sequence[Fact], prev: bytes, since_us: int) -> None:
        """The broker has the batch of `facts`, which continues `prev`; it was begun at `since_us`, monotonic."""
        now, head = self._clock.read(), prev
        for fact in facts:
            sealed = seal(fact, head)
            head = sealed.head
            if fact.boot == now.boot:
                zero = _ns(parse_time(fact.at)) - fact.mono_us * 1000
                start, end = zero + since_us * 1000, zero + now.mono_us * 1000
                self._tracer.tell("edge.publish", sealed.commitment, start, end, **{"agent.id": agent})


def _ns(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
