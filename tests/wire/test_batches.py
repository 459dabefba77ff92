"""Batches: sealed, opened, and refused when anything was touched. The golden message is kept for ever."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof import chain
from proof.errors import ChainError, ProofError, SignatureError
from proof.keys import SigningKey, VerifyKey
from proof.statement import Statement
from wire.batches import open_batch, seal, sign_batch
from wire.errors import MessageError
from wire.messages import (
    MAX_BATCH_BYTES,
    MAX_BATCH_FACTS,
    Birth,
    ClockReading,
    Fact,
    PassageDecided,
    SightBody,
    body_of,
    decode_batch,
    decode_birth,
    encode,
    to_body,
)

KEY = SigningKey.from_seed(bytes(range(32)))
AGENT = "nj01.gate-a"
GOLDEN = Path(__file__).parent / "golden" / "v1"


def find(kid: str) -> VerifyKey | None:
    return KEY.public if kid == KEY.public.kid else None


def fact(seq: int, body: dict[str, Any] | None = None) -> Fact:
    return Fact(
        seq=seq,
        kind="heartbeat",
        at=f"2026-11-22T03:24:{seq % 60:02}.123456Z",
        boot="9f8e",
        mono_us=812345678 + seq,
        clock=ClockReading("ntp", 12),
        device="agent",
        salt=bytes([seq % 256] * 16).hex(),
        body=body or {},
    )


def batch(facts: list[Fact], prev: bytes = chain.GENESIS, key: SigningKey = KEY) -> bytes:
    head = prev
    for one in facts:
        head = seal(one, head).head
    return sign_batch(AGENT, facts, prev, head, key)


def test_a_batch_comes_back_with_its_chain() -> None:
    facts = [fact(41), fact(42, {"你好": [1, None, "☃"]}), fact(43, {"load": 0.25})]
    opened = open_batch(batch(facts, b"p" * 32), AGENT, find)
    assert [sealed.fact for sealed in opened.facts] == facts
    assert opened.statement.prev == (b"p" * 32).hex()
    assert opened.statement.head == opened.facts[-1].head.hex()
    heads = chain.link_all(b"p" * 32, [sealed.commitment for sealed in opened.facts])
    assert [sealed.head for sealed in opened.facts] == heads


def test_the_first_version_stays_readable() -> None:
    payload = (GOLDEN / "batch.json").read_bytes()
    opened = open_batch(payload, AGENT, find)
    assert opened.statement.head == (GOLDEN / "batch.head").read_text().strip()
    assert opened.facts[0].content == (GOLDEN / "fact.canonical").read_bytes()
    body = body_of(PassageDecided, opened.facts[1].fact.body)
    assert body.sights == [SightBody("genuine", "nj01/P-0000000001", "package", 1)]
    assert to_body(body) == opened.facts[1].fact.body | {"picture": None}


Change = Callable[[Fact], Fact]


@pytest.mark.parametrize(
    "change",
    [
        lambda f: msgspec.structs.replace(f, kind="door_opened"),
        lambda f: msgspec.structs.replace(f, at="2026-11-22T03:24:00.123457Z"),
        lambda f: msgspec.structs.replace(f, mono_us=f.mono_us + 1),
        lambda f: msgspec.structs.replace(f, salt="00" * 16),
        lambda f: msgspec.structs.replace(f, clock=ClockReading("ntp", None)),
        lambda f: msgspec.structs.replace(f, body={"x": 1}),
        lambda f: msgspec.structs.replace(f, device="other"),
    ],
)
def test_a_touched_fact_does_not_lead_to_the_signed_head(change: Change) -> None:
    read = decode_batch(batch([fact(1), fact(2), fact(3)]))
    touched = msgspec.structs.replace(read, facts=[read.facts[0], change(read.facts[1]), read.facts[2]])
    with pytest.raises(ChainError):
        open_batch(encode(touched), AGENT, find)


def test_a_dropped_swapped_or_renumbered_fact_is_refused() -> None:
    read = decode_batch(batch([fact(1), fact(2), fact(3)]))
    for facts in (
        read.facts[:2],
        read.facts[1:],
        [read.facts[1], read.facts[0], read.facts[2]],
        [*read.facts, fact(4)],
    ):
        with pytest.raises(MessageError, match="one by one"):
            open_batch(encode(msgspec.structs.replace(read, facts=facts)), AGENT, find)


def test_a_wrong_signature_or_agent_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_batch(batch([fact(1)], key=SigningKey.from_seed(bytes(32))), AGENT, find)
    with pytest.raises(SignatureError, match="under the topic of"):
        open_batch(batch([fact(1)]), "nj01.gate-b", find)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b"[]",
        b'{"jws": 3, "facts": []}',
        b'{"jws": "x", "facts": []}',
        b'{"jws": "x", "facts": [{"seq": "1"}]}',
        b"[" * 200_000,
        b"x" * (MAX_BATCH_BYTES + 1),
    ],
)
def test_noise_is_a_message_error(payload: bytes) -> None:
    with pytest.raises(MessageError):
        open_batch(payload, AGENT, find)


def test_unknown_members_too_many_facts_and_bad_salts_are_message_errors() -> None:
    read = msgspec.json.decode(batch([fact(1)]))
    read["facts"][0]["colour"] = "red"
    with pytest.raises(MessageError, match="colour"):
        decode_batch(msgspec.json.encode(read))
    with pytest.raises(MessageError, match="1 to"):
        decode_batch(batch([fact(seq) for seq in range(1, MAX_BATCH_FACTS + 2)]))
    for salt in ("", "zz", "00" * 15):
        with pytest.raises(MessageError, match="salt"):
            seal(msgspec.structs.replace(fact(1), salt=salt), chain.GENESIS)


def test_a_statement_with_a_prev_that_is_no_hash_is_refused() -> None:
    read = decode_batch(batch([fact(1)]))
    token = Statement(agent=AGENT, first=1, last=1, prev="zz", head="00").sign(KEY)
    with pytest.raises(MessageError, match="prev"):
        open_batch(encode(msgspec.structs.replace(read, jws=token)), AGENT, find)


def test_a_statement_over_more_facts_than_fit_in_memory_is_refused() -> None:
    read = decode_batch(batch([fact(1)]))
    token = Statement(agent=AGENT, first=1, last=10**15, prev=chain.GENESIS.hex(), head="00").sign(KEY)
    with pytest.raises(MessageError, match="one by one"):
        open_batch(encode(msgspec.structs.replace(read, jws=token)), AGENT, find)


@given(st.binary(max_size=400))
def test_no_noise_gets_through(payload: bytes) -> None:
    with pytest.raises((MessageError, ProofError)):
        open_batch(payload, AGENT, find)


def test_births_and_wills() -> None:
    birth = Birth(online=True, software="1", boot="9f8e", rule_pack="00", at="2026-11-22T03:24:00.000000Z")
    assert decode_birth(encode(birth)) == birth
    assert decode_birth(b'{"online": false}') == Birth(online=False)
    with pytest.raises(MessageError):
        decode_birth(b"no")
    with pytest.raises(MessageError):
        body_of(PassageDecided, {"station": 3})
