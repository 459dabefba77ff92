"""Who may do what: the one table of roles and acts. Everybody signed in may read what belongs to their site."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is at their site; one person may be several."""

    ADMIN = "admin"
    INSPECTOR = "inspector"
    KEEPER = "keeper"
    BOOKKEEPER = "bookkeeper"
    APPROVER = "approver"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Act(StrEnum):
    """What changes something, and so needs a role."""

    ADD_PERSON = "add_person"
    ADD_AGENT = "add_agent"
    OPEN_CASE = "open_case"
    REGISTER_ITEM = "register_item"
    SEAL_PACKAGE = "seal_package"
    ISSUE_LABEL = "issue_label"
    SHELVE = "shelve"
    ISSUE_PERMIT = "issue_permit"
    REVOKE_PERMIT = "revoke_permit"
    APPROVE_RELEASE = "approve_release"
    WITHDRAW_RELEASE = "withdraw_release"
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"
    EXPORT_BUNDLE = "export_bundle"
    CLEAR_ALARM = "clear_alarm"
    ERASE = "erase"


ACTS: dict[Role, frozenset[Act]] = {
    Role.ADMIN: frozenset({Act.ADD_PERSON, Act.ADD_AGENT, Act.CLEAR_ALARM, Act.EXPORT_BUNDLE, Act.ERASE}),
    Role.INSPECTOR: frozenset({Act.OPEN_CASE, Act.REGISTER_ITEM}),
    Role.KEEPER: frozenset({Act.SEAL_PACKAGE, Act.ISSUE_LABEL, Act.SHELVE, Act.ISSUE_PERMIT, Act.REVOKE_PERMIT}),
    Role.BOOKKEEPER: frozenset(),
    Role.APPROVER: frozenset(
        {
            Act.APPROVE_RELEASE,
            Act.WITHDRAW_RELEASE,
            Act.PLACE_HOLD,
            Act.LIFT_HOLD,
            Act.EXPORT_BUNDLE,
            Act.ERASE,
        }
    ),
    Role.OPERATOR: frozenset({Act.CLEAR_ALARM, Act.EXPORT_BUNDLE}),
    Role.AUDITOR: frozenset({Act.EXPORT_BUNDLE}),
}


def may(roles: Iterable[Role], act: Act) -> bool:
    """Whether one of `roles` allows `act`."""
    return any(act in ACTS[role] for role in roles)
