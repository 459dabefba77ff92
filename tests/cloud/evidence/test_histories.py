"""Random histories against a model that knows only the book (J25): whatever anybody tries in whatever order, the
program and the model agree on every answer and on where the thing is, and the ledger derives the same again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.telling import Teller
from custody.roles import Role
from tests.cloud.api import AGENT, AGENT_KEY, Office
from tests.cloud.evidence.crew import WITH_PASSKEY, Crew
from tests.cloud.evidence.entrances import BOOK, OPEN_STATES, SLOT, ZONE
from tests.cloud.evidence.warehouse import made
from tests.cloud.receiving import Receiving

ACTIONS = [row["action"] for row in BOOK["steps"] if row.get("kinds", ["package"]) != ["item"] and "by" not in row]
GATES = ["stock_in", "stock_out"]
ROLES = [Role.INSPECTOR, Role.CASE_HANDLER, Role.KEEPER, Role.BOOKKEEPER, Role.APPROVER, Role.LEADER, Role.SUPERVISOR]
LIKELY: dict[str, list[tuple[Role, ...]]] = {
    row["action"]: [way for way in permutations(ROLES, len(row["seats"])) if all(
        role.value in seat for role, seat in zip(way, row["seats"], strict=True))]
    for row in BOOK["steps"] if row["action"] in ACTIONS
}  # fmt: skip
"""Hands that the book accepts: most tries are by them, so that histories get somewhere."""


@st.composite
def tries(draw: st.DrawFn) -> tuple[str, tuple[Role, ...]]:
    """An action, and who puts their hands to it in which order."""
    action = draw(st.sampled_from([*ACTIONS, *GATES]))
    if action in GATES:
        return action, ()
    rightly = draw(st.integers(0, 9)) < 7
    if rightly:
        return action, draw(st.sampled_from(LIKELY[action]))
    return action, tuple(draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True)))


WAYS = [
    ["place"], ["weigh", "move"], ["approve_release", "stock_out", "stock_in", "shelve"], ["open", "reseal"],
    ["declare_missing", "found", "shelve"], ["approve_disposal", "stock_out", "destroy"],
    ["approve_release", "withdraw_release"], ["approve_disposal", "withdraw_disposal"],
]  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, tuple[Role, ...]]]:
    """Ways that lead somewhere, with anything at all in between."""
    found: list[tuple[str, tuple[Role, ...]]] = []
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=4)):
        for action in way:
            found += draw(st.lists(tries(), max_size=1))
            found.append((action, () if action in GATES else draw(st.sampled_from(LIKELY[action]))))
    return found


@dataclass
class Model:
    """Where the thing is and whose hand was on it, by the book alone."""

    state: str = "arrived"
    hands: dict[str, set[Role]] = field(default_factory=lambda: {"register": {Role.INSPECTOR}, "seal": {
        Role.KEEPER, Role.INSPECTOR}})  # fmt: skip

    def row(self, action: str) -> dict[str, Any] | None:
        for row in BOOK["steps"]:
            sources = OPEN_STATES if row["from"] == "any" else row["from"]
            if row["action"] == action and self.state in sources:
                return dict(row)
        return None

    def answer(self, action: str, hands: Sequence[Role]) -> str:
        """What is said when the last of `hands` comes to those before: done, waits, or the rule."""
        row, refusals = self.row(action), BOOK["refusals"]
        if row is None:
            return str(refusals["wrong_state"])
        if action in ("return_to_owner", "auction", "transfer"):
            return str(refusals["method_differs"])  # what this warehouse disposes of is destroyed
        if {role for done in row.get("apart", []) for role in self.hands.get(done, ())} & set(hands):
            return str(refusals["own_work"])
        seats = row["seats"]
        fits = any(
            all(role.value in seats[seat] for role, seat in zip(hands, way, strict=True))
            for way in permutations(range(len(seats)), len(hands))
        )
        if not fits:
            return str(refusals["wrong_role"])
        return "done" if len(hands) == len(seats) else "waits"

    def take(self, action: str, hands: Sequence[Role]) -> None:
        row = self.row(action) or {}
        self.state = self.state if row["to"] == "same" else row["to"]
        self.hands.setdefault(action, set()).update(hands)


class Story:
    """One package, and what is tried with it."""

    def __init__(self, office: Office, crew: Crew, package: str, gate: "Gate") -> None:
        self.office, self.crew, self.package, self.gate, self.model = office, crew, package, gate, Model()
        self.seals, self.weight_g = 0, 12_000

    async def go(self, action: str, roles: Sequence[Role]) -> None:
        if action in GATES:
            row = self.model.row(action)
            await self.gate.cross("in" if action == "stock_in" else "out", self.package)
            if row is not None:
                self.model.take(action, ())
        else:
            await self._act(action, roles)
        shown = (await (await self.crew.person(Role.KEEPER)).get(f"packages/{self.package}")).json()
        assert shown["state"] == self.model.state, (action, roles)

    async def _act(self, action: str, roles: Sequence[Role]) -> None:
        people = [await self.crew.person(role) for role in roles]
        answer = await self.crew.propose(people[0], action, self.package, **await self._own(action))
        keyed = roles[0] in WITH_PASSKEY and roles[0].value in (self.model.row(action) or {}).get("passkey", [])
        expected = self.model.answer(action, roles[:1])
        said = {201: "done", 202: "waits"}.get(answer.status_code) or answer.json()["rule"]
        assert said == ("waits" if keyed and expected == "done" else expected), (action, roles, answer.text)
        act = answer.json().get("act")
        for n in range(0 if keyed else 1, len(roles)):
            if said != "waits":
                break
            answer = await self.crew.sign(people[n], act)
            said, expected = self._said(answer), self.model.answer(action, roles[: n + 1])
            live = (self.model.row(action) or {}).get("live_s") is not None
            assert said == ("waits" if live and expected == "done" else expected), (action, roles, n, answer.text)
            if live and expected == "done":
                for client in people:
                    answer = await self.crew.sign(client, act)
                said = self._said(answer)
                assert said == "done", answer.text
        if said == "done":
            self.model.take(action, roles)
            self.gate.cites = answer.json()["index"] if action == "correct" else self.gate.cites
        elif act is not None:
            declined = await people[0].post("acts/decline", json={"act": act, "reason": "anders"})
            assert declined.status_code == 201, declined.text

    @staticmethod
    def _said(answer: Any) -> str:
        body = answer.json()
        return str({"done": "done", "waiting": "waits"}.get(body.get("status")) or body["rule"])

    async def _own(self, action: str) -> dict[str, Any]:
        self.seals += 1
        details = await self.crew.details(action)
        own: dict[str, Any] = {"slot": SLOT} if "slot" in details else {}
        if "seal_number" in details:
            own["seal_number"] = f"{self.package[-6:]}-{self.seals}"
        if action == "correct":
            self.weight_g += 1  # each corrects something, and cites what told it last
            own |= {"cites": self.gate.cites, "changes": {"weight_g": self.weight_g}}
        return own


class Gate:
    """Tells that something went through, as a real gate's beams do."""

    def __init__(self, office: Office) -> None:
        self.office, self.teller = office, Teller(AGENT)
        self.teller.key = AGENT_KEY
        self.receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
        self.cites = 0

    async def cross(self, direction: str, thing: str) -> None:
        body = {"station": "gate-a", "direction": direction, "decision": None, "things": [thing]}
        seq = self.teller.say("passage_crossed", body)
        await self.receiving.take(self.teller, self.teller.batch(seq, seq))
        (row,) = await self.office.rows("SELECT max(index) AS index FROM thing_entry WHERE thing = %s", thing)
        self.cites = row["index"]


