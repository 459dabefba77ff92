"""Checkpoints go to real witnesses, and what those say is published, judged, and an alarm where it must be one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cloud.db.embedded import EmbeddedServer
from cloud.db.pool import Pool, open_pool, transaction
from cloud.jobs import Jobs, Pace
from cloud.ledger.checkpoints import published_note, sign_checkpoints
from cloud.ledger.cosigning import trusted_note
from cloud.ledger.service import add_site
from cloud.world import World, real_world
from proof.keys import SigningKey
from proof.note import NoteVerifier
from proof.policy import Policy, judge, parse_policy
from tests.cloud.conftest import DEPLOYMENT, START, Database
from tests.cloud.ledger.test_proofs import fill
from tests.cloud.receiving import LOG_KEY, Receiving
from tests.system.waiting import until
from wire.memory import MemoryBroker

ORIGIN = f"sealtrail/{DEPLOYMENT}/nj01"
LOG = NoteVerifier(ORIGIN, LOG_KEY.public)
MS = timedelta(milliseconds=1)
PACE = Pace(look=10 * MS, silent=50 * MS, denied=50 * MS, quorum=timedelta(hours=1))
NAMES = ("court.example/w", "bureau.example/w")


@dataclass
class Witness:
    """A witness process of its own."""

    folder: Path
    name: str
    vkey: str = ""
    url: str = ""
    process: subprocess.Popen[str] = field(init=False)

    def start(self, port: int = 0) -> None:
        self.folder.mkdir(exist_ok=True)
        command, key = [sys.executable, "-m", "sealtrail", "witness"], self.folder / "key.pem"
        if not key.exists():
            made = [*command, "keygen", "-o", str(key), "--name", self.name]
            self.vkey = subprocess.run(made, capture_output=True, text=True, check=True, timeout=240).stdout.strip()
        serve = ["serve", "--name", self.name, "--key", str(key), "--state", str(self.folder / "state"),
                 "--log", LOG.vkey, "--port", str(port)]  # fmt: skip
        self.process = subprocess.Popen([*command, *serve], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=240)

    def accusations(self) -> int:
        """How many proofs or doubts it keeps."""
        command = [sys.executable, "-m", "sealtrail", "witness", "status", "--json", "--state"]
        done = subprocess.run([*command, str(self.folder / "state")], capture_output=True, text=True, timeout=240)
        return len(json.loads(done.stdout)["accusations"])


@pytest.fixture
async def witnesses(tmp_path: Path) -> AsyncIterator[list[Witness]]:
    made = [Witness(tmp_path / name.partition(".")[0], name) for name in NAMES]
    for witness in made:
        await asyncio.to_thread(witness.start)
    yield made
    for witness in made:
        await asyncio.to_thread(witness.stop)


def policy_of(witnesses: list[Witness], *, least: int = 2) -> Policy:
    lines = [f"log {LOG.vkey}"]
    lines += [f"witness w{number} {witness.vkey} {witness.url}" for number, witness in enumerate(witnesses)]
    lines += [f"group both {least} {' '.join(f'w{number}' for number in range(len(witnesses)))}", "quorum both", ""]
    return parse_policy("\n".join(lines).encode())


@asynccontextmanager
async def working(
    pool: Pool, policy: Policy | None, broker: MemoryBroker, pace: Pace = PACE, world: World | None = None
) -> AsyncIterator[Jobs]:
    async with httpx.AsyncClient(timeout=240) as http:
        worker = Jobs(pool, world or real_world(), broker.connect, http, policy, pace=pace)
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(240):
                await worker.ready.wait()
            yield worker
        finally:
            running.cancel()
            await asyncio.wait({running})
        assert running.cancelled()


def trusted(pool: Pool, policy: Policy, size: int) -> Callable[[], Awaitable[bool]]:
    async def is_it() -> bool:
        async with transaction(pool) as tx:
            found = await trusted_note(tx, "nj01", policy)
        return found is not None and found[0] >= size

    return is_it


async def signed(receiving: Receiving, count: int, first: int = 0) -> int:
    """Adds `count` entries and signs the log; returns its size."""
    await fill(receiving.pool, "nj01", count, first)
    async with transaction(receiving.pool) as tx:
        await sign_checkpoints(tx, real_world(), lambda _: LOG_KEY)
    (row,) = await receiving.rows("SELECT max(size) AS size FROM checkpoint")
    return int(row["size"])


async def test_witnesses_cosign_what_is_new_and_agents_hear_of_it(
    pool: Pool, world: World, site: str, witnesses: list[Witness]
) -> None:
    receiving, policy, broker = Receiving(pool, world, site), policy_of(witnesses), MemoryBroker()
    async with working(pool, policy, broker):
        for size in (1, 300, 301):
            size = await signed(receiving, size)
            await until(trusted(pool, policy, size), "a quorum")

        def told() -> bool:
            notes = [judge(told.payload, policy) for told in broker.retained_for("sealtrail/v1/+/checkpoint")]
            return any(judged.quorum and judged.checkpoint.size >= size for judged in notes)

        await until(told, "the agents hear of the cosigned checkpoint")
    async with transaction(pool) as tx:
        note = await published_note(tx, site)
    assert note is not None
    assert set(judge(note.encode(), policy).cosigned_at_s) == {"w0", "w1"}
    lives = await receiving.rows("SELECT owner FROM key_life WHERE role = 'witness' AND ended IS NULL ORDER BY owner")
    assert [life["owner"] for life in lives] == sorted(NAMES)
    assert await receiving.alarms() == set()


async def test_a_log_that_rests_is_cosigned_again(
    pool: Pool, world: World, site: str, witnesses: list[Witness]
) -> None:
    receiving, policy = Receiving(pool, world, site), policy_of(witnesses)
    await signed(receiving, 3)

    async def again() -> bool:
        (row,) = await receiving.rows(
            "SELECT count(DISTINCT at) AS times FROM cosignature WHERE witness = %s", NAMES[0]
        )
        return bool(row["times"] > 1)

    async with working(pool, policy, MemoryBroker(), Pace(look=10 * MS, fresh=timedelta(seconds=1))):
        await until(again, "a second cosignature of the same checkpoint")


async def test_a_witness_that_knows_more_than_we_remember_is_asked_from_there(
    pool: Pool, database: Database, server: EmbeddedServer, world: World, site: str, witnesses: list[Witness]
) -> None:
    """Our own memory of cosignatures is lost; the log itself is whole."""
    receiving, policy = Receiving(pool, world, site), policy_of(witnesses)
    async with working(pool, policy, MemoryBroker()):
        await until(trusted(pool, policy, await signed(receiving, 40)), "a quorum")
    for statement in ("DROP TRIGGER keep ON cosignature", "DELETE FROM cosignature"):
        async with open_pool(database.owner, most=1) as owner, transaction(owner) as tx:
            await tx.execute(statement.encode())
    async with working(pool, policy, MemoryBroker()):
        await until(trusted(pool, policy, await signed(receiving, 40)), "a quorum")
    assert await receiving.alarms() == set()


async def test_a_witness_that_is_away_is_missed_and_comes_back(
    pool: Pool, world: World, site: str, witnesses: list[Witness]
) -> None:
    receiving, policy = Receiving(pool, world, site), policy_of(witnesses)
    await asyncio.to_thread(witnesses[1].stop)
    port = int(witnesses[1].url.rpartition(":")[2])
    missing = {("too_few_witnesses", ORIGIN)}
    pace = Pace(look=10 * MS, silent=50 * MS, quorum=100 * MS)

    async def is_missed() -> bool:
        return await receiving.alarms() == missing

    async def is_not_missed() -> bool:
        return await receiving.alarms() == set()

    async with working(pool, policy, MemoryBroker(), pace):
        await signed(receiving, 5)
        await until(is_missed, "an alarm")
        await asyncio.to_thread(witnesses[1].start, port)
        await until(is_not_missed, "the alarm is over")


async def test_both_witnesses_refuse_a_log_restored_from_an_old_copy(
    database: Database, server: EmbeddedServer, world: World, witnesses: list[Witness], new_name: Callable[[], str]
) -> None:
    policy, copy = policy_of(witnesses), new_name()
    async with open_pool(database.app) as pool:
        receiving = Receiving(pool, world, "nj01")
        async with transaction(pool) as tx:
            await add_site(tx, site="nj01", name_zh="一", name_en="one", deployment=DEPLOYMENT, at=START)
        async with working(pool, policy, MemoryBroker()):
            await until(trusted(pool, policy, await signed(receiving, 20)), "a quorum")
    await asyncio.to_thread(server.create, copy, database.name)
    async with open_pool(database.app) as pool:
        receiving = Receiving(pool, world, "nj01")
        async with working(pool, policy, MemoryBroker()):
            await until(trusted(pool, policy, await signed(receiving, 20)), "a quorum")
        assert await receiving.alarms() == set()
    async with open_pool(server.url(copy, "sealtrail_app")) as pool:
        receiving = Receiving(pool, world, "nj01")
        refused = {("checkpoint_refused", name) for name in NAMES}

        async def all_refuse() -> bool:
            return await receiving.alarms() == refused

        async with working(pool, policy, MemoryBroker()):
            await signed(receiving, 1, 900)
            await until(all_refuse, "the shorter log is refused")
            size = await signed(receiving, 100, 1000)  # longer now than what the witnesses saw, and another log
            seen = "SELECT min((detail ->> 'status')::int) AS status FROM alarm WHERE (detail ->> 'size')::int >= %s"

            async def both_see_the_fork() -> bool:
                (row,) = await receiving.rows(seen + " HAVING count(*) = 2", size) or [{"status": 0}]
                return bool(row["status"] == 422)

            await until(both_see_the_fork, "the forked log is refused")
        severities = await receiving.rows("SELECT DISTINCT severity FROM alarm")
        assert severities == [{"severity": "critical"}]
        async with transaction(pool) as tx:
            found = await trusted_note(tx, "nj01", policy)
        assert found is not None
        assert found[0] <= 25  # nothing of the false log was cosigned
    assert [await asyncio.to_thread(witness.accusations) > 0 for witness in witnesses] == [True, True]
    await asyncio.to_thread(server.drop, copy)


async def test_a_witness_that_does_not_know_the_log_is_an_alarm_and_a_false_signature_is_nothing(
    pool: Pool, world: World, site: str, witnesses: list[Witness]
) -> None:
    receiving = Receiving(pool, world, site)
    other = SigningKey.from_seed(b"x" * 32)
    liar = NoteVerifier(NAMES[0], other.public, 4)
    policy = parse_policy(f"witness w {liar.vkey} {witnesses[0].url}\nquorum w\n".encode())
    pace = Pace(look=10 * MS, silent=50 * MS, quorum=100 * MS)

    async def is_missed() -> bool:
        return ("too_few_witnesses", ORIGIN) in await receiving.alarms()

    async with working(pool, policy, MemoryBroker(), pace):
        await signed(receiving, 5)
        await until(is_missed, "an alarm")
    assert await receiving.rows("SELECT FROM cosignature") == []


async def test_without_a_policy_agents_hear_of_checkpoints_all_the_same(pool: Pool, world: World, site: str) -> None:
    receiving, broker = Receiving(pool, world, site), MemoryBroker()
    async with working(pool, None, broker), broker.connect() as agent:
        await agent.subscribe("sealtrail/v1/+/checkpoint")
        for size in (1, 2):
            await signed(receiving, 1)
            async with asyncio.timeout(240):
                message = await anext(agent.messages())
            assert message.topic == "sealtrail/v1/nj01/checkpoint"
            assert message.payload.split(b"\n")[1] == b"%d" % size
        broker.cut()
        await signed(receiving, 1)
        broker.mend()

        def told() -> bool:
            return broker.retained_for(message.topic)[0].payload.split(b"\n")[1] == b"3"

        await until(told, "the newest after a cut")
