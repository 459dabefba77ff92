"""What can go wrong with a ticket, besides what goes wrong everywhere."""

from cloud.errors import ConflictError, ForbiddenError
from custody.tickets import Denial


class TicketForbiddenError(ForbiddenError):
    """The rules keep this person from this step; `code` is the denial's."""

    diagnosis = "This step is for somebody else: who answered does not evaluate, and only who reported does."

    def __init__(self, denial: Denial) -> None:
        super().__init__(f"not by this person: {denial.value}")
        self.code = denial.value


def raise_denial(denial: Denial) -> None:
    """Raises TicketForbiddenError where it is about the person, ConflictError where it is about the ticket."""
    if denial in (Denial.WRONG_STATE, Denial.PAUSED, Denial.NOT_PAUSED):
        raise ConflictError(denial.value, f"the ticket does not stand so that this could be done: {denial.value}")
    raise TicketForbiddenError(denial)
