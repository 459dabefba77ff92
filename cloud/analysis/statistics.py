"""The methods by which something is said to stand out; plain functions over numbers. Each names its source.

Tails are of one side: how likely so much, or more, would be if nothing were the matter.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z95 = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""
MAD_TO_SIGMA = 1.4826
"""A normal distribution's standard deviation beside its median absolute deviation (Hampel 1974)."""


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted `values` are, linear between two (Hyndman & Fan 1996, type 7)."""
    if not values:
        raise ValueError("no values")
    place = share * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def median(values: Iterable[float]) -> float:
    """The middle one. Raises ValueError where there is none."""
    return quantile(sorted(values), 0.5)


def far_above(values: Sequence[float], spread: float) -> float:
    """The limit above which a duration (> 0) is far from the others: median and median absolute deviation of the
    logarithms (Leys et al. 2013; of logarithms because waiting times are skewed).
    """
    logs = [math.log(max(value, 1e-9)) for value in values]
    middle = median(logs)
    deviation = median(abs(each - middle) for each in logs)
    return math.exp(middle + spread * MAD_TO_SIGMA * deviation)


def surviving(ended: Sequence[float], waiting: Sequence[float], share: float) -> float | None:
    """The duration that `share` of all have ended by, counting in those that still wait (Kaplan & Meier 1958).

    None where fewer than that are known to end.
    """
    events = sorted([(each, 0) for each in ended] + [(each, 1) for each in waiting])
    left, alive = len(events), 1.0
    for duration, censored in events:
        if not censored:
            alive *= 1 - 1 / left
            if alive <= 1 - share + 1e-12:
                return duration
        left -= 1
    return None


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share of `hits` in `n` (Wilson 1927); (0, 1) for none."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = hits / n, Z95 * Z95
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def binomial_tail(hits: int, n: int, share: float) -> float:
    """How likely at least `hits` of `n` are where each is one with probability `share` (Bernoulli 1713)."""
    if hits <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    logs = math.log(share), math.log1p(-share)
    return min(1.0, math.fsum(math.exp(_choose(n, k) + k * logs[0] + (n - k) * logs[1]) for k in range(hits, n + 1)))


def hypergeometric_tail(together: int, first: int, second: int, n: int) -> float:
    """How likely two who took part in `first` and `second` of `n` would meet at least `together` times by chance: the
    one-sided exact test of Fisher 1935.
    """
    most = min(first, second)
    whole = _choose(n, second)
    terms = (
        math.exp(_choose(first, k) + _choose(n - first, second - k) - whole)
        for k in range(max(together, first + second - n, 0), most + 1)
    )
    return min(1.0, math.fsum(terms))


def poisson_tail(count: int, expected: float) -> float:
    """How likely at least `count` are where `expected` are usual (Poisson 1837)."""
    if count <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    below = math.fsum(math.exp(k * math.log(expected) - expected - math.lgamma(k + 1)) for k in range(count))
    if below < 0.999:
        return 1 - below
    k, total = count, 0.0  # far out `1 - below` is only rounding
    while (term := math.exp(k * math.log(expected) - expected - math.lgamma(k + 1))) > total * 1e-12:
        total, k = total + term, k + 1
    return total


def poisson_interval(count: int) -> tuple[float, float]:
    """95 % interval of what is usual where `count` came (Byar's approximation: Breslow & Day 1987, 2.13)."""
    up = count + 1
    high = up * (1 - 1 / (9 * up) + Z95 / (3 * math.sqrt(up))) ** 3
    if count == 0:
        return 0.0, high
    return count * (1 - 1 / (9 * count) - Z95 / (3 * math.sqrt(count))) ** 3, high


@dataclass(frozen=True, slots=True)
class Drift:
    """A mean change a step, and its 95 % interval."""

    mean: float
    low: float
    high: float


def drift(changes: Sequence[float]) -> Drift:
    """How fast a level moves that moved by `changes`: a random walk with drift (Hyndman & Athanasopoulos 2021, 5.2),
    whose changes are independent where its levels are not, so that a line through the levels would promise too much.

    Student's t by Cornish and Fisher (Abramowitz & Stegun 26.7.5). Raises ValueError for fewer than three.
    """
    n = len(changes)
    if n < 3:
        raise ValueError("too few changes")
    mean = math.fsum(changes) / n
    error = math.sqrt(math.fsum((each - mean) ** 2 for each in changes) / (n - 1) / n)
    half = _student(n - 1) * error
    return Drift(mean, mean - half, mean + half)


def reached(room: float, rate: Drift) -> tuple[float | None, float | None, float | None]:
    """In how many steps `room` is used up: (likely, earliest, latest); None: not at this rate."""
    if room <= 0:
        return 0.0, 0.0, 0.0
    likely, soon, late = (room / each if each > 0 else None for each in (rate.mean, rate.high, rate.low))
    return likely, soon, late


def _student(freedom: int) -> float:
    z, v = Z95, freedom
    return (
        z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )  # fmt: skip


def _choose(n: int, k: int) -> float:
    """The logarithm of n over k."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
