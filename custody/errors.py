"""What can be wrong with what `custody` is given. A refusal is a value, not one of these."""


class CustodyError(Exception):
    """Root of everything `custody` raises."""

    diagnosis = "The custody rules could not be applied."


class RulePackError(CustodyError, ValueError):
    """A rule pack that does not hold together; `faults` names every fault found."""

    diagnosis = "The rule pack has faults and was not put in force."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class PermitError(CustodyError, ValueError):
    """A signed permit whose content is not that of a permit."""

    diagnosis = "The permit cannot be read; it was made by another version."
