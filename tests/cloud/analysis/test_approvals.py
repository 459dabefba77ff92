"""Approvals that are too quick, and two who find each other too often (J32)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cloud.analysis.approvals import judge_pairs, judge_speed
from cloud.analysis.asking import Asked
from custody.analysis_rules import rules_of
from custody.roles import Role
from tests.cloud.analysis.people import lens, releases
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
RULES = rules_of(PACK)
assert RULES is not None
PAIR, SPEED = RULES.kinds["same_pair"], RULES.kinds["approval_speed"]
START = datetime(2026, 8, 24, tzinfo=UTC)
ASKED = Asked(None, PACK, "nj01", START, START + timedelta(days=90), START, 0, 1)  # type: ignore[arg-type]  # no query
SECOND = timedelta(seconds=1)


def rows(*pairs: tuple[str, str], seat: int = 1, seconds: float = 600.0) -> list[dict[str, Any]]:
    return [
        {"index": n, "signed": n, "action": "approve_release", "seat": seat, "proposed_by": first, "person": second,
         "seconds": seconds}
        for n, (first, second) in enumerate(pairs)
    ]  # fmt: skip


async def test_two_who_always_meet_and_never_read_are_found_with_every_approval(office: Office, clock: Clock) -> None:
    story, look = await releases(office, clock), await lens(office)
    await story.store.crew.photo()
    ids = {
        name: await story.employ(name, role)
        for name, role in [("ask_a", Role.CASE_HANDLER), ("ask_b", Role.CASE_HANDLER), ("app_x", Role.APPROVER),
                           ("app_y", Role.APPROVER), ("app_z", Role.APPROVER)]
    }  # fmt: skip
    for number in range(11):
        await story.release("ask_a", "app_x", 4 * SECOND)
        await story.release("ask_b", ("app_y", "app_z")[number % 2], 400 * SECOND)
    found = {row["kind"]: row for row in await look.found()}
    assert set(found) == {"same_pair", "approval_speed"}
    pair, speed = found["same_pair"], found["approval_speed"]
    assert (pair["subject"], pair["other"], pair["name"], pair["aspect"]) == (
        ids["ask_a"], ids["app_x"], "Ask_A", "approve_release",
    )  # fmt: skip
    assert (pair["value"], pair["hits"], pair["n"], pair["expected_high"]) == (100, 11, 11, 50)
    assert pair["chance"] < 1e-4
    assert "small_sample" in pair["weakens"]
    assert (speed["subject"], speed["value"], speed["hits"]) == (ids["app_x"], 100, 11)
    signed = await office.rows("SELECT index FROM act_hand WHERE person = %s ORDER BY index", ids["app_x"])
    for finding in (pair, speed):
        assert sorted(int(one["id"]) for one in finding["evidence"]) == [row["index"] for row in signed]
        assert {one["about"] for one in finding["evidence"]} == {"entry"}
        shown = await office.rows("SELECT act FROM act_hand WHERE index = %s", int(finding["evidence"][0]["id"]))
        assert finding["evidence"][0]["thing"] == shown[0]["act"], "the page of the act shows it"
    medians = {row["subject"]: row["value"] for row in (await look.section("approval_speed"))["figures"]}
    assert (medians[ids["app_x"]], medians[ids["app_y"]]) == (4, 400)
    before = await look.whole(until=(clock.at - timedelta(days=30)).isoformat())
    assert [row["absent"] for row in before["sections"] if row["kind"] == "same_pair"] == ["no_approvals"]


def test_a_few_meetings_are_no_finding() -> None:
    few = [("a", "x")] * 9 + [("b", "y")] * 9
    assert judge_pairs(ASKED, PAIR, rows(*few)).findings == []
    assert judge_speed(ASKED, SPEED, rows(*[("a", "x")] * 7, seconds=1)).findings == []


def test_who_has_no_choice_is_no_finding() -> None:
    alone = judge_pairs(ASKED, PAIR, rows(*[("a", "x")] * 50, *[("b", "x")] * 50))
    assert (alone.findings, alone.absent) == ([], "one_approver")
    seats = rows(*[("a", "x")] * 40) + rows(*[("a", "boss")] * 40, seat=2) + rows(*[("b", "x")] * 40)
    assert judge_pairs(ASKED, PAIR, seats).findings == [], "the second seat has only one who may sit there"


def test_who_is_left_over_by_two_who_always_meet_is_no_finding() -> None:
    given = rows(*[("a", "x")] * 40, *[("b", "y")] * 20, *[("b", "z")] * 20)
    (found,) = judge_pairs(ASKED, PAIR, given).findings
    assert (found.subject, found.other, found.hits) == ("a", "x", 40)
    (first, second) = judge_pairs(ASKED, PAIR, given + rows(*[("c", "z")] * 40, *[("b", "w")] * 20)).findings
    assert {(first.subject, first.other), (second.subject, second.other)} == {("a", "x"), ("c", "z")}


@given(st.lists(st.sampled_from("xyz"), min_size=0, max_size=60))
def test_whoever_takes_turns_is_no_finding(turns: Sequence[str]) -> None:
    fair = [(who, approver) for approver in turns for who in ("a", "b")]
    look = judge_pairs(ASKED, PAIR, rows(*fair))
    assert look.findings == []
    assert look.n == len(fair)
    assert all(figure.low <= figure.value <= figure.high for figure in look.figures)  # type: ignore[operator]  # set here
