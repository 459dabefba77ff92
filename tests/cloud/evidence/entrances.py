"""What the walk through the four entrances needs: what the book says, read without the program, and a thing for each
state and action, put there by the database's owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import yaml

from custody.roles import Role
from custody.things import Action, State
from proof.canonical import canonical
from tests.cloud.conftest import START
from tests.cloud.receiving import PACK
from wire.rule_packs import DEFAULT_PACK

BOOK: dict[str, Any] = yaml.safe_load(DEFAULT_PACK.read_text("utf-8"))
OPEN_STATES = [name for name, told in BOOK["states"].items() if not told.get("final")]
METHODS = ("return_to_owner", "auction", "transfer", "destroy")
CASE, ZONE, SLOT = "nj01/C-WALK", "nj01/Z-WALK", "nj01/S-WALK"

DONE, WAITS = "done", "waits"


@dataclass(frozen=True)
class Corner:
    """One pair of state and action, with the thing that stands there."""

    state: State
    action: Action
    number: int

    @property
    def row(self) -> dict[str, Any] | None:
        """The step as the file has it."""
        for row in BOOK["steps"]:
            sources = OPEN_STATES if row["from"] == "any" else row["from"]
            if row["action"] == self.action and self.state.value in sources:
                return dict(row)
        return None

    @property
    def kind(self) -> str:
        """An item where the step is for items only."""
        any_row: dict[str, Any] = next((row for row in BOOK["steps"] if row["action"] == self.action), {})
        return "package" if "package" in any_row.get("kinds", ["package"]) else "item"

    @property
    def thing(self) -> str:
        """Its id."""
        return f"nj01/{'P' if self.kind == 'package' else 'I'}-W{self.number}"

    def expected(self, role: Role) -> str:
        """What the book says to one hand of `role` without a passkey: DONE, WAITS for others, or the rule it cites."""
        row, refusals = self.row, BOOK["refusals"]
        if row is None:
            return str(refusals["wrong_state"])
        if row.get("by") == "gate":
            return str(refusals["wrong_entrance"])
        if not any(role.value in seat for seat in row["seats"]):
            return str(refusals["wrong_role"])
        if role.value in row.get("passkey", []):
            return str(refusals["no_passkey"])
        return DONE if len(row["seats"]) == 1 else WAITS

    def led_to(self) -> str:
        """The state after it."""
        row = self.row or {}
        return self.state.value if row["to"] == "same" else str(row["to"])


def corners() -> Iterator[Corner]:
    """Every state with every action."""
    number = 0
    for state in State:
        for action in Action:
            if action is not Action.REGISTER:  # begins a thing: no state comes before it
                number += 1
                yield Corner(state, action, number)


def furnish(owner: psycopg.Connection[Any], found: list[Corner]) -> None:
    """Puts a thing at every corner, an item in a package or by itself; past every trigger, as only the owner can."""
    owner.execute("SET session_replication_role = replica")
    owner.execute(
        "INSERT INTO rule_pack VALUES (%s, 'tobacco-cn', '2', %s, %s) ON CONFLICT DO NOTHING",
        [PACK.hash, canonical(dict(PACK.content)).decode(), START],
    )
    owner.execute("SELECT unfold_rule_pack(hash, content) FROM rule_pack WHERE hash = %s", [PACK.hash])
    case = [CASE, PACK.hash, START]
    owner.execute("INSERT INTO evidence_case VALUES (%s, 'nj01', 'W', 'walk', %s, %s, 'x', 0)", case)
    owner.execute("INSERT INTO zone VALUES (%s, 'nj01', 'W', 'ordinary', 0)", [ZONE])
    owner.execute("INSERT INTO slot VALUES (%s, 'nj01', %s, 'W-01', 'xl', 100000, NULL, 0)", [SLOT, ZONE])
    for corner in found:
        package = corner.thing if corner.kind == "package" else f"nj01/P-X{corner.number}"
        item = corner.thing if corner.kind == "item" else f"nj01/I-X{corner.number}"
        loose = corner.action in (Action.SEAL, Action.VOID) and corner.kind == "item"
        packed = not (corner.action is Action.EMPTY or loose)
        values = [item, CASE, corner.state.value, package if packed else None]
        owner.execute(
            "INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, index)"
            " VALUES (%s, 'nj01', %s, 'x', 50, 'x', %s, %s, 0)", values,
        )  # fmt: skip
        owner.execute(
            "INSERT INTO package VALUES (%s, 'nj01', %s, %s, %s, 0)",
            [package, CASE, f"W{corner.number}", corner.state.value],
        )
        method = corner.action.value if corner.action.value in METHODS else "destroy"
        known = [corner.thing, method]
        owner.execute("INSERT INTO custody (thing, site, method, index) VALUES (%s, 'nj01', %s, 0)", known)
        owner.execute("INSERT INTO thing_entry VALUES (%s, 'nj01', 0)", [corner.thing])
    owner.execute("SET session_replication_role = DEFAULT")


def put_back(owner: psycopg.Connection[Any], found: list[Corner]) -> None:
    """Everything stands where it stood, and no act holds it."""
    owner.execute("SET session_replication_role = replica")
    owner.execute("UPDATE act_thing SET open = false")
    owner.execute("DELETE FROM thing_hand")
    owner.execute("DELETE FROM package WHERE seal_number NOT LIKE 'W%'")
    for corner in found:
        for query, letter in ((b"UPDATE item", "I"), (b"UPDATE package", "P")):
            names = [f"nj01/{letter}-W{corner.number}", f"nj01/{letter}-X{corner.number}"]
            owner.execute(query + b" SET state = %s WHERE id = ANY (%s)", [corner.state.value, names])
        if corner.kind == "item" and corner.action in (Action.SEAL, Action.VOID):
            owner.execute("UPDATE item SET package_id = NULL WHERE id = %s", [corner.thing])
        if corner.action is Action.REPACK:
            owner.execute("UPDATE item SET package_id = %s WHERE id = %s", [f"nj01/P-X{corner.number}", corner.thing])
    owner.execute("SET session_replication_role = DEFAULT")
