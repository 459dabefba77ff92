"""Time stamps by a real `openssl ts`, verified by us and by `openssl ts` alike."""

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psycopg
import pytest

from cloud.db.pool import Pool, transaction
from cloud.jobs import Jobs, Pace
from cloud.ledger.check import LedgerCheck
from cloud.ledger.stamping import Authority, StampError, ask_stamp, stamps_held, verify_stamp
from cloud.world import World, real_world
from tests.cloud.conftest import Database
from tests.cloud.ledger.test_proofs import fill
from tests.cloud.receiving import Receiving
from tests.system.waiting import until
from wire.memory import MemoryBroker

NOTE = b"sealtrail/test/nj01\n1\nroot\n\n- signed\n"
CONFIG = """
[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def openssl(folder: Path, *arguments: str, said: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *arguments], cwd=folder, input=said, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_authority(folder: Path, name: str) -> None:
    """A root (`ca.pem`) and a certificate for time stamps below it, in `folder`."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, *new, "-x509", "-days", "30", "-subj", f"/CN={name} root", "-keyout", "ca.key", "-out", "ca.pem")
    openssl(folder, *new, "-subj", f"/CN={name}", "-keyout", "tsa.key", "-out", "tsa.csr")
    openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20",
        "-extfile", "tsa.cnf", "-extensions", "ext", "-out", "tsa.pem",
    )  # fmt: skip


def reply(folder: Path, query: bytes) -> bytes:
    (folder / "query").write_bytes(query)
    openssl(
        folder, "ts", "-reply", "-config", "tsa.cnf", "-section", "here", "-queryfile", "query", "-inkey", "tsa.key",
        "-signer", "tsa.pem", "-out", "answer",
    )  # fmt: skip
    return (folder / "answer").read_bytes()


class Tsa(ThreadingHTTPServer):
    """`openssl ts` behind HTTP; `say` may be changed to answer otherwise."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.say: Callable[[bytes], bytes] = lambda query: reply(folder, query)
        self.url = f"http://127.0.0.1:{self.server_port}/tsa"


class _Handler(BaseHTTPRequestHandler):
    server: Tsa

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/timestamp-query"
        answer = self.server.say(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tsa") / "a"
    make_authority(made, "Test TSA")
    return made


@pytest.fixture
def tsa(folder: Path) -> Iterator[Tsa]:
    with Tsa(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def authority(tsa: Tsa, folder: Path) -> Authority:
    return Authority.from_pem(tsa.url, (folder / "ca.pem").read_bytes())


async def test_a_stamp_holds_for_us_and_for_openssl(tsa: Tsa, folder: Path, tmp_path: Path) -> None:
    async with httpx.AsyncClient(timeout=240) as http:
        at, token = await ask_stamp(http, authority(tsa, folder), NOTE)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert verify_stamp(token, NOTE, authority(tsa, folder)) == at
    await asyncio.to_thread((tmp_path / "note").write_bytes, NOTE)
    await asyncio.to_thread((tmp_path / "token").write_bytes, token)
    certificate = str(folder / "ca.pem")
    said = await asyncio.to_thread(
        openssl, tmp_path, "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", certificate
    )
    assert b"Verification: OK" in said


async def test_what_is_not_a_stamp_of_this_by_them_is_refused(tsa: Tsa, folder: Path, tmp_path: Path) -> None:
    async with httpx.AsyncClient(timeout=240) as http:
        _, token = await ask_stamp(http, authority(tsa, folder), NOTE)
        await asyncio.to_thread(make_authority, tmp_path / "b", "Another")
        strangers = Authority.from_pem(tsa.url, (tmp_path / "b" / "ca.pem").read_bytes())
        for false in (token[:-1], token[:40] + bytes([token[40] ^ 1]) + token[41:], b"", b"\x30\x03\x02\x01\x02"):
            with pytest.raises(StampError):
                verify_stamp(false, NOTE, authority(tsa, folder))
        with pytest.raises(StampError):
            verify_stamp(token, NOTE + b"x", authority(tsa, folder))
        with pytest.raises(StampError):
            verify_stamp(token, NOTE, strangers)
        tsa.say = lambda query: token  # an old answer to another question
        with pytest.raises(StampError, match=r"[Nn]once"):
            await ask_stamp(http, authority(tsa, folder), NOTE)
        with pytest.raises(StampError):
            await ask_stamp(http, Authority("http://127.0.0.1:1/", authority(tsa, folder).roots), NOTE)


@pytest.mark.parametrize("pem", [b"", b"no", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_certificates_that_are_none(pem: bytes) -> None:
    with pytest.raises(StampError):
        Authority.from_pem("http://127.0.0.1/", pem)


def test_a_certificate_without_a_root_is_not_enough(folder: Path) -> None:
    with pytest.raises(StampError):
        Authority.from_pem("http://127.0.0.1/", (folder / "tsa.pem").read_bytes())


async def test_checkpoints_are_stamped_and_a_false_stamp_in_the_table_is_found(
    pool: Pool, world: World, site: str, tsa: Tsa, folder: Path, database: Database
) -> None:
    receiving, ms = Receiving(pool, world, site), timedelta(milliseconds=1)

    async def stamped() -> int:
        (row,) = await receiving.rows("SELECT count(*) AS stamps FROM checkpoint_stamp")
        return int(row["stamps"])

    async with httpx.AsyncClient(timeout=240) as http:
        pace = Pace(look=10 * ms, stamp=0 * ms)
        worker = Jobs(pool, real_world(), MemoryBroker().connect, http, None, authority(tsa, folder), pace)
        running = asyncio.create_task(worker.run())
        try:
            for count in (1, 2):
                await fill(pool, site, 1)
                await receiving.check()

                async def done(wanted: int = count) -> bool:
                    return await stamped() == wanted

                await until(done, "a stamp")
        finally:
            running.cancel()
            await asyncio.wait({running})
    async with transaction(pool) as tx:
        whole = LedgerCheck(site=site, ok=True, entries=2, facts=0, records=2, agents=0)
        assert (await stamps_held(tx, whole, authority(tsa, folder))).stamps == 2
        assert (await stamps_held(tx, whole, None)).doubts[0].startswith("2 time stamps were not checked")
    with psycopg.connect(database.owner) as owner:
        owner.execute("ALTER TABLE checkpoint_stamp DISABLE TRIGGER keep")
        owner.execute("UPDATE checkpoint_stamp SET token = (SELECT token FROM checkpoint_stamp WHERE size = 1)")
    async with transaction(pool) as tx:
        found = await stamps_held(tx, whole, authority(tsa, folder))
        assert (found.ok, found.fault, found.row) == (False, "stamp_not_genuine", "checkpoint_stamp")
        assert await stamps_held(tx, found, authority(tsa, folder)) == found
