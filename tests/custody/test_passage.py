"""The one decision at a gate: every reason to refuse, each with its rule (J21, J25, N5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.decisions import Allowed, Decision, Reason, Refused, Use
from custody.passage import Gate, Genuineness, Sight, decide_passage
from custody.permits import Permit, PermitThing
from custody.things import Direction, Kind, Moment
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOX, ITEM, ANNA, BO = "nj01/P-1", "nj01/I-1", "nj01/U-anna", "nj01/U-bo"
GATE = Gate("nj01.gate-a", "gate-a", Direction.OUT)
SEEN = Sight(Genuineness.GENUINE, BOX, Kind.PACKAGE, 2)
PERMIT = Permit(
    id="nj01/L-1",
    site="nj01",
    agent=GATE.agent,
    stations=(GATE.station,),
    direction=Direction.OUT,
    things=(PermitThing(Kind.PACKAGE, BOX, 2), PermitThing(Kind.ITEM, ITEM, 1)),
    people_required=2,
    rule_pack=PACK.hash,
    not_before=NOON - HOUR,
    not_after=NOON + HOUR,
    entry=7,
)


def decide(
    *sights: Sight,
    gate: Gate = GATE,
    permits: tuple[Permit, ...] = (PERMIT,),
    spent: tuple[Use, ...] = (),
    holds: tuple[str, ...] = (),
    people: tuple[str, ...] = (ANNA, BO),
    at: datetime = NOON,
    error: timedelta | None = timedelta(milliseconds=20),
) -> Decision:
    moment = Moment(at, error)
    return decide_passage(
        sights or (SEEN,), gate=gate, permits=permits, spent=spent, holds=holds, people=people, now=moment, pack=PACK
    )


def refused(decision: Decision) -> Reason:
    assert isinstance(decision, Refused), decision
    assert decision.rule == PACK.refusals[decision.reason]
    assert {"zh", "en"} <= PACK.wording[decision.rule].keys()
    return decision.reason


def test_what_a_permit_names_may_pass_and_spends_it() -> None:
    assert decide() == Allowed("gate.permit.valid", (Use(PERMIT.id, BOX),))


def test_several_labels_are_several_things_and_one_without_leave_stops_all() -> None:
    both = decide(SEEN, Sight(Genuineness.GENUINE, ITEM, Kind.ITEM, 1))
    assert both == Allowed("gate.permit.valid", (Use(PERMIT.id, BOX), Use(PERMIT.id, ITEM)))
    stranger = Sight(Genuineness.GENUINE, "nj01/I-2", Kind.ITEM, 1)
    decision = decide(SEEN, stranger)
    assert refused(decision) is Reason.NO_PERMIT
    assert isinstance(decision, Refused)
    assert decision.subject == "nj01/I-2"


def test_label_not_ours() -> None:
    assert refused(decide(Sight(Genuineness.UNKNOWN, "https://example.org"))) is Reason.UNKNOWN_LABEL


def test_a_code_that_is_not_ours_beside_one_that_is_does_not_matter() -> None:
    """Goods carry codes of their makers; a gate must not refuse a sealed box for those."""
    assert isinstance(decide(Sight(Genuineness.UNKNOWN, "6901028000000"), SEEN), Allowed)


def test_forged_label() -> None:
    assert refused(decide(SEEN, Sight(Genuineness.FORGED, "ST1:…"))) is Reason.FORGED_LABEL


def test_label_of_another_site() -> None:
    assert refused(decide(Sight(Genuineness.OTHER_SITE, "sz02/P-1"))) is Reason.OTHER_SITE


def test_copied_label_two_in_one_frame() -> None:
    assert refused(decide(replace(SEEN, copies=2))) is Reason.COPIED_LABEL


def test_copied_label_an_older_issue() -> None:
    assert refused(decide(replace(SEEN, issue=1))) is Reason.COPIED_LABEL
    assert refused(decide(replace(SEEN, issue=3))) is Reason.NO_PERMIT


def test_no_permit() -> None:
    assert refused(decide(permits=())) is Reason.NO_PERMIT


def test_a_permit_for_the_package_is_none_for_an_item_of_the_same_name() -> None:
    assert refused(decide(replace(SEEN, kind=Kind.ITEM))) is Reason.NO_PERMIT


PACKED_IN = "nj01/I-PACKED"
INSIDE = Sight(Genuineness.GENUINE, PACKED_IN, Kind.ITEM, 1)
AROUND = replace(PERMIT, things=(PermitThing(Kind.PACKAGE, BOX, 2, (PACKED_IN,)),))


def test_an_item_that_should_be_in_a_package_is_refused_as_packed() -> None:
    refusal = decide(INSIDE, permits=(AROUND,))
    assert refused(refusal) is Reason.PACKED
    assert refusal.rule == "custody.packed"
    assert refused(decide(SEEN, INSIDE, permits=(AROUND,))) is Reason.PACKED
    assert isinstance(decide(SEEN, permits=(AROUND,)), Allowed)


def test_an_item_with_a_permit_of_its_own_is_judged_by_that() -> None:
    own = replace(PERMIT, id="nj01/L-2", things=(PermitThing(Kind.ITEM, PACKED_IN, 1),))
    assert decide(INSIDE, permits=(AROUND, own)) == Allowed("gate.permit.valid", (Use(own.id, PACKED_IN),))
    assert refused(decide(INSIDE, permits=(AROUND, replace(own, stations=("gate-b",))))) is Reason.WRONG_GATE


@pytest.mark.parametrize(
    ("around", "sight"),
    [
        (replace(AROUND, not_after=NOON - HOUR / 2), INSIDE),
        (replace(AROUND, agent="nj01.gate-b"), INSIDE),
        (AROUND, replace(INSIDE, kind=Kind.PACKAGE)),
        (AROUND, replace(INSIDE, id="nj01/I-OTHER")),
    ],
    ids=["over", "another agent's", "a package", "another item"],
)
def test_what_no_permit_here_has_in_a_package_has_no_permit(around: Permit, sight: Sight) -> None:
    assert refused(decide(sight, permits=(around,))) is Reason.NO_PERMIT


@pytest.mark.parametrize("gate", [replace(GATE, station="gate-b"), replace(GATE, agent="nj01.gate-b")])
def test_wrong_gate(gate: Gate) -> None:
    assert refused(decide(gate=gate)) is Reason.WRONG_GATE


def test_wrong_direction() -> None:
    assert refused(decide(gate=replace(GATE, direction=Direction.IN))) is Reason.WRONG_DIRECTION


def test_already_spent() -> None:
    assert refused(decide(spent=(Use(PERMIT.id, BOX),))) is Reason.ALREADY_SPENT
    assert isinstance(decide(spent=(Use(PERMIT.id, ITEM), Use("nj01/L-0", BOX))), Allowed)


def test_expired_and_not_yet_valid() -> None:
    assert refused(decide(at=NOON + 2 * HOUR)) is Reason.EXPIRED
    assert refused(decide(at=NOON - 2 * HOUR)) is Reason.NOT_YET_VALID


def test_clock_not_trustworthy() -> None:
    assert refused(decide(error=None)) is Reason.CLOCK_NOT_TRUSTWORTHY
    assert refused(decide(at=NOON + HOUR, error=timedelta(seconds=1))) is Reason.CLOCK_NOT_TRUSTWORTHY
    assert refused(decide(at=NOON - HOUR, error=timedelta(seconds=1))) is Reason.CLOCK_NOT_TRUSTWORTHY


@given(st.floats(-3, 3), st.floats(0, 3))
def test_a_clock_in_doubt_never_opens_outside_the_permit(offset_h: float, error_h: float) -> None:
    """Whatever the true time within the error bound is, an allowed passage lies within the permit."""
    at, error = NOON + offset_h * HOUR, error_h * HOUR
    within = at - error >= PERMIT.not_before and at + error <= PERMIT.not_after
    assert isinstance(decide(at=at, error=error), Allowed) is within


def test_too_few_people() -> None:
    assert refused(decide(people=(ANNA,))) is Reason.TOO_FEW_PEOPLE
    assert refused(decide(people=(ANNA, ANNA))) is Reason.TOO_FEW_PEOPLE


def test_a_stale_pass_counts_for_nobody_and_is_what_the_refusal_is_about() -> None:
    stale = Sight(Genuineness.STALE, BO, Kind.PERSON, 1)
    decision = decide(SEEN, stale, people=(ANNA,))
    assert refused(decision) is Reason.TOO_FEW_PEOPLE
    assert isinstance(decision, Refused)
    assert decision.subject == BO
    assert isinstance(decide(SEEN, stale, people=(ANNA, BO)), Allowed)
    here = decide(SEEN, replace(stale, id=ANNA), people=(ANNA,))  # who is present anyway is not what lacks
    assert isinstance(here, Refused)
    assert here.subject == BOX
    expired = decide(SEEN, stale, people=(ANNA,), at=NOON + 2 * HOUR)
    assert isinstance(expired, Refused)
    assert (expired.reason, expired.subject) == (Reason.EXPIRED, BOX)
    assert refused(decide(stale)) is Reason.UNKNOWN_LABEL


def test_legal_hold_forbids_the_way_out_only() -> None:
    assert refused(decide(holds=(BOX,))) is Reason.LEGAL_HOLD
    inbound = replace(PERMIT, direction=Direction.IN)
    assert isinstance(decide(holds=(BOX,), permits=(inbound,), gate=replace(GATE, direction=Direction.IN)), Allowed)


def test_of_several_permits_one_that_fits_is_enough() -> None:
    old = replace(PERMIT, id="nj01/L-0", not_after=NOON - HOUR)
    assert decide(permits=(old, PERMIT)) == Allowed("gate.permit.valid", (Use(PERMIT.id, BOX),))


def test_of_several_permits_that_do_not_fit_the_nearest_is_told() -> None:
    elsewhere = replace(PERMIT, id="nj01/L-0", stations=("gate-b",))
    expired = replace(PERMIT, id="nj01/L-2", not_after=NOON - HOUR)
    assert refused(decide(permits=(elsewhere, expired))) is Reason.EXPIRED
    assert refused(decide(permits=(expired, elsewhere))) is Reason.EXPIRED


def test_nothing_to_judge_is_no_passage() -> None:
    assert refused(decide(Sight(Genuineness.GENUINE, ANNA, Kind.PERSON, 1))) is Reason.UNKNOWN_LABEL
