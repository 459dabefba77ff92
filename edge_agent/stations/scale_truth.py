"""Whether a scale is to be believed: it shows nothing below zero, and its verification has not ended. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from edge_agent.devices import Weight
from wire.sensors import ScaleDoubt

BELOW_ZERO: ScaleDoubt = "below_zero"
VERIFICATION: ScaleDoubt = "verification_ended"


@dataclass(slots=True)
class ScaleTruth:
    """`zero_g`: so far below zero nothing but a scale that is out of true stands still; None: one that is tared.

    `verified_until`: the last day of its verification; None: nobody said. `doubts` are what speaks against it.
    """

    zero_g: int | None
    verified_until: date | None
    doubts: set[ScaleDoubt] = field(default_factory=set)

    def see(self, weight: Weight | None, today: date) -> Iterator[tuple[ScaleDoubt, bool]]:
        """What is doubted from now on, or no longer: each change once."""
        if self.zero_g is None:
            yield from self._change(BELOW_ZERO, False)
        elif weight is not None and weight.stable and (weight.grams < -self.zero_g or abs(weight.grams) <= self.zero_g):
            yield from self._change(BELOW_ZERO, weight.grams < -self.zero_g)
        yield from self._change(VERIFICATION, self.verified_until is not None and today > self.verified_until)

    def _change(self, doubt: ScaleDoubt, holds: bool) -> Iterator[tuple[ScaleDoubt, bool]]:
        if (doubt in self.doubts) is not holds:
            self.doubts ^= {doubt}
            yield doubt, holds
