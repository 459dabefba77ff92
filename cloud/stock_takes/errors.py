"""What can go wrong in a stock-take, besides what goes wrong everywhere."""

from cloud.errors import ForbiddenError


class CounterError(ForbiddenError):
    """Whoever counts neither opens the stock-take, nor answers for its differences, nor closes it (J29)."""

    diagnosis = "Whoever counted cannot judge the count: somebody else answers its differences and closes it."
    code = "counter_cannot_judge"


class NotCounterError(ForbiddenError):
    """Somebody else than the two counters of this stock-take wants to count."""

    diagnosis = "This stock-take is counted by two others."
    code = "not_its_counter"
