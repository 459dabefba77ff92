"""The edge witness before a real tile server: what only grew is cosigned, what did not is told, and kept at once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import JournalFullError
from edge_agent.journal.journal import FILE, Journal, check_chain
from edge_agent.store import Reads
from edge_agent.witness import WAITING, EdgeWitness
from proof.checkpoint import Checkpoint
from proof.cosignature import cosigner, verify_cosignature
from proof.keys import SigningKey
from proof.note import read_note
from proof.witness import shows_fork
from tests.edge_agent.hands import Hands, counted_bytes, full_disk
from tests.edge_agent.public_log import PublicLog, public_log
from tests.edge_agent.scene import AGENT
from tests.edge_agent.witnessing import WITNESS_KEY
from wire.messages import Fact, body_of
from wire.witnessing import CheckpointRefused, Cosigned

ME = cosigner(f"sealtrail/{AGENT}", WITNESS_KEY)


@dataclass
class Desk:
    """A witness at work, its journal and the log it looks after."""

    witness: EdgeWitness
    journal: Journal
    hands: Hands
    log: PublicLog
    news: asyncio.Event

    def facts(self, kind: str = "") -> list[Fact]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [fact for fact in run.facts if kind in ("", fact.kind)] if run else []

    @property
    def cosigned(self) -> list[int]:
        return [fact.body["size"] for fact in self.facts("cosigned")]

    @property
    def refused(self) -> list[str]:
        return [fact.body["why"] for fact in self.facts("checkpoint_refused")]

    def hear(self, note: bytes) -> None:
        self.witness.hear(self.log.site, note)

    async def told(self, facts: int) -> None:
        """Returns when the journal holds `facts` facts."""
        async with asyncio.timeout(240):
            while self.journal.last < facts:
                self.news.clear()
                await self.news.wait()

    async def hear_and_tell(self, note: bytes) -> Fact:
        before = self.journal.last
        self.hear(note)
        await self.told(before + 1)
        return self.facts()[-1]


@contextmanager
def open_journal(folder: Path, hands: Hands) -> Iterator[Journal]:
    with closing(Journal(folder, hands.clock, counted_bytes())) as journal:
        yield journal


@asynccontextmanager
async def sitting(folder: Path, log: PublicLog, hands: Hands | None = None, every_s: float = 0) -> AsyncIterator[Desk]:
    """A witness of `log` at work until the end of the block."""
    hands, news, loop = hands or Hands(), asyncio.Event(), asyncio.get_running_loop()
    with open_journal(folder, hands) as journal:

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        journal.watch(wake)
        witness = EdgeWitness(AGENT, WITNESS_KEY, (log.verifier,), journal, hands.clock, f"{log.url}/", every_s, (0,))
        work = asyncio.create_task(witness.work())
        try:
            yield Desk(witness, journal, hands, log, news)
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


@pytest.fixture
async def log() -> AsyncIterator[PublicLog]:
    async with public_log() as log:
        yield log


@pytest.fixture
async def desk(tmp_path: Path, log: PublicLog) -> AsyncIterator[Desk]:
    async with sitting(tmp_path, log) as desk:
        yield desk


@pytest.mark.parametrize("steps", [(5, 7), (1, 255), (256, 1), (300, 65_536), (70_000, 3), (255, 1, 256, 512)])
async def test_what_only_grew_is_cosigned_with_its_own_key_at_its_own_time(desk: Desk, steps: tuple[int, ...]) -> None:
    for count in steps:
        note = desk.log.grow(count)
        body = body_of(Cosigned, (await desk.hear_and_tell(note)).body)
        signed = read_note(note + body.line.encode())
        assert verify_cosignature(signed, ME) == int(desk.hands.now.timestamp())
        assert Checkpoint.from_text(signed.text) == Checkpoint(desk.log.origin, body.size, bytes.fromhex(body.root))
        desk.hands.pass_(10)
    assert desk.refused == []
    assert desk.cosigned == [sum(steps[: count + 1]) for count in range(len(steps))]


async def test_the_same_checkpoint_heard_again_is_no_news(desk: Desk) -> None:
    note = desk.log.grow(5)
    await desk.hear_and_tell(note)
    desk.hear(note)
    await desk.hear_and_tell(desk.log.grow(1))
    assert desk.cosigned == [5, 6]


async def test_a_rolled_back_log_is_refused_whatever_the_broker_says(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(300))
    body = body_of(CheckpointRefused, (await desk.hear_and_tell(desk.log.roll_back(280))).body)
    assert (body.why, body.size, body.origin) == ("behind", 280, desk.log.origin)
    assert body.seen is not None
    read_note(body.note.encode()).verify(desk.log.verifier)
    seen = read_note(body.seen.note.encode())
    seen.verify(desk.log.verifier)
    assert Checkpoint.from_text(seen.text).size == body.seen.size == 300
    verify_cosignature(seen, ME)


async def test_old_news_from_the_broker_are_no_roll_back(desk: Desk) -> None:
    old = desk.log.grow(10)
    desk.log.grow(10)
    await desk.hear_and_tell(desk.log.note())
    desk.hear(old)
    await desk.log.asked_again()  # it asks the log itself
    desk.log.grow(5)
    await desk.hear_and_tell(old)
    assert desk.cosigned == [20, 25], "what the log itself serves is as good as what was heard"
    assert desk.refused == []


async def test_a_log_that_grew_again_over_lost_entries_is_shown_to_be_forked(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(300))
    desk.log.roll_back(290)
    body = body_of(CheckpointRefused, (await desk.hear_and_tell(desk.log.grow(600, "another"))).body)
    assert body.why == "forked"
    assert body.start is not None
    assert body.seen is not None
    seen = Checkpoint.from_text(read_note(body.seen.note.encode()).text)
    new = Checkpoint.from_text(read_note(body.note.encode()).text)
    assert shows_fork(seen, bytes.fromhex(body.start), new, [bytes.fromhex(node) for node in body.proof])
    assert desk.cosigned == [300]


async def test_two_roots_of_one_size_are_refused_without_asking_for_tiles(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(20))
    desk.log.absent = True
    desk.log.roll_back(10)
    await desk.hear_and_tell(desk.log.grow(10, "another"))
    assert (desk.refused, desk.log.asked) == (["two_roots"], [])


async def test_an_empty_log_cannot_have_another_root(desk: Desk) -> None:
    await desk.hear_and_tell(Checkpoint(desk.log.origin, 0, b"r" * 32).sign(desk.log.key).encode())
    assert desk.refused == ["false_empty"]


async def test_tiles_that_lead_nowhere_are_refused_and_right_ones_cosigned_afterwards(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(20))
    desk.log.broken = True
    await desk.hear_and_tell(desk.log.grow(13))
    assert desk.refused == ["unproven"]
    desk.log.broken = False
    await desk.hear_and_tell(desk.log.note())
    assert desk.cosigned == [20, 33]


async def test_while_tiles_are_missing_nothing_is_said_and_then_it_goes_on_by_itself(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(20))
    desk.log.absent = True
    desk.hear(desk.log.grow(13))
    await desk.log.asked_again(5)
    assert desk.journal.last == 1
    desk.log.absent = False
    await desk.told(2)
    assert desk.cosigned == [20, 33]


async def test_a_partial_tile_that_is_full_by_now_is_cut(desk: Desk) -> None:
    await desk.hear_and_tell(desk.log.grow(200))
    note = desk.log.grow(30)
    desk.log.grow(400)
    desk.log.only_full = True
    await desk.hear_and_tell(note)
    assert desk.cosigned == [200, 230]


async def test_strangers_logs_and_what_the_log_did_not_sign_leave_no_trace(desk: Desk) -> None:
    stranger = PublicLog(desk.log.site, SigningKey.from_seed(bytes(32)))
    other = PublicLog("bj01", SigningKey.from_seed(bytes(32)))
    for payload in (stranger.grow(5), other.grow(5), b"", b"\xff" * 100, b"x" * (2 << 20)):
        desk.hear(payload)
        desk.witness.hear("bj01", payload)
    huge = Checkpoint(desk.log.origin, 2**60, bytes(32)).sign(desk.log.key).encode()
    desk.hear(huge)
    await desk.hear_and_tell(desk.log.grow(1))
    assert [fact.kind for fact in desk.facts()] == ["cosigned"]


async def test_the_same_refusal_is_told_once_an_hour_also_over_a_restart(tmp_path: Path, log: PublicLog) -> None:
    hands = Hands()
    async with sitting(tmp_path, log, hands) as desk:
        await desk.hear_and_tell(log.grow(300))
        await desk.hear_and_tell(log.roll_back(280))
    async with sitting(tmp_path, log, hands) as desk:
        hands.pass_(3500)
        desk.hear(log.grow(1))
        await desk.hear_and_tell(PublicLog(log.site).grow(300, "another"))  # another complaint
        hands.pass_(200)
        await desk.hear_and_tell(log.grow(1))
        assert [(fact.body["why"], fact.body["size"]) for fact in desk.facts("checkpoint_refused")] == [
            ("behind", 280), ("two_roots", 300), ("behind", 282),
        ]  # fmt: skip


async def test_a_restart_knows_what_was_seen(tmp_path: Path, log: PublicLog) -> None:
    async with sitting(tmp_path, log) as desk:
        await desk.hear_and_tell(log.grow(40))
    async with sitting(tmp_path, log) as desk:
        log.roll_back(30)
        await desk.hear_and_tell(log.grow(10, "another"))
        assert (desk.cosigned, desk.refused) == ([40], ["two_roots"])


async def test_on_a_full_disk_neither_the_fact_nor_what_was_seen_is_kept(desk: Desk) -> None:
    note = desk.log.grow(40)
    with full_disk():
        with pytest.raises(JournalFullError):
            await desk.witness._take(None, desk.log.site, desk.log.verifier, note)  # type: ignore[arg-type]  # no tiles needed
        assert desk.journal.reads.rows("witnessed", origin=desk.log.origin) == []
    assert desk.facts() == []
    await desk.hear_and_tell(note)
    assert desk.cosigned == [40]


async def test_a_flood_of_checkpoints_forgets_the_oldest(desk: Desk) -> None:
    for _ in range(WAITING * 2):
        desk.hear(desk.log.grow(1))
    await desk.told(WAITING)
    assert desk.cosigned[0] == WAITING + 1
    assert desk.cosigned[-1] == WAITING * 2


async def test_a_log_is_cosigned_once_in_a_while_and_then_as_it_is_by_then(tmp_path: Path, log: PublicLog) -> None:
    async with sitting(tmp_path, log, every_s=8) as desk:
        await desk.hear_and_tell(log.grow(10))
        for _ in range(3):
            desk.hear(log.grow(10))
        desk.hear(log.roll_back(5))
        await desk.told(2)
        assert desk.refused == ["behind"], "which does not wait"
        log.leaves.clear()
        log.tiles.clear()
        log.grow(40)
        desk.hear(log.note())
        await desk.told(3)
        assert desk.cosigned == [10, 40]


async def test_after_a_kill_at_any_moment_fact_and_state_agree(tmp_path: Path, log: PublicLog) -> None:
    log.grows_by = 3
    newest = 0
    for round_ in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.edge_agent.witnessing", str(tmp_path), log.url, log.verifier.vkey
        )
        await log.asked_again(20 + 7 * round_)
        child.kill()
        await child.wait()
        with closing(Reads(tmp_path / FILE)) as reads:
            check_chain(reads)
            ((note,),) = reads.rows("witnessed", origin=log.origin)
        seen = Checkpoint.from_text(read_note(note.encode()).text)
        with open_journal(tmp_path, Hands()) as journal:
            facts = _all(journal)
        assert {fact.kind for fact in facts} == {"cosigned"}
        assert facts[-1].body["size"] == seen.size > newest
        newest = seen.size


def _all(journal: Journal) -> list[Any]:
    run = journal.run_from(1, 10_000, 1 << 26)
    assert run is not None
    return run.facts
