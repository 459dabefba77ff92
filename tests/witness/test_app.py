"""Every answer of c2sp.org/tlog-witness over HTTP: status, content type and body."""

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from proof.checkpoint import Checkpoint
from proof.cosignature import verify_cosignature
from proof.keys import SigningKey
from proof.merkle import EMPTY_ROOT
from proof.note import read_note, sign_note
from proof.witness import MAX_BYTES, write_request
from tests.witness.logs import FORK, LOG, ME, NOON_S, Log, over_http, sitting
from witness.witness import Witness

STRANGER = SigningKey.from_seed(bytes([9] * 32))


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    with sitting(tmp_path / "state.db") as witness:
        yield witness


@pytest.fixture
def client(witness: Witness) -> Iterator[httpx.AsyncClient]:
    with over_http(witness) as client:
        yield client


async def post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post("/add-checkpoint", content=body)


async def test_a_log_that_only_grew_is_cosigned(client: httpx.AsyncClient) -> None:
    for old, size in ((0, 5), (5, 12), (12, 12), (12, 40)):
        answer = await post(client, LOG.request(old, size))
        assert answer.status_code == 200
        assert answer.text.startswith("— ")
        assert answer.text.endswith("\n")
        note = read_note((LOG.note(size) + answer.text).encode())
        assert verify_cosignature(note, ME) == NOON_S


async def test_an_empty_log_is_cosigned(client: httpx.AsyncClient) -> None:
    assert (await post(client, LOG.request(0, 0))).status_code == 200
    assert LOG.checkpoint(0).root == EMPTY_ROOT


async def test_an_unknown_log_is_404(client: httpx.AsyncClient) -> None:
    assert (await post(client, Log("another/log").request(0, 5))).status_code == 404


def spoiled(note: str) -> str:
    """The note with one bit of its signature turned."""
    line = note.splitlines()[-1]
    blob = bytearray(base64.b64decode(line.split(" ")[2]))
    blob[-1] ^= 1
    return note.replace(line.split(" ")[2], base64.b64encode(blob).decode())


@pytest.mark.parametrize(
    "note",
    [
        LOG.checkpoint(5).sign(STRANGER),
        spoiled(LOG.note(5)),
        sign_note(LOG.checkpoint(5).to_text(), [("stranger", STRANGER)]),
    ],
    ids=["another key of the same name", "a signature that fails", "another name"],
)
async def test_what_the_log_did_not_sign_is_403(client: httpx.AsyncClient, note: str) -> None:
    assert (await post(client, write_request(0, [], note))).status_code == 403


async def test_signatures_of_strangers_are_ignored(client: httpx.AsyncClient) -> None:
    note = sign_note(LOG.checkpoint(5).to_text(), [("stranger", STRANGER), (LOG.origin, LOG.key)])
    assert (await post(client, write_request(0, [], note))).status_code == 200
    kept = (await client.get(LOG.address)).text
    assert "stranger" not in kept


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0",
        b"old 00\n\n" + LOG.note(5).encode(),
        b"old 0\r\n\r\n" + LOG.note(5).encode(),
        b"old 0\n!\n\n" + LOG.note(5).encode(),
        b"old 0\nAAAA\n\n" + LOG.note(5).encode(),
        b"old 0\n\nno note\n",
        b"old 0\n\n" + LOG.checkpoint(5).to_text().encode(),
        b"old 9\n\n" + LOG.note(5).encode(),
        b"\xff\xfe\n\n" + LOG.note(5).encode(),
        write_request(0, [bytes(32)] * 64, LOG.note(5)),
        write_request(0, [], sign_note(f"{LOG.origin}\n{'9' * 5000}\nAAAA\n", [(LOG.origin, LOG.key)])),
        b"x" * MAX_BYTES,
    ],
)
async def test_what_is_no_request_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await post(client, body)).status_code == 400
    assert (await client.get(LOG.address)).status_code == 404


