"""What can go wrong in the acts on evidence, besides what goes wrong everywhere."""

from dataclasses import dataclass
from datetime import datetime

from cloud.errors import CloudError, ConflictError, ForbiddenError
from custody.decisions import Refused


class RefusedError(CloudError):
    """A rule refuses the act: how a route says so after the service returned the refusal as a value."""

    diagnosis = "The rules in force do not allow it."
    code = "refused"

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.subject}: {refused.reason} ({refused.rule})")
        self.refused = refused


class BundleFaultError(CloudError):
    """What the database says does not prove itself: no bundle is made of it. `step` is the verifier's."""

    diagnosis = "No bundle was made: the records were changed by hand, or are damaged; run `sealtrail ledger verify`."
    code = "records_do_not_hold"

    def __init__(self, step: int, title: str, fault: str) -> None:
        super().__init__(f"step {step} ({title}): {fault}")
        self.step, self.fault = step, fault


class StatementError(CloudError):
    """A page for people could not be set; a font is missing, most likely."""

    diagnosis = "The page (PDF or label) cannot be set: install the Noto CJK fonts (Debian: fonts-noto-cjk)."


class SamePersonError(ForbiddenError):
    """What takes two people was asked for twice by one."""

    diagnosis = "This takes a second person: somebody else than who proposed it confirms it."
    code = "same_person"


@dataclass(frozen=True, slots=True)
class Ahead:
    """Who was first with a thing: their name, `what` they did or ask for (an act or a kind of entry), and when."""

    who: str
    what: str
    at: datetime


class ChangedError(CloudError):
    """Something newer is known of a thing than whoever acts had seen (If-Match, RFC 9110 section 13.1.1)."""

    diagnosis = "Somebody was quicker; look at what they did, then decide again."
    code = "changed"

    def __init__(self, message: str, ahead: Ahead | None = None) -> None:
        super().__init__(message)
        self.ahead = ahead


class ActOpenError(ConflictError):
    """A thing waits for the hands of another act, which is `ahead`."""

    diagnosis = "Another act waits for hands on this; it ends first."

    def __init__(self, message: str, ahead: Ahead) -> None:
        super().__init__("act_open", message)
        self.ahead = ahead
