"""What can be wrong with what `custody` is given. A refusal is a value, not one of these."""

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Where something stands in a document: keys and positions, from the outside in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a rule pack, and where."""

    at: Path
    problem: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.at)) or 'the pack'}: {self.problem}"


class CustodyError(Exception):
    """Root of everything `custody` raises."""

    diagnosis = "The custody rules could not be applied."


class RulePackError(CustodyError, ValueError):
    """A rule pack that does not hold together; `faults` names every fault found."""

    diagnosis = "The rule pack has faults and was not put in force."

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class TaskError(CustodyError, ValueError):
    """A signed task whose content is not that of a task."""

    diagnosis = "The task cannot be read; it was made by another version."


class PermitError(CustodyError, ValueError):
    """A signed permit whose content is not that of a permit."""

    diagnosis = "The permit cannot be read; it was made by another version."
