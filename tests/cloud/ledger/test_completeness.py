"""What can be claimed of silence: never more than a brute-force model allows, and no less."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.errors import InvalidError, NotFoundError
from cloud.ledger.completeness import WHY, Completeness, Heard, judge, read_completeness, words
from cloud.world import World
from tests.cloud.receiving import Receiving

T0 = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
EVERY = timedelta(seconds=60)
AGENT = "nj01.gate-a"
DOOR = "gate_moved"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def beat(seq: int, seconds: float, **change: object) -> Heard:
    made = Heard(
        seq=seq, kind="heartbeat", at=at(seconds), error=timedelta(seconds=1), boot="b", mono_us=int(seconds * 1e6),
        every=EVERY,
    )  # fmt: skip
    return replace(made, **change)  # type: ignore[arg-type]  # the members are the caller's to get right


def quiet_night(minutes: int = 30) -> list[Heard]:
    return [beat(seq, 60 * seq) for seq in range(1, minutes + 1)]


def claim(facts: list[Heard], since: float = 300, until: float = 1200, **more: datetime) -> Completeness:
    return judge(AGENT, facts, at(since), at(until), [DOOR], **more)


def test_an_unbroken_chain_with_heartbeats_is_a_claim_that_holds() -> None:
    found = claim(quiet_night())
    assert found.holds
    assert words(found, 5)[0].endswith("no gate_moved: the record is complete, and there is none")


def without(*seqs: int) -> list[Heard]:
    """The agent hung: these heartbeats were never recorded, and no seq was used for them."""
    left = [fact for fact in quiet_night() if fact.seq not in seqs]
    return [replace(fact, seq=number) for number, fact in enumerate(left, 1)]


def with_one(minute: int, **change: object) -> list[Heard]:
    facts = quiet_night()
    facts[minute - 1] = replace(facts[minute - 1], **change)  # type: ignore[arg-type]  # as above
    return facts


def boot_again(minute: int) -> list[Heard]:
    """Power was gone for some seconds."""
    facts = quiet_night()
    started = replace(facts[minute - 1], kind="agent_started", every=None)
    return [*facts[: minute - 1], *(replace(f, boot="c", mono_us=f.mono_us) for f in [started, *facts[minute:]])]


BROKEN = {
    "no_heartbeat": (without(10, 11, 12), 9 * 60 - 1, 13 * 60 + 1),
    "gap": ([fact for fact in quiet_night() if fact.seq != 10], 9 * 60 - 1, 11 * 60 + 1),
    "clock_in_doubt": (with_one(10, error=None), 9 * 60 - 1, 11 * 60 + 1),
    "clock_stepped": (with_one(10, kind="clock_stepped"), 9 * 60 - 1, 11 * 60 + 1),
    "agent_started": (boot_again(10), 9 * 60 - 1, 10 * 60 + 1),
    "device_lost": (with_one(10, lost=True), 9 * 60 - 1, 11 * 60 + 1),
    "erased": (with_one(10, boot=None, kind="gate_moved"), 9 * 60 - 1, 11 * 60 + 1),
    "recording_blocked": ([*quiet_night(), beat(31, 1860, kind="recording_blocked", blocked_since=at(600))], 599, 1200),
    "gate_disagrees": (
        [replace(f, gates={"gate-a": "open" if f.seq == 10 else "closed"}) for f in quiet_night()], 9 * 60 - 1, 661,
    ),
    "not_heard": (quiet_night(15), 15 * 60 - 1, 1200),
    "before_first": ([replace(f, seq=f.seq - 9) for f in quiet_night() if f.seq > 9], 300, 601),
}  # fmt: skip


@pytest.mark.parametrize("why", BROKEN)
def test_what_cannot_be_claimed_is_told_exactly_with_the_reason(why: str) -> None:
    facts, since, until = BROKEN[why]
    found = claim(facts)
    assert {span.why for span in found.unclaimed} == {why}
    assert (found.unclaimed[0].since, max(span.until for span in found.unclaimed)) == (at(since), at(until))
    assert not found.holds
    assert WHY[why][0] in "\n".join(words(found, 5))


def test_after_the_end_of_its_key_nothing_is_claimed() -> None:
    found = claim(quiet_night(), key_ended_at=at(900))
    assert [(span.why, span.since, span.until) for span in found.unclaimed] == [("key_ended", at(900), at(1200))]


def test_what_happened_is_told_and_by_the_error_of_its_clock_what_may_have() -> None:
    facts = [fact for fact in quiet_night() if fact.seq not in (7, 20)]
    inside, edge = beat(7, 420, kind=DOOR), beat(20, 1200.5, kind=DOOR)
    found = claim(sorted([*facts, inside, edge], key=lambda fact: fact.seq))
    assert [(fact.seq, fact.certain) for fact in found.found] == [(7, True), (20, False)]
    assert (found.holds, found.unclaimed) == (False, ())


TROUBLES = ("fine", "fine", "fine", "hung", "restart", "unknown", "stepped", "door", "lost", "missing")


@given(st.lists(st.sampled_from(TROUBLES), min_size=3, max_size=40), st.integers(0, 2**32))
@settings(deadline=None, max_examples=200)
def test_random_histories_against_a_brute_force_model(history: list[str], seed: int) -> None:
    """Every second of the span: claimed just where two sound anchors stand around it and all between them is sound."""
    chance = random.Random(seed)
    facts: list[Heard] = []
    seconds, seq, boot = 0.0, 0, 0
    for trouble in history:
        seconds += 200 if trouble == "hung" else chance.choice([20, 60, 110])
        seq += 2 if trouble == "missing" else 1
        boot += trouble == "restart"
        kind = {"restart": "agent_started", "stepped": "clock_stepped", "door": DOOR}.get(trouble, "heartbeat")
        error = None if trouble == "unknown" else timedelta(seconds=chance.randrange(8))
        facts.append(beat(seq, seconds, kind=kind, error=error, boot=f"b{boot}", lost=trouble == "lost"))
    last = int(seconds)
    found = judge(AGENT, facts, at(0), at(last), [DOOR])
    for second in range(0, last, 7):
        moment = at(second + 0.5)
        claimed = not any(span.since <= moment <= span.until for span in found.unclaimed)
        assert claimed == _model(facts, moment), (second, found.unclaimed)
    assert {fact.seq for fact in found.found} == {
        fact.seq for fact in facts if fact.kind == DOOR and (fact.error is None or fact.at - fact.error <= at(last))
    }


def _model(facts: list[Heard], moment: datetime) -> bool:
    """Whether some two anchors around `moment` have nothing unsound between them, looked for in every way."""
    places = [place for place, fact in enumerate(facts) if fact.kind in ("heartbeat", "agent_started")]
    return any(
        _around(facts[a], facts[b], moment) and _sound(facts[a : b + 1], [facts[p] for p in places if a <= p <= b])
        for a in places for b in places if a < b
    )  # fmt: skip


def _around(first: Heard, last: Heard, moment: datetime) -> bool:
    if first.error is None or last.error is None:
        return False
    return first.at + first.error < moment < last.at - last.error


def _sound(facts: list[Heard], anchors: list[Heard]) -> bool:
    apart = [(b.mono_us - a.mono_us) / 1e6 for a, b in itertools.pairwise(anchors)]
    return (
        all(b.seq == a.seq + 1 for a, b in itertools.pairwise(facts))
        and all(fact.error is not None for fact in facts)
        and all(fact.kind not in ("agent_started", "clock_stepped") for fact in facts[1:])
        and len({fact.boot for fact in anchors}) == 1
        and not any(anchor.lost for anchor in anchors)
        and max(apart) <= 120
    )


async def test_of_what_is_in_the_ledger(pool: Pool, world: World, site: str) -> None:
    receiving, teller = Receiving(pool, world, site), Teller(AGENT)
    await receiving.know(teller)
    body = {"every_s": 0.002, "uptime_s": 1, "waiting": 0, "free_bytes": 1, "lost": [], "gates": []}
    for number in range(1, 61):
        if number == 30:
            teller.say("gate_moved", {"station": "gate-a", "position": "open"}, error_ms=0)
        teller.say("heartbeat", body, error_ms=0)
    await receiving.take(teller, teller.batch(1, 61))
    begin, end = datetime.fromisoformat(teller.facts[5].at), datetime.fromisoformat(teller.facts[50].at)
    async with transaction(pool) as tx:
        opened = await read_completeness(tx, AGENT, begin, end, [DOOR])
        passed = await read_completeness(tx, AGENT, begin, end, ["passage_decided"])
        later = await read_completeness(tx, AGENT, begin, end + timedelta(hours=1), ["passage_decided"])
        with pytest.raises(NotFoundError):
            await read_completeness(tx, "nj01.nobody", begin, end)
        with pytest.raises(InvalidError):
            await read_completeness(tx, AGENT, end, begin)
    assert [fact.seq for fact in opened.found] == [30]
    assert opened.unclaimed == ()
    assert passed.holds
    assert passed.as_json()["holds"] is True
    assert [span.why for span in later.unclaimed] == ["not_heard"]
