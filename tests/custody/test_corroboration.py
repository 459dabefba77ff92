"""Records and sensors: which movements the sensors saw, and what they saw that nobody recorded."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.corroboration import (
    AGREES,
    EMPTIED,
    FILLED,
    Moved,
    Movement,
    Observation,
    Sensor,
    Trace,
    fits,
    judge,
    match,
    needs_of,
    traces_of,
    window_of,
)
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.things import Action, Direction
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WINDOW = timedelta(seconds=300)
SLOT, OTHER = "nj01/S-A", "nj01/S-B"
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)


def movement(
    name: int, at: datetime = NOON, *, action: Action = Action.PLACE, moved: Moved | None = None,
    error: timedelta = timedelta(0), until: datetime | None = None,
) -> Movement:  # fmt: skip
    traces = traces_of(PACK, action, moved or Moved(("t",), filled=(SLOT,)))
    return Movement(
        id=name, at=at, until=until or at, error=error, window=window_of(PACK), traces=traces,
        needs=needs_of(PACK, action, traces),
    )  # fmt: skip


def told(
    name: int, at: datetime = NOON, *, place: str = SLOT, what: str = FILLED, sensor: Sensor = Sensor.SLOT,
    error: timedelta = timedelta(0),
) -> Observation:  # fmt: skip
    return Observation(id=name, sensor=sensor, place=place, what=what, at=at, error=error)


def test_a_placing_that_the_slot_saw_is_corroborated() -> None:
    judged = judge([movement(1)], [told(2, NOON + SECOND)])
    assert judged.found == {(1, 0): (2, SLOT)}
    assert (judged.corroborated, judged.lacking, judged.unexplained) == (frozenset({1}), {}, frozenset())


def test_a_record_without_goods_and_goods_without_a_record() -> None:
    judged = judge([movement(1)], [told(2, place=OTHER, what=EMPTIED)])
    assert judged.lacking == {1: [Trace(Sensor.SLOT, SLOT, FILLED)]}
    assert judged.unexplained == {(2, OTHER)}
    assert judged.corroborated == frozenset()


@pytest.mark.parametrize("side", [-1, 1])
def test_the_window_ends_exactly_where_both_clocks_may_still_agree(side: int) -> None:
    one = movement(1, error=2 * SECOND)
    edge = side * (WINDOW + 5 * SECOND)
    assert fits(one, 0, told(2, NOON + edge, error=3 * SECOND))
    assert not fits(one, 0, told(2, NOON + edge + side * TICK, error=3 * SECOND))


def test_leave_to_fetch_something_lasts_until_its_end() -> None:
    moved = Moved(("t",), emptied=(SLOT,))
    leave = movement(1, action=Action.APPROVE_RELEASE, moved=moved, until=NOON + timedelta(days=2))
    assert leave.needs == ()
    late = timedelta(days=2) + WINDOW
    assert fits(leave, 0, told(2, NOON + timedelta(days=1), what=EMPTIED))
    assert fits(leave, 0, told(2, NOON + late, what=EMPTIED))
    assert not fits(leave, 0, told(2, NOON + late + TICK, what=EMPTIED))
    assert not fits(leave, 0, told(2, NOON - WINDOW - TICK, what=EMPTIED))


def test_a_scale_stands_in_for_a_slot_that_was_silent_but_is_never_missed_by_itself() -> None:
    weighed = told(2, place="t", what=AGREES, sensor=Sensor.WEIGHT)
    assert judge([movement(1)], [weighed]).corroborated == {1}
    without_sensor = movement(1, moved=Moved(("t",)))
    assert (without_sensor.needs, judge([without_sensor], []).lacking) == ((), {})


def test_a_move_has_to_empty_one_slot_and_to_fill_the_other() -> None:
    both = movement(1, action=Action.MOVE, moved=Moved.between(["t"], [SLOT], OTHER, frozenset({SLOT, OTHER})))
    half = judge([both], [told(2, place=OTHER)])
    assert half.lacking == {1: [Trace(Sensor.SLOT, SLOT, EMPTIED)]}
    assert judge([both], [told(2, place=OTHER), told(3, what=EMPTIED)]).corroborated == {1}


def test_a_slot_without_a_sensor_and_one_that_stays_as_it_was_are_no_traces() -> None:
    assert Moved.between(["t"], [SLOT], OTHER, frozenset({OTHER})) == Moved(("t",), (OTHER,), ())
    assert Moved.between(["t"], [SLOT], SLOT, frozenset({SLOT})) == Moved(("t",))
    assert traces_of(PACK, Action.WEIGH, Moved.between(["t"], [SLOT], None, frozenset({SLOT}))) == (
        Trace(Sensor.SLOT, SLOT, EMPTIED), Trace(Sensor.SLOT, SLOT, FILLED),
    )  # fmt: skip


def test_a_gate_tells_the_direction() -> None:
    out = movement(1, action=Action.STOCK_OUT, moved=Moved(("t",), gate=("a:g", Direction.OUT)))
    inward = told(2, place="a:g", what="in", sensor=Sensor.GATE)
    assert judge([out], [inward]).unexplained == {(2, "a:g")}
    assert judge([out], [told(2, place="a:g", what="out", sensor=Sensor.GATE)]).corroborated == {1}


PLACES, SECONDS = st.sampled_from([SLOT, OTHER]), st.integers(-400, 400)
MOVES = st.lists(st.tuples(PLACES, SECONDS, st.integers(0, 30)), max_size=8)
SEEN = st.lists(st.tuples(PLACES, SECONDS, st.sampled_from([FILLED, EMPTIED]), st.integers(0, 30)), max_size=8)


@settings(deadline=None)
@given(MOVES, SEEN, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_told_changes_nothing_and_nothing_is_used_twice(
    moves: list[tuple[str, int, int]], seen: list[tuple[str, int, str, int]], order: random.Random
) -> None:
    movements = [
        movement(n, NOON + at * SECOND, moved=Moved(("t",), filled=(place,)), error=error * SECOND)
        for n, (place, at, error) in enumerate(moves)
    ]
    observations = [
        told(100 + n, NOON + at * SECOND, place=place, what=what, error=error * SECOND)
        for n, (place, at, what, error) in enumerate(seen)
    ]
    judged = judge(movements, observations)
    shuffled, others = list(movements), list(observations)
    order.shuffle(shuffled)
    order.shuffle(others)
    assert judge(shuffled, others) == judged
    assert len(set(judged.found.values())) == len(judged.found)
    for (name, trace), (observation, place) in judged.found.items():
        one = next(o for o in observations if (o.id, o.place) == (observation, place))
        assert fits(movements[name], trace, one)
    free = [o for o in observations if (o.id, o.place) in judged.unexplained]
    for name in judged.lacking:  # of what is left over, nothing would have helped
        assert not any(fits(movements[name], 0, one) for one in free)
    assert judged.corroborated | set(judged.lacking) == {m.id for m in movements}
    assert match(movements, observations) == judged.found


def test_sensors_that_a_pack_invents_are_faults_with_their_place() -> None:
    content = dict(PACK.content) | {
        "corroboration": {"window_s": 0, "sensors": {"fly": [["slot"]], "move": [["nose"]]}}
    }
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(content)
    assert {fault.at for fault in caught.value.faults} == {
        ("corroboration", "window_s"), ("corroboration", "sensors", "fly"), ("corroboration", "sensors", "move", 0, 0),
    }  # fmt: skip
