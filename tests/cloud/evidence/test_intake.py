"""Batches into the ledger: what fits is taken once, what does not is kept with a reason, nothing is lost (N6)."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.telling import Teller
from cloud.db.pool import Pool
from cloud.evidence.intake import entry_text
from cloud.uplink import take
from cloud.world import World
from proof.canonical import canonical
from proof.chain import GENESIS
from tests.cloud.receiving import Receiving, read_receipt
from wire.batches import seal, sign_batch
from wire.link import Message
from wire.messages import Batch, ClockReading, Fact, decode_batch, encode


@pytest.fixture
async def receiving(pool: Pool, world: World, site: str) -> Receiving:
    return Receiving(pool, world, site)


@pytest.fixture
async def teller(receiving: Receiving) -> Teller:
    told = Teller("nj01.gate-a")
    await receiving.know(told)
    told.chatter(60)
    return told


async def test_a_batch_is_taken_and_the_receipt_names_its_last_entry(receiving: Receiving, teller: Teller) -> None:
    outcome = await receiving.take(teller, teller.batch(1, 20))
    receipt = read_receipt(outcome.receipts[teller.agent])
    assert (receipt.agent, receipt.upto, receipt.head) == (teller.agent, 20, teller.heads[20].hex())
    (row,) = await receiving.rows("SELECT entry FROM ledger_entry WHERE index = %s", receipt.index)
    entry = json.loads(row["entry"])
    assert (entry["type"], entry["seq"], entry["h"]) == ("fact", 20, teller.heads[20].hex())
    assert await receiving.facts(teller.agent) == list(range(1, 21))
    assert (await receiving.check()).ok


async def test_a_repeat_gets_the_same_receipt_and_nothing_is_doubled(receiving: Receiving, teller: Teller) -> None:
    """Also what a crash between commit and receipt looks like from the agent's side."""
    first = await receiving.take(teller, teller.batch(1, 20))
    again = await receiving.take(teller, teller.batch(1, 20))
    assert again.receipts == first.receipts
    assert again.facts == 0
    assert await receiving.facts(teller.agent) == list(range(1, 21))


async def test_an_older_part_said_again_gets_the_newest_receipt(receiving: Receiving, teller: Teller) -> None:
    await receiving.take(teller, teller.batch(1, 20))
    newest = await receiving.take(teller, teller.batch(21, 40))
    assert (await receiving.take(teller, teller.batch(5, 9))).receipts == newest.receipts
    assert await receiving.quarantined() == []


async def test_of_a_batch_partly_seen_the_rest_is_taken(receiving: Receiving, teller: Teller) -> None:
    await receiving.take(teller, teller.batch(1, 20))
    outcome = await receiving.take(teller, teller.batch(11, 30))
    assert outcome.facts == 10
    assert read_receipt(outcome.receipts[teller.agent]).upto == 30
    assert await receiving.facts(teller.agent) == list(range(1, 31))


async def test_what_was_overtaken_within_a_group_is_put_in_order(receiving: Receiving, teller: Teller) -> None:
    outcome = await receiving.take(teller, teller.batch(41, 60), teller.batch(1, 20), teller.batch(21, 40))
    assert outcome.facts == 60
    assert outcome.held == []


async def test_a_batch_too_early_is_held_and_then_kept_while_the_missing_is_asked_for(
    receiving: Receiving, teller: Teller
) -> None:
    early = await receiving.take(teller, teller.batch(21, 40))
    assert [arrived.batch.statement.first for arrived in early.held if arrived.batch] == [21]
    assert await receiving.quarantined() == []
    early.held[0].patient = False
    await take(receiving.pool, receiving.office, early.held)
    assert await receiving.quarantined() == [("gap", teller.batch(21, 40))]
    (order,) = await receiving.rows("SELECT agent, kind FROM agent_order")
    assert order == {"agent": teller.agent, "kind": "resend"}
    assert await receiving.alarms() == set()


async def test_repeats_within_one_group_are_seen_too(receiving: Receiving, teller: Teller) -> None:
    parts = [teller.batch(1, 20), teller.batch(1, 10), teller.batch(5, 15), teller.batch(21, 40), teller.batch(1, 20)]
    outcome = await receiving.take(teller, *parts)
    assert (outcome.facts, read_receipt(outcome.receipts[teller.agent]).upto) == (40, 40)
    assert await receiving.quarantined() == []


