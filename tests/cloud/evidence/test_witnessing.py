"""What follows when an agent cosigns another site's log, or refuses it: nobody's word is taken for it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.ledger.checkpoints import published_note, sign_checkpoints
from cloud.ledger.key_history import record_birth
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.world import World
from proof.checkpoint import Checkpoint
from proof.cosignature import cosign, cosigner, verify_cosignature
from proof.keys import SigningKey
from proof.merkle import EMPTY_ROOT, consistency_proof, leaf_hash, root_of
from proof.note import read_note
from tests.cloud.conftest import DEPLOYMENT, START
from tests.cloud.receiving import LOG_KEY, Receiving
from wire.link import Message

AGENT = "sz01.gate-b"
WITNESS = f"sealtrail/{AGENT}"
KEY = SigningKey.from_seed(b"w" * 32)
STRANGER = SigningKey.from_seed(b"s" * 32)
ORIGIN = f"sealtrail/{DEPLOYMENT}/nj01"
NOON_S = 1_795_348_800
LEAVES = [leaf_hash(bytes([number])) for number in range(20)]
FORK = [*LEAVES[:3], leaf_hash(b"other"), *LEAVES[4:]]


@dataclass
class Court:
    """The site nj01, whose log is witnessed by an agent of sz01, and what both sites have come to."""

    accused: Receiving
    own: Receiving
    teller: Teller = field(default_factory=lambda: Teller(AGENT))

    async def say(self, kind: str, body: dict[str, Any]) -> None:
        seq = self.teller.say(kind, body)
        outcome = await self.own.take(self.teller, self.teller.batch(seq, seq))
        assert outcome.facts == 1, "a fact is never refused"

    async def checkpoint(self) -> Checkpoint:
        """The accused log grows, and its newest checkpoint is signed."""
        async with transaction(self.own.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            appender.add({"v": 1, "type": "test", "n": appender.first})
            await close_ledger(tx, appender)
            await sign_checkpoints(tx, self.own.world, lambda _: LOG_KEY)
            note = await published_note(tx, "nj01")
        assert note is not None
        return Checkpoint.from_text(read_note(note.encode()).text)

    async def published(self) -> bytes:
        async with transaction(self.own.pool) as tx:
            note = await published_note(tx, "nj01")
        assert note is not None
        return note.encode()

    async def alarms(self, site: str) -> set[tuple[str, str, str]]:
        rows = await self.own.rows("SELECT cause, place, severity FROM alarm WHERE site = %s", site)
        return {(row["cause"], row["place"], row["severity"]) for row in rows}


@pytest.fixture
async def court(pool: Pool, world: World, site: str) -> Court:
    court = Court(Receiving(pool, world, site), Receiving(pool, world, "sz01"))
    async with transaction(pool) as tx:
        await add_site(tx, site="sz01", name_zh="苏州", name_en="Suzhou", deployment=DEPLOYMENT, at=START)
    await court.own.know(court.teller)
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        await record_birth(tx, appender, world, role="log", owner=ORIGIN, key=LOG_KEY.public, actor="test")
        await record_birth(tx, appender, world, role="witness", owner=WITNESS, key=KEY.public, actor="test")
        await close_ledger(tx, appender)
    return court


def cosigned(checkpoint: Checkpoint, key: SigningKey = KEY, name: str = WITNESS, **change: Any) -> dict[str, Any]:
    line = cosign(checkpoint.to_text(), name, key, NOON_S).line()
    return {"origin": ORIGIN, "size": checkpoint.size, "root": checkpoint.root.hex(), "line": line, **change}


def of(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(leaves[:size]) if size else EMPTY_ROOT)


def refusal(why: str, new: Checkpoint, seen: Checkpoint | None, **change: Any) -> dict[str, Any]:
    told = seen and {"size": seen.size, "root": seen.root.hex(), "note": seen.sign(LOG_KEY)}
    return {"origin": ORIGIN, "size": new.size, "why": why, "note": new.sign(LOG_KEY), "seen": told, **change}


async def test_a_cosignature_is_published_with_its_checkpoint(court: Court) -> None:
    await court.say("cosigned", cosigned(await court.checkpoint()))
    note = read_note(await court.published())
    assert verify_cosignature(note, cosigner(WITNESS, KEY)) == NOON_S
    (row,) = await court.own.rows("SELECT site, witness, at FROM cosignature")
    assert row == {"site": "nj01", "witness": WITNESS, "at": datetime.fromtimestamp(NOON_S, UTC)}
    assert await court.alarms("nj01") == await court.alarms("sz01") == set()


async def test_a_cosignature_told_twice_is_one(court: Court) -> None:
    checkpoint = await court.checkpoint()
    await court.say("cosigned", cosigned(checkpoint))
    await court.say("cosigned", cosigned(checkpoint))
    assert len(await court.own.rows("SELECT line FROM cosignature")) == 1


async def test_what_is_of_no_known_witness_or_checkpoint_stays_a_fact(court: Court) -> None:
    checkpoint = await court.checkpoint()
    await court.say("cosigned", cosigned(checkpoint, origin="sealtrail/elsewhere/nj01"))
    await court.say("cosigned", cosigned(checkpoint, size=checkpoint.size + 1))
    await court.say("cosigned", cosigned(checkpoint, size=-1))
    await court.say("cosigned", cosigned(Checkpoint(ORIGIN, checkpoint.size, bytes(32))))
    await court.own.rows("UPDATE key_life SET owner = 'sealtrail/sz01.gate-c' WHERE role = 'witness' RETURNING site")
    await court.say("cosigned", cosigned(checkpoint))
    assert await court.own.rows("SELECT line FROM cosignature") == []
    assert await court.alarms("nj01") == await court.alarms("sz01") == set()


async def test_a_witness_whose_key_has_ended_is_heard_no_more_and_a_log_whose_key_has_is(court: Court) -> None:
    checkpoint = await court.checkpoint()
    await court.own.rows("UPDATE key_life SET ended = 9, why = 'rotated' WHERE role <> 'agent' RETURNING site")
    await court.say("cosigned", cosigned(checkpoint))
    assert await court.own.rows("SELECT line FROM cosignature") == []
    await court.say("checkpoint_refused", REFUSALS["behind"])
    assert await court.alarms("nj01") == {("checkpoint_refused", WITNESS, "critical")}


@pytest.mark.parametrize(
    "change",
    [
        {"key": STRANGER},
        {"name": "sealtrail/sz01.gate-c"},
        {"line": "— x"},
        {"line": ""},
        {"line": None},
        {"size": "1"},
    ],
)
async def test_a_cosignature_that_does_not_fit_is_told_of_its_agent(court: Court, change: dict[str, Any]) -> None:
    await court.say("cosigned", cosigned(await court.checkpoint(), **change))
    assert await court.own.rows("SELECT line FROM cosignature") == []
    assert await court.alarms("sz01") == {("malformed_fact", AGENT, "major")}


async def test_two_lines_in_place_of_one_are_not_published(court: Court) -> None:
    checkpoint = await court.checkpoint()
    more = cosigned(checkpoint)["line"] + cosign(checkpoint.to_text(), "sealtrail/other", STRANGER, NOON_S).line()
    await court.say("cosigned", cosigned(checkpoint, line=more))
    assert await court.alarms("sz01") == {("malformed_fact", AGENT, "major")}
    assert await court.own.rows("SELECT line FROM cosignature") == []


PROOF = [node.hex() for node in consistency_proof(FORK[:12], 9)]
REFUSALS = {
    "behind": refusal("behind", of(5), of(9)),
    "two_roots": refusal("two_roots", of(9, FORK), of(9)),
    "unproven": refusal("unproven", of(12), of(9)),
    "false_empty": refusal("false_empty", Checkpoint(ORIGIN, 0, bytes(32)), None),
    "forked": refusal("forked", of(12, FORK), of(9), proof=PROOF, start=root_of(FORK[:9]).hex()),
}


@pytest.mark.parametrize("why", REFUSALS)
async def test_a_refusal_is_the_highest_alarm_at_both_sites(court: Court, why: str) -> None:
    await court.say("checkpoint_refused", REFUSALS[why])
    await court.say("checkpoint_refused", REFUSALS[why])
    assert await court.alarms("nj01") == {("checkpoint_refused", WITNESS, "critical")}
    assert await court.alarms("sz01") == {("checkpoint_refused", ORIGIN, "critical")}
    (row,) = await court.own.rows("SELECT occurrences, detail FROM alarm WHERE site = 'nj01'")
    assert row["occurrences"] == 2
    assert row["detail"]["proves"] == (why in ("two_roots", "false_empty", "forked"))
    assert (row["detail"]["site"], row["detail"]["agent"], row["detail"]["seq"]) == ("sz01", AGENT, 2)
    raised = await court.own.rows("SELECT site FROM record WHERE kind = 'alarm_raised' ORDER BY site")
    assert [one["site"] for one in raised] == ["nj01", "sz01"]


@pytest.mark.parametrize(
    "body",
    [
        refusal("behind", of(9), of(5)),
        refusal("two_roots", of(9), of(9)),
        refusal("two_roots", of(9), None),
        refusal("forked", of(12, FORK), of(9), proof=PROOF, start=root_of(LEAVES[:9]).hex()),
        refusal("forked", of(12, FORK), of(9), proof=["zz"], start="zz"),
        refusal("forked", of(12), of(9)),
        refusal("false_empty", of(0), None),
        refusal("because", of(5), of(9)),
        refusal("behind", of(5), of(9), note=of(5).sign(STRANGER)),
        refusal("behind", of(5), of(9), size=4),
        refusal("behind", of(5), of(9)) | {"seen": {"size": 9, "root": "00" * 32, "note": of(9).sign(LOG_KEY)}},
        refusal("behind", of(5), of(9), origin="sealtrail/elsewhere/nj01"),
        refusal("behind", of(5), of(9), origin=7),
    ],
)
async def test_nobody_is_accused_of_what_his_log_did_not_sign(court: Court, body: dict[str, Any]) -> None:
    await court.say("checkpoint_refused", body)
    assert await court.alarms("nj01") == set()
    assert await court.alarms("sz01") == {("malformed_fact", AGENT, "major")}


async def test_sites_that_accuse_each_other_at_once_are_all_heard(court: Court) -> None:
    """Each transaction locks both ledgers: in one order, so neither waits for the other for ever."""
    other = Teller("nj01.gate-a")
    await court.accused.know(other)
    async with transaction(court.own.pool) as tx:
        appender = await open_ledger(tx, "sz01")
        origin = appender.origin
        await record_birth(tx, appender, court.own.world, role="log", owner=origin, key=LOG_KEY.public, actor="test")
        await close_ledger(tx, appender)
    back = Checkpoint(origin, 5, root_of(LEAVES[:5])), Checkpoint(origin, 9, root_of(LEAVES[:9]))
    body = refusal("behind", *back, origin=origin)
    messages = []
    for teller, accusation in ((court.teller, REFUSALS["behind"]), (other, body)):
        for _ in range(5):
            teller.say("checkpoint_refused", accusation)
        messages += [Message(teller.topic, payload) for payload in teller.batches(1)]
    outcomes = await in_parallel(court, messages)
    assert sum(outcomes) == 10
    assert {site for site in ("nj01", "sz01") if len(await court.alarms(site)) == 2} == {"nj01", "sz01"}
    assert (await court.accused.check()).ok


async def in_parallel(court: Court, messages: list[Message]) -> list[int]:
    """How many facts were taken of each agent, every agent by a worker of its own."""
    halves = [[one for one in messages if one.topic == topic] for topic in sorted({one.topic for one in messages})]

    async def take(half: list[Message]) -> int:
        return sum([(await court.own.take_messages([one])).facts for one in half])

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(take(half)) for half in halves]
    return [task.result() for task in tasks]


async def test_an_order_that_nobody_signed_is_a_serious_alarm(court: Court) -> None:
    await court.say("order_distrusted", {"count": 3, "problem": "x", "bytes": 10, "sha256": "00" * 32})
    assert await court.alarms("sz01") == {("order_distrusted", AGENT, "major")}
