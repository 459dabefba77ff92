"""The one decision at a door: for whom it opens, and every reason why it stays shut (J21)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custody.decisions import Allowed, Refused, Use
from custody.doors import RULES, Door, Leave, decide_door, held_open_after, people_at, stay_of
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.passage import Genuineness, Sight
from custody.permits import Permit, PermitThing
from custody.roles import Role
from custody.tasks import Task, TaskThing
from custody.things import Action, Direction, Kind, Moment, State
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
NOON, HOUR = datetime(2026, 11, 22, 12, tzinfo=UTC), timedelta(hours=1)
BOX, ANNA, BO = "nj01/P-1", "nj01/U-anna", "nj01/U-bo"
DOOR = Door("nj01.a", "store", frozenset({"rack-1", "gate-a"}), 1)
TASK = Task(
    id="nj01/K-1", site="nj01", agent="nj01.a", station="rack-1", action=Action.PLACE,
    things=(TaskThing(Kind.PACKAGE, BOX, 1, State.ARRIVED),), slot="nj01/S-1", people={ANNA: (Role.KEEPER,)},
    rule_pack=PACK.hash, not_before=NOON - HOUR, not_after=NOON + HOUR,
)  # fmt: skip
PERMIT = Permit(
    id="nj01/L-1", site="nj01", agent="nj01.a", stations=("gate-a",), direction=Direction.OUT,
    things=(PermitThing(Kind.PACKAGE, BOX, 1),), people_required=2, rule_pack=PACK.hash, not_before=NOON - HOUR,
    not_after=NOON + HOUR, entry=1,
)  # fmt: skip
SEEN, FORGED = Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 1), Sight(Genuineness.FORGED, "SL1.X")
STALE = Sight(Genuineness.STALE, ANNA, Kind.PERSON, 1)


def ask(*sights: Sight, people: tuple[str, ...] = (ANNA,), error: timedelta | None = HOUR / 60, **more: Any) -> Leave:
    asked = {"door": DOOR, "tasks": [TASK], "permits": [], "done": (), "spent": (), "pack": PACK, **more}
    return decide_door(sights, people=people, now=Moment(NOON, error), **asked)


def why(leave: Leave) -> tuple[str, str]:
    assert isinstance(leave.answer, Refused), leave
    return leave.answer.reason.value, leave.answer.subject


def opening(*names: str) -> Any:
    """The rules, with doors that open for `names`."""
    content = json.loads(json.dumps(dict(PACK.content)))
    content["doors"]["opens_for"] = list(names)
    return parse_rule_pack(content)


def test_it_opens_for_a_task_behind_it_with_the_things_of_the_task_or_without() -> None:
    for sights in ((), (SEEN,)):
        assert ask(*sights) == Leave(Allowed("door.leave"), task=TASK.id)


def test_it_opens_for_a_permit_that_names_a_station_behind_it_or_the_door() -> None:
    for stations in (("gate-a",), ("store",), ("elsewhere", "store")):
        permit = replace(PERMIT, stations=stations)
        leave = ask(tasks=[], permits=[permit], people=(ANNA, BO))
        assert leave == Leave(Allowed("door.leave"), permit=PERMIT.id)
    assert why(ask(tasks=[], permits=[replace(PERMIT, stations=("gate-b",))])) == ("no_permit", ANNA)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tasks": []}, "no_permit"),
        ({"tasks": [replace(TASK, station="rack-2")]}, "no_permit"),
        ({"tasks": [replace(TASK, agent="nj01.b")]}, "no_permit"),
        ({"done": {TASK.id}}, "already_spent"),
        ({"tasks": [replace(TASK, not_after=NOON - HOUR)]}, "expired"),
        ({"tasks": [replace(TASK, not_before=NOON + HOUR)]}, "not_yet_valid"),
        ({"error": None}, "clock_not_trustworthy"),
        ({"error": 2 * HOUR}, "clock_not_trustworthy"),
        ({"people": (BO,)}, "wrong_role"),
        ({"tasks": [replace(TASK, people={ANNA: (Role.AUDITOR,)})]}, "wrong_role"),
        ({"people": ()}, "too_few_people"),
        ({"door": replace(DOOR, people_required=2)}, "too_few_people"),
        ({"tasks": [], "permits": [PERMIT]}, "too_few_people"),
        ({"tasks": [], "permits": [PERMIT], "spent": {Use(PERMIT.id, BOX)}}, "already_spent"),
        ({"pack": opening("permit")}, "no_permit"),
    ],
)
def test_it_stays_shut(changes: dict[str, Any], reason: str) -> None:
    assert why(ask(**changes))[0] == reason


def test_what_is_shown_has_to_be_genuine_once_and_what_it_opens_for() -> None:
    assert why(ask(FORGED)) == ("forged_label", "SL1.X")
    assert why(ask(replace(SEEN, copies=2))) == ("copied_label", BOX)
    assert why(ask(replace(SEEN, id="nj01/P-2"))) == ("no_permit", "nj01/P-2")


def test_of_several_the_one_nearest_to_opening_is_told_whatever_their_order() -> None:
    tasks = [replace(TASK, id="nj01/K-3", not_after=NOON - HOUR), TASK, replace(TASK, id="nj01/K-2")]
    for order in (tasks, tasks[::-1]):
        assert ask(tasks=order).task == TASK.id
        assert ask(tasks=order, people=(BO,)) == ask(tasks=order[::-1], people=(BO,))


def test_where_people_lack_a_stale_pass_is_what_the_refusal_is_about() -> None:
    assert why(ask(STALE, people=())) == ("too_few_people", ANNA)
    assert why(ask(STALE, tasks=[])) == ("no_permit", ANNA)


def test_passes_alone_open_it_only_where_the_pack_says_so() -> None:
    assert why(ask(tasks=[])) == ("no_permit", ANNA)
    pack = opening("task", "permit", "pass")
    assert ask(tasks=[], pack=pack) == Leave(Allowed("door.leave"))
    assert ask(pack=pack).task == TASK.id  # what it is for is told where there is something
    assert why(ask(tasks=[], pack=pack, people=()))[0] == "too_few_people"
    assert why(ask(SEEN, tasks=[], pack=pack))[0] == "no_permit"


def test_how_many_how_long_and_a_pack_that_knows_no_doors() -> None:
    assert [people_at(PACK, zones) for zones in ((), ("ordinary",), ("ordinary", "controlled"))] == [1, 1, 2]
    content = {name: part for name, part in PACK.content.items() if name != "doors"}
    content["rules"] = {name: text for name, text in content["rules"].items() if name not in RULES}
    old = parse_rule_pack(content)
    assert (held_open_after(old), stay_of(old), people_at(old, ())) == (timedelta(seconds=60), HOUR, 1)
    assert ask(pack=old).answer == Allowed("gate.permit.needed")


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("opens_for", ["task", "smile"], "must be a list of some of task, permit, pass"),
        ("opens_for", [], "must be a list of some"),
        ("people_required", 0, "must be a whole number above 0"),
        ("held_open_s", "long", "must be a whole number above 0"),
        ("stay_s", None, "must be a whole number above 0"),
        ("roles", ["ghost"], "'ghost' is no role"),
    ],
)
def test_faults_of_a_packs_doors_are_told(name: str, value: object, fault: str) -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    content["doors"][name] = value
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(content)
    assert any(fault in str(one) for one in caught.value.faults), caught.value.faults


def test_every_rule_of_doors_has_its_wording() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    for rule in RULES:
        del content["rules"][rule]
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(content)
    assert len(caught.value.faults) == len(RULES)