async def other_content(teller: Teller, first: int, last: int) -> Teller:
    """The same agent with the same key, that says something else in facts `first` to `last`."""
    twin = Teller(teller.agent)
    twin.chatter(first - 1)
    for _ in range(first, last + 1):
        twin.say("gate_moved", {"station": "gate-a", "position": "ajar"})
    return twin


@pytest.mark.parametrize(("first", "last"), [(11, 20), (11, 15), (11, 30)])
async def test_the_same_seq_with_other_content_is_kept_beside_the_first_and_alarms(
    receiving: Receiving, teller: Teller, first: int, last: int
) -> None:
    await receiving.take(teller, teller.batch(1, 20))
    twin = await other_content(teller, first, last)
    outcome = await receiving.take(teller, twin.batch(first, last))
    assert outcome.receipts == {}
    assert await receiving.quarantined() == [("equivocation", twin.batch(first, last))]
    assert await receiving.alarms() == {("equivocation", teller.agent)}
    (alarm,) = await receiving.rows("SELECT severity FROM alarm")
    assert alarm["severity"] == "critical"
    assert (await receiving.take(teller, teller.batch(21, 40))).facts == 20
    assert (await receiving.check()).ok


async def test_a_wrong_prev_is_another_chain(receiving: Receiving, teller: Teller) -> None:
    await receiving.take(teller, teller.batch(1, 20))
    twin = await other_content(teller, 15, 30)
    await receiving.take(teller, twin.batch(21, 30))
    assert [reason for reason, _ in await receiving.quarantined()] == ["wrong_prev"]
    assert await receiving.alarms() == {("equivocation", teller.agent)}


def tampered(payload: bytes) -> bytes:
    batch = decode_batch(payload)
    facts = [*batch.facts]
    facts[3] = seal(
        Fact(
            seq=facts[3].seq, kind="gate_moved", at=facts[3].at, boot="b7", mono_us=1, clock=ClockReading("ntp", 1),
            device="x", salt=facts[3].salt, body={},
        ),
        GENESIS,
    ).fact  # fmt: skip
    return encode(Batch(batch.jws, facts))


BAD = {
    "signature": ("wrong_signature", "wrong_signature"),
    "noise": ("unreadable", "quarantine"),
    "megabyte": ("unreadable", "quarantine"),
    "not ours": ("unreadable", "quarantine"),
    "deep": ("unreadable", "quarantine"),
    "changed": ("wrong_chain", "quarantine"),
    "salt": ("unreadable", "quarantine"),
    "above 2^53": ("unreadable", "quarantine"),
    "surrogate": ("unreadable", "quarantine"),
}


def bad_payload(name: str, teller: Teller) -> bytes:
    stranger = Teller(teller.agent, seed=2)
    stranger.chatter(5)
    good = teller.batch(1, 5)
    return {
        "signature": stranger.batch(1, 5),
        "noise": b"\x00\xff" * 500,
        "megabyte": b"7" * (1 << 20) + b"7",
        "not ours": b'{"temperature": 21.5}',
        "deep": b"[" * 200_000,
        "changed": tampered(good),
        "salt": good.replace(b'"salt":"', b'"salt":"zz', 1),
        "above 2^53": good.replace(b'"mono_us":1500', b'"mono_us":9007199254740993', 1),
        "surrogate": good.replace(b'"gate-a.barrier"', rb'"\ud800"', 1),
    }[name]


@pytest.mark.parametrize("name", BAD)
async def test_bytes_that_cannot_be_taken_are_kept_whole_with_an_alarm(
    receiving: Receiving, teller: Teller, name: str
) -> None:
    why, cause = BAD[name]
    payload = bad_payload(name, teller)
    outcome = await receiving.take(teller, payload, teller.batch(1, 20), payload)
    assert await receiving.quarantined() == [(why, payload)]
    assert await receiving.alarms() == {(cause, teller.agent)}
    assert read_receipt(outcome.receipts[teller.agent]).upto == 20
    assert (await receiving.check()).ok


async def test_a_topic_of_another_agent_does_not_lend_its_name(receiving: Receiving, teller: Teller) -> None:
    other = Teller("nj01.gate-b")
    await receiving.know(other)
    await receiving.take_messages([Message(other.topic, teller.batch(1, 5))])
    assert [reason for reason, _ in await receiving.quarantined()] == ["wrong_signature"]
    assert await receiving.alarms() == {("wrong_signature", "nj01.gate-b")}
    assert await receiving.facts(teller.agent) == []


