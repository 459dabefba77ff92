"""流程不可逾越 (J25): every state, every action, every role, at all four entrances.

The same guard refuses at the API, at the uplink, in the database and at the edge, with the same rule, and what the book
does not say never happens.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from benchmarks.telling import Teller
from cloud.db.pool import transaction
from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.passage import Genuineness, Sight
from custody.roles import Role
from custody.tasks import Task, TaskThing
from custody.things import Action, Kind, Moment
from edge_agent.stations.desk import decide_task
from tests.cloud.api import AGENT, AGENT_KEY, Office
from tests.cloud.conftest import START, Clock, Database
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.entrances import DONE, SLOT, WAITS, Corner, corners, furnish, put_back
from tests.cloud.receiving import PACK, Receiving

CORNERS = list(corners())
HANDS = PACK.refusals[Reason.TOO_FEW_HANDS]


@pytest.fixture
def walk(office: Office, database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        furnish(owner, CORNERS)
        yield owner


async def details(crew: Crew, corner: Corner, n: int) -> dict[str, Any]:
    told = await crew.details(corner.action.value)
    told |= {"slot": SLOT} if "slot" in told else {}
    told |= {"method": "destroy"} if "method" in told else {}
    return told | ({"seal_number": f"N{n:07}"} if "seal_number" in told else {})


def outcome(expected: str) -> str:
    """Where nobody can wait for further hands, they are missing."""
    return HANDS if expected == WAITS else expected


@pytest.mark.timeout(900)
async def test_the_api_refuses_everything_that_the_book_does_not_say(
    office: Office, walk: psycopg.Connection[Any]
) -> None:
    crew, wrong, n = Crew(office), [], 0
    for role in Role:
        client = await office.signed_in(role)
        for corner in CORNERS:
            n += 1
            asked = {"action": corner.action, "things": [corner.thing], "details": await details(crew, corner, n)}
            answer = await client.post("acts", json=asked)
            said = {201: DONE, 202: WAITS}.get(answer.status_code) or answer.json().get("rule")
            expected = corner.expected(role)
            if expected == PACK.refusals[Reason.NO_PASSKEY]:
                expected = WAITS  # it may be asked for, and waits for the passkey of whoever asked
            if said != expected:
                wrong.append((role.value, corner, said, expected, answer.text[:200]))
        put_back(walk, CORNERS)
    assert wrong == []
    assert n == len(Role) * len(CORNERS)


@pytest.mark.timeout(900)
async def test_the_database_refuses_everything_that_the_book_does_not_say(
    office: Office, walk: psycopg.Connection[Any]
) -> None:
    wrong = []
    for role in Role:
        person = (await office.person(role)).id
        for corner in CORNERS:
            said = await in_the_database(office, corner, person)
            if said != outcome(corner.expected(role)):
                wrong.append((role.value, corner, said, outcome(corner.expected(role))))
    assert wrong == []


async def in_the_database(office: Office, corner: Corner, person: str) -> str:
    """What the database says to the application's own role, whatever the program thinks; nothing of it stays."""
    query = b"SELECT moved FROM take_step('nj01', %s, %s, %s, '{}', false, 1)"
    async with transaction(office.parts.pool) as tx:
        try:
            async with tx.transaction(force_rollback=True):
                moved = await (await tx.execute(query, [corner.action.value, [corner.thing], [person]])).fetchall()
                assert corner.thing in {row["moved"] for row in moved}
                return DONE
        except psycopg.DatabaseError as error:
            if error.sqlstate != "ST001":
                raise
            return str(error.diag.message_detail)


@pytest.mark.timeout(900)
async def test_the_uplink_moves_nothing_that_the_book_does_not_say(
    office: Office, walk: psycopg.Connection[Any], clock: Clock
) -> None:
    await office.agent()
    crew, wrong, n = Crew(office), [], 0
    receiving, teller = Receiving(office.parts.pool, office.parts.world, "nj01"), Teller(AGENT)
    teller.key = AGENT_KEY
    for role in Role:
        person = (await office.person(role)).id
        clock.advance(timedelta(minutes=1))
        first = len(teller.facts) + 1
        for corner in CORNERS:
            n += 1
            thing = {"kind": corner.kind, "id": corner.thing, "issue": 1}
            body = {
                "station": "rack", "task": None, "action": corner.action.value, "things": [thing], "people": [person],
                "details": await details(crew, corner, n), "outcome": "allowed", "rule": "x", "rule_pack": PACK.hash,
            }  # fmt: skip
            teller.say("step_decided", body, at=clock.at)
        for start in range(first, len(teller.facts) + 1, 100):
            await receiving.take(teller, teller.batch(start, min(start + 99, len(teller.facts))))
        assert await receiving.quarantined() == []
        states = await states_of(office)
        alarms = await office.rows("SELECT place, detail FROM alarm WHERE cause = 'illegal_step'")
        rules = {row["place"]: row["detail"]["rule"] for row in alarms}
        for corner in CORNERS:
            expected = outcome(corner.expected(role))
            said = rules.get(corner.thing, DONE)
            moved = states[corner.thing]
            if said != expected or moved != (corner.led_to() if expected == DONE else corner.state.value):
                wrong.append((role.value, corner, said, expected, moved))
        put_back(walk, CORNERS)
        walk.execute("DELETE FROM alarm")
    assert wrong == []


async def states_of(office: Office) -> dict[str, str]:
    rows = await office.rows("SELECT id, state FROM item UNION ALL SELECT id, state FROM package")
    return {row["id"]: row["state"] for row in rows}


async def test_the_edge_refuses_everything_that_the_book_does_not_say(office: Office) -> None:
    crew, wrong, now = Crew(office), [], Moment(START, timedelta(0))
    for role in Role:
        for corner in CORNERS:
            said = at_the_edge(corner, role, await details(crew, corner, 1), now)
            if said != outcome(corner.expected(role)):
                wrong.append((role.value, corner, said, outcome(corner.expected(role))))
    assert wrong == []


def at_the_edge(corner: Corner, role: Role, details: dict[str, Any], now: Moment) -> str:
    """What a rack says without a network, to whoever shows a pass, the thing and the slot."""
    thing = TaskThing(
        kind=Kind(corner.kind), id=corner.thing, issue=1, state=corner.state, value_fen=0,
        method=corner.action.value if corner.action in (Action.RETURN_TO_OWNER, Action.AUCTION, Action.TRANSFER)
        else "destroy",
    )  # fmt: skip
    task = Task(
        id="nj01/K-1", site="nj01", agent=AGENT, station="rack", action=corner.action, things=(thing,), slot=SLOT,
        people={"nj01/U-1": (role,)}, rule_pack=PACK.hash, not_before=START - timedelta(hours=1),
        not_after=START + timedelta(hours=1), details={k: v for k, v in details.items() if k != "slot"},
    )  # fmt: skip
    shown = [Sight(Genuineness.GENUINE, corner.thing, Kind(corner.kind), 1)]
    answer = decide_task(PACK, task, ["nj01/U-1"], now, shown=shown, slots=[SLOT])
    if isinstance(answer, Refused):
        return answer.rule
    assert isinstance(answer, Allowed | Waiting)
    return DONE if isinstance(answer, Allowed) else HANDS
