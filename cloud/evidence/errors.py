"""What can go wrong in the acts on evidence, besides what goes wrong everywhere."""

from cloud.errors import CloudError, ForbiddenError
from custody.decisions import Refused


class RefusedError(CloudError):
    """A rule refuses the act: how a route says so after the service returned the refusal as a value."""

    diagnosis = "The rules in force do not allow it."
    code = "refused"

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.subject}: {refused.reason} ({refused.rule})")
        self.refused = refused


class SelfApprovalError(ForbiddenError):
    """Whoever registered or sealed a thing cannot approve its release."""

    diagnosis = "A release is approved by somebody else than who registered or sealed the thing."
