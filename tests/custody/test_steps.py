"""The decision about a step, each way it can go (J25, J26)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.roles import Role
from custody.steps import Hand, Thing, decide_step, place_hands
from custody.things import Action, Kind, State
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
PHOTO = "ab" * 32
DETAILS: dict[str, Any] = {
    "reason": "r", "seal_number": "F0001", "photos": [PHOTO], "weight_g": 10, "differences": [], "slot": "s",
    "seal_intact": True, "parts": [{"name": "a", "quantity": 1}, {"name": "b", "quantity": 2}], "purpose": "court",
    "due_at": (NOW + timedelta(days=3)).isoformat(), "method": "destroy", "legal_basis": "l", "recipient": "x",
    "receipt": PHOTO, "price_fen": 1, "witnesses": ["a", "b"], "count": 1, "place": "p", "cites": 1,
    "changes": {"name": "n"},
}  # fmt: skip


def thing(state: State = State.STORED, kind: Kind = Kind.PACKAGE, **more: Any) -> Thing:
    return Thing(id="nj01/P-1", kind=kind, state=state, **more)


def hand(*roles: Role, person: str = "a", credential: str | None = None, at: datetime = NOW, **more: Any) -> Hand:
    return Hand(person=person, roles=frozenset(roles), credential=credential or person, at=at, **more)


KEEPER, INSPECTOR = hand(Role.KEEPER, person="k"), hand(Role.INSPECTOR, person="i")
HANDLER = hand(Role.CASE_HANDLER, person="c")
APPROVER = hand(Role.APPROVER, person="a", passkey=True)
LEADER = hand(Role.LEADER, person="l", passkey=True)


def reason(answer: Any) -> Reason | None:
    return answer.reason if isinstance(answer, Refused) else None


def decide(action: Action, things: list[Thing], hands: list[Hand], now: datetime = NOW, **more: Any) -> Any:
    asked_at, details = more.pop("asked_at", None), {**DETAILS, **more}
    return decide_step(PACK, action, things, hands, details, now, asked_at=asked_at)


def test_one_hand_is_enough_where_the_book_asks_for_one() -> None:
    assert decide(Action.MOVE, [thing()], [KEEPER]) == Allowed("custody.move")


def test_what_needs_two_hands_waits_for_the_second() -> None:
    sealed = [thing(State.SEALED)]
    answer = decide(Action.HANDOVER, sealed, [INSPECTOR])
    assert answer == Waiting("custody.handover", (frozenset({Role.KEEPER}),))
    assert decide(Action.HANDOVER, sealed, [INSPECTOR, KEEPER]) == Allowed("custody.handover")
    assert decide(Action.HANDOVER, sealed, [KEEPER, INSPECTOR]) == Allowed("custody.handover")


def test_each_way_hands_can_be_wrong() -> None:
    sealed = [thing(State.SEALED)]
    again = hand(Role.KEEPER, person="i", credential="other")
    shared = hand(Role.KEEPER, person="k", credential="i")
    assert reason(decide(Action.HANDOVER, sealed, [INSPECTOR, again])) is Reason.SAME_PERSON
    assert reason(decide(Action.HANDOVER, sealed, [INSPECTOR, shared])) is Reason.SAME_CREDENTIAL
    assert reason(decide(Action.HANDOVER, sealed, [hand(Role.AUDITOR)])) is Reason.WRONG_ROLE
    assert reason(decide(Action.HANDOVER, sealed, [INSPECTOR, HANDLER])) is Reason.WRONG_ROLE


def test_who_has_both_roles_sits_where_the_other_can_still_sit() -> None:
    both = hand(Role.INSPECTOR, Role.KEEPER, person="b")
    assert decide(Action.HANDOVER, [thing(State.SEALED)], [both, INSPECTOR]) == Allowed("custody.handover")


def test_a_thing_that_is_held_or_not_of_the_kind_or_at_the_wrong_entrance() -> None:
    assert reason(decide(Action.APPROVE_RELEASE, [thing(held=True)], [HANDLER])) is Reason.LEGAL_HOLD
    assert reason(decide(Action.OPEN, [thing(kind=Kind.ITEM)], [KEEPER])) is Reason.WRONG_KIND
    received = [thing(State.RECEIVED)]
    assert reason(decide(Action.STOCK_IN, received, [KEEPER])) is Reason.WRONG_ENTRANCE
    assert decide_step(PACK, Action.STOCK_IN, received, [], {}, NOW, at_gate=True) == Allowed("custody.stock-in")
    assert reason(decide_step(PACK, Action.MOVE, [thing()], [], {}, NOW, at_gate=True)) is Reason.WRONG_ENTRANCE


def test_nobody_approves_their_own_work() -> None:
    own = thing(past={Action.SEAL: frozenset({"a"})})
    answer = decide(Action.APPROVE_RELEASE, [own], [HANDLER, APPROVER])
    assert answer == Refused(Reason.OWN_WORK, "people.apart", "nj01/P-1")
    registered = thing(past={Action.REGISTER: frozenset({"c"})})
    assert reason(decide(Action.APPROVE_RELEASE, [registered], [HANDLER])) is Reason.OWN_WORK


def test_above_a_value_one_more_hand_is_needed() -> None:
    below, above = [thing(value_fen=4_999_999)], [thing(value_fen=2_500_000), thing(value_fen=2_500_000)]
    assert decide(Action.APPROVE_RELEASE, below, [HANDLER, APPROVER]) == Allowed("custody.release")
    answer = decide(Action.APPROVE_RELEASE, above, [HANDLER, APPROVER])
    assert answer == Waiting("custody.release", (frozenset({Role.LEADER}),))
    assert decide(Action.APPROVE_RELEASE, above, [HANDLER, APPROVER, LEADER]) == Allowed("custody.release")


def test_an_approval_is_signed_with_a_passkey_and_in_time() -> None:
    by_session = hand(Role.APPROVER, person="a")
    assert reason(decide(Action.APPROVE_RELEASE, [thing()], [HANDLER, by_session])) is Reason.NO_PASSKEY
    late = NOW + PACK.limits["approval"] + timedelta(microseconds=1)
    hands = [HANDLER, APPROVER]
    due = (late + timedelta(days=1)).isoformat()
    answer = decide(Action.APPROVE_RELEASE, [thing()], hands, late, asked_at=NOW, due_at=due)
    assert reason(answer) is Reason.ACT_EXPIRED
    in_time = NOW + PACK.limits["approval"]
    answer = decide(Action.APPROVE_RELEASE, [thing()], hands, in_time, asked_at=NOW, due_at=due)
    assert answer == Allowed("custody.release")


def test_who_has_to_stay_signs_the_end_as_well_and_all_are_there_together() -> None:
    """Two credentials within a time window, both still present at the end."""
    second = NOW + timedelta(minutes=5)
    both = [KEEPER, hand(Role.BOOKKEEPER, person="b", at=second)]
    assert decide(Action.OPEN, [thing()], both, second) == Waiting("custody.open", ())
    late = [KEEPER, hand(Role.BOOKKEEPER, person="b", at=second + timedelta(seconds=1))]
    assert reason(decide(Action.OPEN, [thing()], late, second)) is Reason.NOT_PRESENT
    end = NOW + timedelta(hours=1)

    def ended(*ends: datetime | None) -> list[Hand]:
        return [hand(Role.KEEPER, person="k", ended_at=ends[0]), hand(Role.BOOKKEEPER, person="b", ended_at=ends[1])]

    assert decide(Action.OPEN, [thing()], ended(end, None), end) == Waiting("custody.open", ())
    assert decide(Action.OPEN, [thing()], ended(end, end + timedelta(minutes=5)), end) == Allowed("custody.open")
    apart = ended(end, end + timedelta(minutes=6))
    assert reason(decide(Action.OPEN, [thing()], apart, end)) is Reason.NOT_PRESENT


def test_what_leaves_for_disposal_is_disposed_of_as_approved() -> None:
    leaving = [thing(State.LEAVING, method="auction")]
    hands = [KEEPER, HANDLER]
    assert reason(decide(Action.TRANSFER, leaving, hands)) is Reason.METHOD_DIFFERS
    assert decide(Action.AUCTION, leaving, hands) == Allowed("custody.auction")


def test_no_act_is_about_nothing_and_one_act_is_one_kind_of_step() -> None:
    assert reason(decide(Action.MOVE, [], [KEEPER])) is Reason.WRONG_STATE
    assert reason(decide(Action.MOVE, [thing(), thing(State.OUT)], [KEEPER])) is Reason.WRONG_STATE


PAPERS: list[tuple[Action, str, list[Any]]] = [
    (Action.WEIGH, "weight_g", [0, -1, 1.5, "10", None, True, 2**60]),
    (Action.RESEAL, "seal_number", ["", "f1", "F" * 65, 7, "F 1", "封签"]),
    (Action.RESEAL, "photos", [[], ["x"], [PHOTO] * 21, PHOTO, [1]]),
    (Action.APPROVE_RELEASE, "purpose", ["walk", "", None]),
    (Action.APPROVE_RELEASE, "due_at", ["soon", NOW.isoformat(), (NOW + timedelta(days=31)).isoformat(), 3,
                                       "2026-11-26T00:00:00"]),
    (Action.APPROVE_DISPOSAL, "method", ["eat", None]),
    (Action.APPROVE_DISPOSAL, "legal_basis", ["", "  ", "x" * 1001, "a\0b"]),
    (Action.CORRECT, "changes", [{}, {"state": "out"}, {"quantity": 0}, {"goods": "gold"}, {"size": "xxl"}, "name"]),
    (Action.SHELVE, "seal_intact", ["yes", 1, None]),
]  # fmt: skip
STATES = {Action.RESEAL: State.OPENED, Action.SHELVE: State.RETURNED}


@pytest.mark.parametrize(("action", "detail", "bad"), [(a, d, b) for a, d, bads in PAPERS for b in bads])
def test_papers_that_are_missing_or_wrong_are_named(action: Action, detail: str, bad: Any) -> None:
    """J2 手续不全: missing papers."""
    things = [thing(STATES.get(action, State.STORED))]
    answer = decide(action, things, [], **{detail: bad})
    assert answer == Refused(Reason.MISSING_PAPERS, "custody.papers", detail)
    without = {name: value for name, value in DETAILS.items() if name != detail}
    answer = decide_step(PACK, action, things, [], without, NOW)
    assert answer == Refused(Reason.MISSING_PAPERS, "custody.papers", detail)


ROLE_SETS = st.frozensets(st.sampled_from(list(Role)[:5]), min_size=1, max_size=3)


@given(st.lists(ROLE_SETS, min_size=1, max_size=4), st.lists(ROLE_SETS, max_size=4))
def test_seats_are_given_as_the_plainest_search_gives_them(
    seats: list[frozenset[Role]], roles: list[frozenset[Role]]
) -> None:
    hands = [hand(*each, person=str(number)) for number, each in enumerate(roles)]
    placed = place_hands(tuple(seats), hands)
    ways = [
        way
        for way in permutations(range(len(seats)), len(hands))
        if all(hands[n].roles & seats[seat] for n, seat in enumerate(way))
    ]
    assert (placed in ways) if placed is not None else not ways


def test_what_is_in_a_closed_package_goes_with_it() -> None:
    inside = [thing(State.STORED, Kind.ITEM, packed=True)]
    assert decide(Action.MOVE, inside, [KEEPER]) == Refused(Reason.PACKED, "custody.packed", "nj01/P-1")
    assert decide(Action.CORRECT, inside, [KEEPER, APPROVER]) == Allowed("custody.correct")