@pytest.mark.parametrize(("old", "size"), [(0, 9), (3, 9), (7, 9), (0, 3), (0, 5)])
async def test_a_wrong_old_size_is_409_with_the_right_one(client: httpx.AsyncClient, old: int, size: int) -> None:
    await post(client, LOG.request(0, 5))
    answer = await post(client, LOG.request(old, size))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (409, "text/x.tlog.size", b"5\n")


async def test_an_old_size_of_a_log_never_seen_is_409_with_zero(client: httpx.AsyncClient) -> None:
    answer = await post(client, LOG.request(5, 9))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (409, "text/x.tlog.size", b"0\n")


@pytest.mark.parametrize(
    ("seen", "body"),
    [
        (0, write_request(0, [], Checkpoint(LOG.origin, 0, bytes(32)).sign(LOG.key))),
        (0, write_request(0, [bytes(32)], LOG.note(9))),
        (5, write_request(5, [], LOG.note(9))),
        (5, write_request(5, LOG.proof(5, 9)[:-1], LOG.note(9))),
        (5, write_request(5, [*LOG.proof(5, 9), bytes(32)], LOG.note(9))),
        (5, write_request(5, LOG.proof(5, 9), FORK.note(9))),
        (5, FORK.request(5, 9)),
        (5, FORK.request(5, 5)),
        (5, write_request(5, [bytes(32)], LOG.note(5))),
    ],
    ids=["empty with a root", "proof from nothing", "no proof", "too short", "too long", "fork with the honest proof",
         "fork with its own proof", "fork of the same size", "same size with a proof"],
)  # fmt: skip
async def test_what_contradicts_is_422_and_changes_nothing(client: httpx.AsyncClient, seen: int, body: bytes) -> None:
    if seen:
        await post(client, LOG.request(0, seen))
    before = await client.get(LOG.address)
    assert (await post(client, body)).status_code == 422
    after = await client.get(LOG.address)
    assert (after.status_code, after.content) == (before.status_code, before.content)


async def test_a_body_that_is_too_large_is_413_declared_or_not(client: httpx.AsyncClient) -> None:
    async def undeclared() -> AsyncIterator[bytes]:
        for _ in range(MAX_BYTES // 1024 + 1):
            yield b"x" * 1024

    assert (await post(client, b"x" * (MAX_BYTES + 1))).status_code == 413
    answer = await client.post("/add-checkpoint", content=undeclared())
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


async def test_the_newest_checkpoint_is_served_with_both_signatures(client: httpx.AsyncClient) -> None:
    assert (await client.get(LOG.address)).status_code == 404
    for old, size in ((0, 5), (5, 12)):
        cosignature = (await post(client, LOG.request(old, size))).text
    served = await client.get(LOG.address)
    assert served.headers["content-type"] == "text/plain; charset=utf-8"
    assert served.text == LOG.note(12) + cosignature
    note = read_note(served.content)
    note.verify(LOG.verifier)
    assert verify_cosignature(note, ME) == NOON_S


async def test_the_origin_hash_is_lowercase_hex(client: httpx.AsyncClient) -> None:
    await post(client, LOG.request(0, 5))
    assert (await client.get(LOG.address.upper().replace("CHECKPOINT", "checkpoint"))).status_code == 404
    assert (await client.get("/" + "0" * 64 + "/checkpoint")).status_code == 404


async def test_other_addresses_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).status_code == 404
    wrong = await client.get("/add-checkpoint")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    wrong = await client.post(LOG.address)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


async def test_under_a_prefix_and_nowhere_else(witness: Witness) -> None:
    with over_http(witness, "/w") as client:
        assert (await post(client, LOG.request(0, 5))).status_code == 404
        assert (await client.post("/w/add-checkpoint", content=LOG.request(0, 5))).status_code == 200
        assert (await client.get("/w" + LOG.address)).status_code == 200
        assert (await client.get(LOG.address)).status_code == 404


async def test_without_its_state_it_signs_nothing(client: httpx.AsyncClient, witness: Witness) -> None:
    witness.state.close()
    answer = await post(client, LOG.request(0, 5))
    assert answer.status_code == 503
    assert "—" not in answer.text
    assert (await client.get(LOG.address)).status_code == 503
