"""What the ledger check says of tickets that were answered or evaluated by the wrong hands, or out of turn."""

from typing import Any

import pytest

from cloud.ledger.derived import Derived, Told, take_record
from cloud.ledger.faults import LedgerFaultError

AT = "2026-11-22T03:00:00.000000Z"
NAME, A, B, C = "nj01/T-0", "nj01/U-A", "nj01/U-B", "nj01/U-C"


def told(*steps: tuple[str, str, dict[str, Any]]) -> Derived:
    derived = Derived("nj01")
    opened: dict[str, Any] = {
        "type": "equipment",
        "assigned_to": B,
        "alarm": None,
        "links": [],
        "place": None,
        "actor": A,
    }
    take_record(derived, Told(0, "ticket_opened", AT, opened), {})
    for index, (kind, actor, more) in enumerate(steps, 1):
        take_record(derived, Told(index, kind, AT, {"about": NAME, "actor": actor, **more}), {})
    return derived


Step = tuple[str, str, dict[str, Any]]
CHECKED: Step = ("ticket_checked", B, {})
REPLIED: Step = ("ticket_replied", B, {})


def test_the_loop_leads_to_its_row() -> None:
    row = told(CHECKED, REPLIED, ("ticket_evaluated", A, {"satisfied": False})).table("ticket")[NAME]
    assert (row["state"], row["round"], row["repliers"], row["newest"]) == ("reported", 2, [B], 3)


@pytest.mark.parametrize("steps", [
    (CHECKED, REPLIED, ("ticket_evaluated", B, {"satisfied": True})),
    (("ticket_checked", C, {}),),
    (REPLIED,),
    (CHECKED, ("ticket_evaluated", A, {"satisfied": True})),
    (("rectification_ordered", C, {"person": B, "due_at": AT}), ("rectification_remedied", C, {"notice": 1})),
    (("rectification_ordered", C, {"person": B, "due_at": AT}), ("rectification_confirmed", B, {"notice": 1})),
])  # fmt: skip
def test_hands_that_should_have_kept_off_are_found(steps: tuple[tuple[str, str, dict[str, Any]], ...]) -> None:
    with pytest.raises(LedgerFaultError) as found:
        told(*steps)
    assert found.value.name == "ticket_not_allowed"
