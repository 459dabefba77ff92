"""An agent that only talks: makes facts, chains them and signs batches, for load and for tests of the cloud."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from custody.permits import time_text
from proof.chain import GENESIS
from proof.keys import SigningKey
from wire.batches import seal, sign_batch
from wire.messages import ClockReading, Fact
from wire.topics import FACTS, Topic

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STEP_US = 1500


class Teller:
    """Says what it is told to, in one chain. The same seed says the same."""

    def __init__(self, agent: str, seed: int = 1) -> None:
        self.agent = agent
        self.topic = str(Topic(agent, FACTS))
        self._random = random.Random(f"{agent}/{seed}")
        self.key = SigningKey.from_seed(self._random.randbytes(32))
        self.facts: list[Fact] = []
        self.heads = [GENESIS]

    def say(
        self, kind: str, body: dict[str, Any], *, at: datetime | None = None, error_ms: int | None = 10,
        device: str = "gate-a.barrier",
    ) -> int:  # fmt: skip
        """Adds a fact to the chain and returns its seq."""
        seq = len(self.facts) + 1
        when = at or START + timedelta(microseconds=STEP_US * seq)
        fact = Fact(
            seq=seq, kind=kind, at=time_text(when), boot="b7", mono_us=STEP_US * seq,
            clock=ClockReading("ntp", error_ms), device=device, salt=self._random.randbytes(16).hex(),
            body=body,
        )  # fmt: skip
        self.facts.append(fact)
        self.heads.append(seal(fact, self.heads[-1]).head)
        return seq

    def chatter(self, count: int) -> None:
        """Adds `count` facts without consequences."""
        for _ in range(count):
            self.say("gate_moved", {"station": "gate-a", "position": self._random.choice(["open", "closed"])})

    def batch(self, first: int, last: int) -> bytes:
        """The signed message of facts `first` to `last`."""
        facts = self.facts[first - 1 : last]
        return sign_batch(self.agent, facts, self.heads[first - 1], self.heads[last], self.key)

    def batches(self, size: int) -> list[bytes]:
        """All facts said so far, in messages of at most `size`."""
        count = len(self.facts)
        return [self.batch(first, min(first + size - 1, count)) for first in range(1, count + 1, size)]