@pytest.mark.timeout(1200)
@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(history=histories())
async def test_the_program_and_the_book_agree_on_every_history(
    office: Office, history: list[tuple[str, tuple[Role, ...]]]
) -> None:
    crew, gate = await _opened(office)
    inspector = await crew.person(Role.INSPECTOR)
    number = str(len(await office.rows("SELECT id FROM evidence_case")))
    case = made(await inspector.post("cases", json={"number": number, "title": "t"}))["id"]
    new = {"case_id": case, "name": "卷烟", "quantity": 50, "unit": "条"}
    item = made(await inspector.post("items", json=new))["id"]
    sealed = await crew.do("seal", item, by=(Role.KEEPER, Role.INSPECTOR), seal_number=f"S{number:0>6}", size="m")
    (package,) = sealed["made"]
    await crew.do("handover", package, by=(Role.INSPECTOR, Role.KEEPER))
    await gate.cross("in", package)
    story = Story(office, crew, package, gate)
    for action, roles in history:
        await story.go(action, roles)
    assert (await gate.receiving.check()).ok


_CREWS: dict[int, tuple[Crew, Gate]] = {}


async def _opened(office: Office) -> tuple[Crew, Gate]:
    """The crew and the gate of this test's database: the same for every history."""
    if id(office) not in _CREWS:
        _CREWS.clear()
        await office.agent()
        zone = [ZONE, "ordinary"]
        await office.as_owner("INSERT INTO zone VALUES (%s, 'nj01', 'W', %s, 0)", *zone)
        await office.as_owner("INSERT INTO slot VALUES (%s, 'nj01', %s, 'W-01', 'xl', 100000, NULL, 0)", SLOT, ZONE)
        _CREWS[id(office)] = Crew(office), Gate(office)
    return _CREWS[id(office)]
