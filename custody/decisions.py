"""The outcome of asking a rule: a value, whichever way it goes. All are recorded."""

from dataclasses import dataclass

from custody.roles import Role
from custody.words import Word


class Reason(Word):
    """Why something was refused; each is shown to people in their language."""

    # at a gate
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
    # of a step
    WRONG_STATE = "wrong_state"
    WRONG_ENTRANCE = "wrong_entrance"
    WRONG_KIND = "wrong_kind"
    WRONG_ROLE = "wrong_role"
    SAME_PERSON = "same_person"
    SAME_CREDENTIAL = "same_credential"
    OWN_WORK = "own_work"
    NOT_PRESENT = "not_present"
    NO_PASSKEY = "no_passkey"
    TOO_FEW_HANDS = "too_few_hands"
    MISSING_PAPERS = "missing_papers"
    ACT_EXPIRED = "act_expired"
    UNSUITABLE_SLOT = "unsuitable_slot"
    METHOD_DIFFERS = "method_differs"
    PACKED = "packed"


AT_A_GATE = frozenset({
    Reason.UNKNOWN_LABEL, Reason.FORGED_LABEL, Reason.COPIED_LABEL, Reason.OTHER_SITE, Reason.LEGAL_HOLD,
    Reason.NO_PERMIT, Reason.WRONG_GATE, Reason.WRONG_DIRECTION, Reason.ALREADY_SPENT, Reason.CLOCK_NOT_TRUSTWORTHY,
    Reason.NOT_YET_VALID, Reason.EXPIRED, Reason.TOO_FEW_PEOPLE,
})  # fmt: skip
"""For what a gate refuses whoever comes to it."""


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """It may happen by `rule` once each of the `seats`, which may be filled by these roles, has its hand."""

    rule: str
    seats: tuple[frozenset[Role], ...]


Decision = Allowed | Refused
"""What a gate can answer."""
