"""Readings at a high rate: batches of columns, numbered and signed by their agent, one chain for its life (ADR 19).

A batch is plain JSON: `{"jws": <statement>, "readings": <Columns>}`. What is signed is the digest of the bytes of
`readings` exactly as they stand in the message, so that nobody has to write numbers anew to check them.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec

from custody.permits import parse_time
from proof import jws
from proof.errors import ChainError, EncodingError, SignatureError
from proof.keys import Signer
from wire.errors import MessageError
from wire.messages import ClockReading
from wire.sensors import UNITS

STATEMENT_TYPE = "sealtrail-readings+jws"
RECEIPT_TYPE = "sealtrail-readings-receipt+jws"
GENESIS = bytes(32)
"""What the first batch of an agent continues."""
MAX_BYTES = 1 << 20
MAX_READINGS = 20_000
_CHAIN = hashlib.sha256(b"sealtrail/readings/1\0")


class Series(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of one sensor (`device` is `<station>.<name>`): `after_us` microseconds after the columns' `at`."""

    device: str
    measures: str
    after_us: list[int]
    values: list[float]


class Columns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Readings of an agent since its boot `boot`, by its clock, whose error is told."""

    at: str
    boot: str
    clock: ClockReading
    series: list[Series]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    jws: str
    readings: msgspec.Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An agent's word: batch `number` (from 1) of `rows` readings continues `prev` and ends in `head` (hex)."""

    agent: str
    number: int
    rows: int
    prev: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The cloud's word: it has batch `number` of `agent`, whose chain ends in `head`."""

    agent: str
    number: int
    head: str


class ReadingsSealed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of the fact `readings_sealed`: the agent's batches up to `number` end in `head` (hex)."""

    number: int
    head: str


@dataclass(frozen=True, slots=True)
class OpenedReadings:
    """A batch whose signature and digest fit: its columns, their bytes as they came, and when `at` is."""

    statement: Statement
    columns: Columns
    content: bytes
    at: datetime
    jws: str


_columns = msgspec.json.Decoder(Columns)
_message = msgspec.json.Decoder(_Message)


def link(prev: bytes, content: bytes) -> bytes:
    """The chain's head after the batch of these bytes: 32 bytes."""
    return link_digest(prev, hashlib.sha256(content).digest())


def link_digest(prev: bytes, digest: bytes) -> bytes:
    """The same after the batch whose bytes have this SHA-256."""
    head = _CHAIN.copy()
    head.update(prev + digest)
    return head.digest()


def seal_readings(agent: str, number: int, prev: bytes, columns: Columns, key: Signer) -> tuple[bytes, bytes]:
    """The message of batch `number` that continues `prev`, and the head after it."""
    content = msgspec.json.encode(columns)
    head, rows = link(prev, content), sum(len(one.values) for one in columns.series)
    said = Statement(agent=agent, number=number, rows=rows, prev=prev.hex(), head=head.hex())
    token = jws.sign({"v": 1, **asdict(said)}, key, STATEMENT_TYPE)
    return msgspec.json.encode(_Message(token, msgspec.Raw(content))), head


def open_readings(payload: bytes, agent: str, find_key: jws.FindKey) -> OpenedReadings:
    """The verified batch in `payload`, published under the topic of `agent`.

    Raises MessageError for bytes that are no batch (NaN and infinity among them), ProofError for a wrong signature.
    """
    if len(payload) > MAX_BYTES:
        raise MessageError(f"a batch of {len(payload)} bytes; {MAX_BYTES} is the most")
    try:
        message = _message.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(f"not a batch of readings: {error}") from error
    content = bytes(message.readings)
    statement, columns = _verified(message.jws, content, find_key, agent)
    return OpenedReadings(statement, columns, content, parse_time(columns.at), message.jws)


def check_batch(
    token: str, content: bytes, find_key: jws.FindKey, agent: str, number: int
) -> tuple[Columns, datetime]:  # fmt: skip
    """The columns in `content` and when their `at` is, as batch `number` of `agent` by the statement in `token`.

    Raises MessageError, ProofError.
    """
    statement, columns = _verified(token, content, find_key, agent)
    if statement.number != number:
        raise ChainError(f"the statement is about batch {statement.number}")
    return columns, parse_time(columns.at)