async def test_an_agent_nobody_added_is_quarantined(receiving: Receiving, site: str) -> None:
    stranger = Teller("nj01.gate-z")
    stranger.chatter(3)
    await receiving.take(stranger, stranger.batch(1, 3))
    assert [reason for reason, _ in await receiving.quarantined()] == ["unknown_agent"]
    assert await receiving.alarms() == {("quarantine", "nj01.gate-z")}


@pytest.mark.parametrize(
    "topic", ["sealtrail/v1/zz99.gate-a/facts", "sealtrail/v1/No Agent/facts", "elsewhere", "x" * 5000]
)
async def test_bytes_of_no_site_of_ours_are_kept_too(receiving: Receiving, teller: Teller, topic: str) -> None:
    await receiving.take_messages([Message(topic, b"?"), Message(teller.topic, teller.batch(1, 5))])
    assert [payload for _, payload in await receiving.quarantined()] == [b"?"]
    assert await receiving.facts(teller.agent) == [1, 2, 3, 4, 5]


ODD: list[dict[str, Any]] = [
    {"kind": "k\0ind"},
    {"kind": "k" * 5000},
    {"kind": "种类"},
    {"at": "yesterday"},
    {"at": "0001-01-01T00:00:00.000000Z"},
    {"device": "\0" * 100},
    {"device": "d" * 60_000},
    {"body": {"深": ["\0", 1.5, None, {"\0": 2**53}]}},
    {"clock": ClockReading("\0", -(2**53))},
    {"kind": "device_lost", "device": "d\0" * 20_000},
    {"kind": "passage_decided", "body": {"station": 7}},
]


@pytest.mark.parametrize("odd", range(len(ODD)))
async def test_a_fact_is_never_refused_for_being_odd(receiving: Receiving, odd: int) -> None:
    told = Teller("nj01.gate-a")
    await receiving.know(told)
    told.chatter(1)
    plain = told.facts[0]
    members: dict[str, Any] = {
        "seq": 2,
        "kind": plain.kind,
        "at": plain.at,
        "boot": "b",
        "mono_us": 1,
        "clock": plain.clock,
    }
    strange = Fact(**{**members, "device": "d", "salt": plain.salt, "body": {}, **ODD[odd]})
    head = seal(strange, told.heads[1]).head
    payload = sign_batch(told.agent, [plain, strange], GENESIS, head, told.key)
    outcome = await receiving.take(told, payload)
    assert read_receipt(outcome.receipts[told.agent]).upto == 2
    assert await receiving.quarantined() == []
    assert (await receiving.check()).ok


async def test_a_revoked_agent_is_heard_no_more(receiving: Receiving, teller: Teller) -> None:
    await receiving.rows("UPDATE agent SET revoked_at = now() RETURNING id")
    await receiving.take(teller, teller.batch(1, 5))
    assert [reason for reason, _ in await receiving.quarantined()] == ["unknown_agent"]


async def test_two_workers_on_one_site_make_one_order_without_gaps(receiving: Receiving) -> None:
    tellers = [Teller(f"nj01.gate-{name}") for name in "abcd"]
    await receiving.know(*tellers)
    for told in tellers:
        told.chatter(100)

    async def work(mine: list[Teller]) -> None:
        for first in range(1, 101, 10):
            await receiving.take_messages([Message(told.topic, told.batch(first, first + 9)) for told in mine])

    await asyncio.gather(work([tellers[0], tellers[1]]), work([tellers[3], tellers[2], tellers[1]]))
    for told in tellers:
        assert await receiving.facts(told.agent) == list(range(1, 101))
    found = await receiving.check()
    assert (found.ok, found.facts) == (True, 400)


@given(
    error_ms=st.none() | st.integers(-(2**53), 2**53),
    kind=st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True),
    seq=st.integers(1, 2**53),
)
def test_the_written_out_entry_is_canonical_json(error_ms: int | None, kind: str, seq: int) -> None:
    at = "2026-11-22T03:00:00.000001Z"
    fact = Fact(
        seq=seq, kind=kind, at=at, boot="", mono_us=0, clock=ClockReading("ntp", error_ms), device="", salt="00" * 16,
        body={},
    )  # fmt: skip
    sealed = seal(fact, GENESIS)
    for told_at in (at, None):
        entry = {
            "v": 1, "type": "fact", "agent": "nj01.gate-a", "seq": seq, "kind": kind, "at": told_at,
            "error_ms": error_ms, "c": sealed.commitment.hex(), "h": sealed.head.hex(), "taken_at": at,
        }  # fmt: skip
        assert entry_text("nj01.gate-a", kind, told_at, at, sealed) == canonical(entry).decode()
