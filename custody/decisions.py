"""The outcome of asking a rule: a value, whichever way it goes. Both are recorded."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why something was refused; each is shown to people in their language."""

    UNKNOWN_LABEL = "unknown_label"
    FORGED_LABEL = "forged_label"
    COPIED_LABEL = "copied_label"
    OTHER_SITE = "other_site"
    LEGAL_HOLD = "legal_hold"
    NO_PERMIT = "no_permit"
    WRONG_GATE = "wrong_gate"
    WRONG_DIRECTION = "wrong_direction"
    ALREADY_SPENT = "already_spent"
    CLOCK_NOT_TRUSTWORTHY = "clock_not_trustworthy"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    TOO_FEW_PEOPLE = "too_few_people"
    WRONG_STATE = "wrong_state"


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that passes under one permit."""

    permit: str
    thing: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may happen; `rule` says by which rule, `uses` which permits it spends."""

    rule: str
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not happen: `reason`, the `rule` that forbids it, and the `subject` (an id or a text) it is about."""

    reason: Reason
    rule: str
    subject: str


Decision = Allowed | Refused
