"""A gate that is opened for life: at once an alarm and a review, then clip, recount and the finding of two people."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from custody.roles import Role
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.conftest import START, Clock
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.floor import Floor, crossing, floor
from tests.cloud.evidence.walk import DIGEST, GATE, STILL
from tests.cloud.people.derived import holds

PLACE = f"{AGENT}:{GATE}"
OPENED = {"station": GATE, "input": "rescue-button"}


@pytest.fixture
async def built(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock)


def clip(opened: int, missed: int = 0) -> dict[str, Any]:
    picture = {"sha256": DIGEST, "bytes": len(STILL), "width": 640, "height": 480}
    return {"station": GATE, "opened": opened, "pictures": [picture], "missed": missed}


def closing(opened: int) -> dict[str, Any]:
    return {"station": GATE, "opened": opened, "open_ms": 61_000, "crossings": 3}


async def shown(built: Floor) -> dict[str, Any]:
    (row,) = (await built.store.keeper.get("exceptions")).json()["rows"]
    one = (await built.store.keeper.get(f"exceptions/{row['id']}")).json()
    assert one == row
    return dict(row)


async def review(built: Floor, exception: str) -> None:
    by = (Role.KEEPER, Role.SUPERVISOR)
    await built.store.crew.do("review_exception", by=by, exception=exception, finding="库内起烟，已排查")


async def test_an_opening_is_an_exception_with_an_alarm_in_the_same_breath(built: Floor) -> None:
    await built.tell("break_glass_opened", OPENED)
    assert await built.living() == {("break_glass", PLACE)}
    one = await shown(built)
    assert (one["state"], one["station"], one["recounts"], one["overdue"]) == ("open", GATE, None, False)
    due, opened = datetime.fromisoformat(one["due_at"]), datetime.fromisoformat(one["opened_at"])
    assert due == opened + timedelta(hours=48)
    await holds(built.office)


async def test_its_story_to_the_end(built: Floor) -> None:
    seq = await built.tell("break_glass_opened", OPENED)
    await built.tell("break_glass_clip", clip(seq))
    await built.walk._upload()
    name = (await shown(built))["id"]
    await built.tell("passage_crossed", crossing("out"))
    (row,) = await built.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'crossed_without_decision'")
    assert (row["severity"], row["detail"]["exception"]) == ("critical", name)
    supervisor, keeper = [await built.store.crew.person(role) for role in (Role.SUPERVISOR, Role.KEEPER)]
    early = await built.store.crew.propose(keeper, "review_exception", exception=name, finding="尚在救援")
    problem(await built.store.crew.sign(supervisor, early.json()["act"]), 409, "exception_open")
    assert (await shown(built))["act"] == early.json()["act"]
    assert (await keeper.post("acts/decline", json={"act": early.json()["act"], "reason": "过早"})).is_success
    await built.tell("break_glass_clip", clip(seq, missed=2))
    await built.tell("break_glass_closed", closing(seq))
    one = await shown(built)
    assert (one["state"], one["open_ms"], one["crossings"], one["missed"]) == ("closed", 61_000, 3, 2)
    assert one["pictures"] == [{"sha256": DIGEST, "ready": True}] * 2
    await review(built, name)
    told = (await keeper.get(f"history/{name}")).json()
    assert (told["thing"]["kind"], told["thing"]["name"], told["rows"][-1]["kind"]) == (
        "exception", GATE, "exception_reviewed",
    )  # fmt: skip
    one = await shown(built)
    assert (one["state"], one["finding"], len(one["reviewed_by"])) == ("reviewed", "库内起烟，已排查", 2)
    assert await built.living() == {("crossed_without_decision", PLACE)}
    again = await built.store.crew.propose(keeper, "review_exception", exception=name, finding="再次")
    problem(await built.store.crew.sign(supervisor, again.json()["act"]), 409, "exception_reviewed")
    await holds(built.office)


async def test_the_zones_are_counted_anew_once(built: Floor) -> None:
    seq = await built.tell("break_glass_opened", OPENED)
    await built.look()
    assert (await shown(built))["recounts"] is None
    await built.tell("break_glass_closed", closing(seq))
    await built.look()
    await built.look()  # each look is that of a watch that was just started
    one, (zone,) = await shown(built), await built.office.rows("SELECT id FROM zone")
    takes = await built.office.rows("SELECT id, kind, zone, cause, state FROM stock_take")
    assert takes == [
        {"id": takes[0]["id"], "kind": "zone", "zone": zone["id"], "cause": one["id"], "state": "counting"}
    ]
    assert one["recounts"] == {zone["id"]: takes[0]["id"]}
    await holds(built.office)


async def test_a_review_that_nobody_does_is_an_alarm_until_it_is_done(built: Floor) -> None:
    seq = await built.tell("break_glass_opened", OPENED)
    await built.tell("break_glass_closed", closing(seq))
    name = (await shown(built))["id"]
    await built.look(timedelta(hours=47, minutes=59))
    assert await built.living() == {("break_glass", PLACE)}
    await built.look(timedelta(minutes=1))
    await built.look(timedelta(hours=1))
    assert await built.living() == {("break_glass", PLACE), ("exception_review_overdue", name)}
    built.store.crew = Crew(built.office)  # the sessions of two days ago are over
    built.store.keeper = await built.store.crew.person(Role.KEEPER)
    assert (await shown(built))["overdue"]
    await review(built, name)
    assert await built.living() == set()
    await holds(built.office)


async def test_one_that_is_cut_short_can_be_reviewed_all_the_same(built: Floor) -> None:
    first = await built.tell("break_glass_opened", OPENED)
    second = await built.tell("break_glass_opened", OPENED)
    await built.tell("break_glass_closed", closing(first))  # too late
    await built.tell("agent_started", {"boot": "b"})
    rows = (await built.store.keeper.get("exceptions")).json()["rows"]
    assert [(row["state"], row["open_ms"], row["closed_at"] is None) for row in rows] == [("closed", None, False)] * 2
    assert second > first
    await review(built, rows[0]["id"])
    assert await built.living() == {("break_glass", PLACE)}
    await review(built, rows[1]["id"])
    assert await built.living() == set()
    await holds(built.office)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("break_glass_clip", clip(1)),
        ("break_glass_closed", closing(10_000)),
        ("break_glass_closed", closing(-1)),
        ("break_glass_opened", {"station": 5}),
    ],
)
async def test_what_belongs_to_no_opening_is_kept_and_is_an_alarm(
    built: Floor, kind: str, body: Mapping[str, Any]
) -> None:
    await built.tell(kind, body)
    assert await built.living() == {("malformed_fact", AGENT)}
    await holds(built.office)


async def test_numbers_that_no_column_holds_are_cut(built: Floor) -> None:
    seq = await built.tell("break_glass_opened", OPENED | {"station": "g\0", "input": "\0"})
    await built.tell("break_glass_clip", clip(seq, missed=2**53))
    await built.tell("break_glass_closed", closing(seq) | {"open_ms": 2**53, "crossings": -4})
    one = await shown(built)
    assert (one["open_ms"], one["crossings"], one["missed"]) == (2**31 - 1, 0, 2**31 - 1)
    await holds(built.office)


async def test_the_supervisor_sees_at_once_what_went_around_the_ordinary_way(built: Floor) -> None:
    """J26, J32: who, what, when, by or against which rule; newest first, page by page."""
    store, crew = built.store, built.store.crew
    keeper = await crew.person(Role.KEEPER)
    refused = await crew.propose(keeper, "destroy", built.package)
    assert refused.status_code == 409
    await built.tell("break_glass_opened", OPENED)
    assert (await store.approver.post("holds", json={"things": [built.package], "reason": "法院通知"})).is_success
    assert (await store.approver.post("holds/lift", json={"things": [built.package]})).is_success
    waiting = await crew.propose(store.inspector, "correct", built.package, changes={"weight_g": 1}, cites=0)
    cites = (await keeper.get(f"history/{built.package}")).json()["rows"][0]["index"]
    assert waiting.status_code in (202, 422), waiting.text
    by = (Role.INSPECTOR, Role.APPROVER)
    if waiting.status_code == 202:
        act = waiting.json()["act"]
        assert (await store.inspector.post("acts/decline", json={"act": act, "reason": "引用有误"})).is_success
    await crew.do("correct", built.package, by=by, changes={"weight_g": 11_990}, cites=cites)
    supervisor = await crew.person(Role.SUPERVISOR)
    rows = (await supervisor.get("overrides")).json()["rows"]
    kinds = ["custody_step", "act_declined", "hold_lifted", "exception_opened", "act_refused"]
    assert [row["kind"] for row in rows] == kinds
    assert [row["action"] for row in rows] == ["correct", None, None, None, "destroy"]
    correction, declined, lifted, opened, tried = rows
    assert (len(correction["people"]), correction["reason"], correction["rule"]) == (2, "笔误", "custody.correct")
    assert correction["rule_text"]["zh"]
    assert (declined["reason"], lifted["about"]) == ("引用有误", [built.package])
    assert (opened["actor"], opened["at"][:10]) == ("uplink", START.date().isoformat())
    assert (tried["reason"], tried["rule"], tried["about"]) == (
        "wrong_state",
        "custody.order-of-steps",
        [built.package],
    )
    assert tried["actor_name"].startswith("Person")
    first = (await supervisor.get("overrides", params={"limit": 2})).json()
    rest = (await supervisor.get("overrides", params={"before": first["next"], "limit": 10})).json()
    assert (first["rows"] + rest["rows"], rest["next"]) == (rows, None)
    for row in rows:
        alone = (await supervisor.get("overrides", params={"kind": row["kind"]})).json()["rows"]
        assert alone == [row]
    plan = await built.office.rows(
        "EXPLAIN (FORMAT JSON) SELECT index FROM record WHERE site = 'nj01' AND index < 10 AND (kind IN ("
        "'exception_opened', 'exception_reviewed', 'act_refused', 'act_declined', 'case_repinned', 'rules_adopted',"
        " 'hold_lifted', 'content_erased') OR (kind = 'custody_step' AND content LIKE '%%\"action\":\"correct\"%%'))"
        " ORDER BY index DESC LIMIT 5"
    )
    assert "record_override" in json.dumps(plan)