def check_gone(token: str, digest: bytes, find_key: jws.FindKey, agent: str, number: int) -> Statement:
    """What the statement in `token` says of batch `number` of `agent`, of which nothing but its SHA-256 is left.

    Raises ProofError.
    """
    statement = _statement(token, find_key)
    if (statement.agent, statement.number) != (agent, number):
        raise ChainError(f"the statement is about batch {statement.number} of {statement.agent}")
    if link_digest(bytes.fromhex(statement.prev), digest).hex() != statement.head:
        raise ChainError("the digest does not lead to the head that was signed")
    return statement


def _verified(token: str, content: bytes, find_key: jws.FindKey, agent: str) -> tuple[Statement, Columns]:
    statement = _statement(token, find_key)
    if statement.agent != agent:
        raise SignatureError(f"a statement of {statement.agent} under the topic of {agent}")
    if link(bytes.fromhex(statement.prev), content).hex() != statement.head:
        raise ChainError(f"batch {statement.number} does not lead to the head that was signed")
    columns = read_columns(content)
    if sum(len(one.values) for one in columns.series) != statement.rows:
        raise MessageError(f"not the {statement.rows} readings that were signed")
    return statement, columns


def read_columns(content: bytes) -> Columns:
    """The columns in bytes that were signed. Raises MessageError."""
    try:
        columns = _columns.decode(content)
        parse_time(columns.at)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MessageError(f"not readings: {error}") from error
    rows = sum(len(one.values) for one in columns.series)
    if not 1 <= rows <= MAX_READINGS:
        raise MessageError(f"a batch of {rows} readings; 1 to {MAX_READINGS} are allowed")
    _check(columns.series)
    return columns


def sign_receipt(receipt: Receipt, key: Signer) -> bytes:
    """The receipt as it goes down."""
    return jws.sign({"v": 1, **asdict(receipt)}, key, RECEIPT_TYPE).encode()


def is_receipt(payload: bytes) -> bool:
    """Whether `payload` says that it is a receipt for readings; nothing is verified yet."""
    try:
        return jws.typ_of(payload.decode("ascii")) == RECEIPT_TYPE
    except (UnicodeDecodeError, EncodingError):
        return False


def read_receipt(payload: bytes, find_key: jws.FindKey) -> Receipt:
    """The receipt in `payload`. Raises ProofError."""
    told = jws.verify(payload.decode("ascii", "replace"), find_key, RECEIPT_TYPE)
    try:
        body = msgspec.convert(told, _ReceiptBody)
    except msgspec.ValidationError as error:
        raise EncodingError(f"not a receipt for readings: {error}") from error
    return Receipt(agent=body.agent, number=body.number, head=body.head)


class _ReceiptBody(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    agent: str
    number: int
    head: str


class _StatementBody(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    agent: str
    number: int
    rows: int
    prev: str
    head: str


def _statement(token: str, find_key: jws.FindKey) -> Statement:
    try:
        told = msgspec.convert(jws.verify(token, find_key, STATEMENT_TYPE), _StatementBody)
        heads = [bytes.fromhex(told.prev), bytes.fromhex(told.head)]
    except (msgspec.ValidationError, ValueError) as error:
        raise EncodingError(f"not a statement about readings: {error}") from error
    if told.v != 1 or not 1 <= told.number <= 2**53 or [len(one) for one in heads] != [32, 32]:
        raise EncodingError("not a statement about readings")
    return Statement(agent=told.agent, number=told.number, rows=told.rows, prev=told.prev, head=told.head)


def _check(series: Sequence[Series]) -> None:
    for one in series:
        if one.measures not in UNITS:
            raise MessageError(f"{one.measures!r:.40} is nothing that is measured")
        if len(one.device) > 200 or "\0" in one.device or not one.device:
            raise MessageError(f"a device called {one.device!r:.40}")
        if len(one.after_us) != len(one.values):
            raise MessageError(f"{len(one.after_us)} times for {len(one.values)} values")
        if not all(map(math.isfinite, one.values)):  # JSON has no NaN, but 1e999 is read as infinity
            raise MessageError("a value that is no number")
