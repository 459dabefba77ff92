"""Who may do what: the one table of roles and acts. Everybody signed in may read what belongs to their site."""

from collections.abc import Iterable
from enum import StrEnum

from custody.roles import Role


class Right(StrEnum):
    """What changes something, and so needs a role."""

    ADD_PERSON = "add_person"
    CHANGE_PERSON = "change_person"
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


ACTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(
        {
            Right.ADD_PERSON,
            Right.CHANGE_PERSON,
            Right.ADD_AGENT,
            Right.CLEAR_ALARM,
            Right.EXPORT_BUNDLE,
            Right.ERASE,
        }
    ),
    Role.INSPECTOR: frozenset({Right.OPEN_CASE, Right.REGISTER_ITEM}),
    Role.KEEPER: frozenset(
        {Right.SEAL_PACKAGE, Right.ISSUE_LABEL, Right.SHELVE, Right.ISSUE_PERMIT, Right.REVOKE_PERMIT}
    ),
    Role.BOOKKEEPER: frozenset(),
    Role.APPROVER: frozenset(
        {
            Right.APPROVE_RELEASE,
            Right.WITHDRAW_RELEASE,
            Right.PLACE_HOLD,
            Right.LIFT_HOLD,
            Right.EXPORT_BUNDLE,
            Right.ERASE,
        }
    ),
    Role.OPERATOR: frozenset({Right.CLEAR_ALARM, Right.EXPORT_BUNDLE}),
    Role.AUDITOR: frozenset({Right.EXPORT_BUNDLE}),
    Role.CASE_HANDLER: frozenset({Right.OPEN_CASE, Right.REGISTER_ITEM}),
    Role.LEADER: frozenset({Right.EXPORT_BUNDLE}),
    Role.SUPERVISOR: frozenset({Right.EXPORT_BUNDLE}),
}


def may(roles: Iterable[Role], act: Right) -> bool:
    """Whether one of `roles` allows `act`."""
    return any(act in ACTS[role] for role in roles)
