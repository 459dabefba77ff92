"""The public log read by a client that knows the specifications only: nothing of `proof` is used here."""

import base64
import hashlib
import random
from dataclasses import dataclass

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloud.db.pool import transaction
from tests.cloud.api import Office
from tests.cloud.ledger.test_proofs import fill
from tests.cloud.receiving import LOG_KEY, Receiving


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


@dataclass
class Client:
    """A tlog-tiles client."""

    http: httpx.AsyncClient
    prefix: str

    async def get(self, path: str, kind: str = "application/octet-stream") -> bytes:
        answer = await self.http.get(f"{self.prefix}/{path}")
        assert answer.status_code == 200, (path, answer.text)
        assert answer.headers["content-type"] == kind
        return answer.content

    async def checkpoint(self) -> tuple[int, bytes]:
        """Size and root, the log's signature checked as signed-note says."""
        text = (await self.get("checkpoint", "text/plain; charset=utf-8")).decode()
        body, signatures = text.split("\n\n")
        origin, size, root = body.split("\n")
        name, blob = signatures.splitlines()[0].removeprefix("\u2014 ").split(" ")
        raw = base64.b64decode(blob)
        assert name == origin
        assert raw[:4] == sha256(f"{origin}\n\x01".encode() + LOG_KEY.public.raw)[:4]
        Ed25519PublicKey.from_public_bytes(LOG_KEY.public.raw).verify(raw[4:], f"{body}\n".encode())
        return int(size), base64.b64decode(root)

    async def row(self, level: int | str, count: int) -> list[bytes]:
        """The first `count` tiles' worth: every tile of `level` that a row of `count` things has."""
        tiles = []
        for n in range(-(-count // 256)):
            digits = f"{n:03d}" if n < 1000 else f"x{n // 1000:03d}/{n % 1000:03d}"
            width = min(256, count - n * 256)
            tiles.append(await self.get(f"tile/{level}/{digits}" + (f".p/{width}" if width < 256 else "")))
        return tiles


@pytest.fixture
async def client(office: Office) -> Client:
    return Client(await office.visitor(), "http://test/log/nj01")


@pytest.fixture
def receiving(office: Office) -> Receiving:
    return Receiving(office.parts.pool, office.parts.world, "nj01")


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1000])
async def test_a_foreign_client_derives_the_signed_root_from_tiles_and_entries(
    office: Office, receiving: Receiving, client: Client, size: int
) -> None:
    await fill(office.parts.pool, "nj01", size)
    await receiving.check()
    stated, root = await client.checkpoint()
    assert stated == size
    entries = []
    for bundle in await client.row("entries", size):
        at = 0
        while at < len(bundle):
            length = int.from_bytes(bundle[at : at + 2], "big")
            entries.append(bundle[at + 2 : at + 2 + length])
            at += 2 + length
    leaves = [sha256(b"\x00" + entry) for entry in entries]
    assert len(leaves) == size
    assert mth(leaves) == root
    assert b"".join(await client.row(0, size)) == b"".join(leaves)
    full = [leaves[at : at + 256] for at in range(0, size - size % 256, 256)]
    assert b"".join(await client.row(1, len(full))) == b"".join(map(mth, full))


async def test_a_part_of_a_tile_exists_where_a_checkpoint_needs_it(
    office: Office, receiving: Receiving, client: Client
) -> None:
    for size in (100, 300, 5):
        await fill(office.parts.pool, "nj01", size)
        if size != 5:
            await receiving.check()
    paths = {
        "tile/0/000": 200, "tile/0/000.p/100": 200, "tile/0/000.p/101": 404, "tile/0/000.p/255": 404,
        "tile/0/001": 404, "tile/0/001.p/144": 200, "tile/0/001.p/145": 404, "tile/0/001.p/149": 404,
        "tile/1/000.p/1": 200, "tile/1/000": 404, "tile/2/000.p/1": 404, "tile/entries/000.p/100": 200,
        "tile/entries/001.p/149": 404, "tile/0/0": 404, "tile/0/000.p/256": 404, "tile/0/000.p/0": 404,
        "tile/64/000": 404, "tile/63/000": 404, "tile/0/x999/x999/x999/x999/x999/x999/999": 404, "tile/a": 404,
        "tile/": 404, "other": 404,
    }  # fmt: skip
    answers = {path: (await client.http.get(f"{client.prefix}/{path}")).status_code for path in paths}
    assert answers == paths


async def test_tiles_may_be_kept_for_ever_and_checkpoints_for_a_moment(
    office: Office, receiving: Receiving, client: Client
) -> None:
    await fill(office.parts.pool, "nj01", 256)
    await receiving.check()
    kept = {path: (await client.http.get(f"{client.prefix}/{path}")).headers for path in ("tile/0/000", "checkpoint")}
    assert kept["tile/0/000"]["cache-control"] == "public, max-age=31536000, immutable"
    assert kept["checkpoint"]["cache-control"] == "public, max-age=2"
    assert {headers["access-control-allow-origin"] for headers in kept.values()} == {"*"}


async def test_there_is_no_log_of_strangers(client: Client) -> None:
    for site in ("nj01", "zz99", "NJ", "%00", "a" * 99):
        for path in ("checkpoint", "tile/0/000", "policy"):
            assert (await client.http.get(f"http://test/log/{site}/{path}")).status_code == 404


async def test_two_signed_sizes_join_by_a_proof_anyone_can_compute(
    office: Office, receiving: Receiving, client: Client
) -> None:
    chance = random.Random(9)
    before: list[tuple[int, bytes]] = []
    for _ in range(4):
        await fill(office.parts.pool, "nj01", chance.randrange(1, 400))
        await receiving.check()
        before.append(await client.checkpoint())
        hashes = b"".join(await client.row(0, before[-1][0]))
        leaves = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        assert [mth(leaves[:size]) for size, _ in before] == [root for _, root in before]


async def test_the_cosignatures_that_came_by_now_stand_below_the_log_s(
    office: Office, receiving: Receiving, client: Client
) -> None:
    await fill(office.parts.pool, "nj01", 3)
    await receiving.check()
    async with transaction(office.parts.pool) as tx:
        for witness, line, at in (("b", "old b\n", 1), ("b", "new b\n", 2), ("a", "a\n", 1)):
            await tx.execute(
                b"INSERT INTO cosignature VALUES ('nj01', 3, %s, to_timestamp(%s), %s)", [witness, at, line]
            )
    text = (await client.get("checkpoint", "text/plain; charset=utf-8")).decode()
    assert text.endswith("\na\nnew b\n")
    await fill(office.parts.pool, "nj01", 1)
    await receiving.check()
    assert (await client.get("checkpoint", "text/plain; charset=utf-8")).decode().count("\n") == 5
