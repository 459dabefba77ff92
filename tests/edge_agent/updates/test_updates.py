"""An update from its order to its end, with the launcher's part played by its files."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cloud.releases.packing import For, pack_tree
from edge_agent.clock import SystemClock
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import VERSION
from edge_agent.updates.book import Book
from edge_agent.updates.fetching import Fetching
from edge_agent.updates.home import Home
from edge_agent.updates.updates import Around, Updates
from proof.keys import SigningKey
from tests.system.waiting import until
from wire.kinds import FactKind
from wire.releases import JOURNAL, Update, digest_of

PUBLISHER, STRANGER = SigningKey.from_seed(b"p" * 32), SigningKey.from_seed(b"x" * 32)
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass
class Board:
    """A board whose release was fetched already; what is open and lost there is the test's to say."""

    folder: Path
    journal: Journal
    open: str | None = None
    lost: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.folder / "home", self.folder / "updates")

    def start(self, trial_s: float = 20) -> Updates:
        """As at a new start of the process."""
        fetching = Fetching(
            agent="nj01.gate-a", key=STRANGER, clock=SystemClock("b0"), url="http://127.0.0.1:9",
            folder=self.home.notes, short=lambda: False, spare_bytes=0,
        )  # fmt: skip
        around = Around(
            busy=lambda: self.open, lost=lambda: self.lost, publisher={PUBLISHER.public.kid: PUBLISHER.public}.get,
            quiet_s=0, trial_s=trial_s, again_s=0.05,
        )  # fmt: skip
        return Updates(self.home, Book(self.home.notes), self.journal, fetching, around)

    def order(self, number: int = 1, key: SigningKey = PUBLISHER, **made_for: Any) -> Update:
        """An order for a release of which every byte is here already."""
        fits: dict[str, Any] = {"follows": "0.1.0", "python": PYTHON, "platform": "any", "journal": JOURNAL}
        out = self.folder / f"{number}.zip"
        pack_tree(out, key, self.folder / "none", "0.2.0", For(**fits | made_for), {"sealtrail.py": b"pass"})
        with out.open("rb") as file:
            sha256 = digest_of(file)
        self.home.notes.mkdir(exist_ok=True)
        out.rename(self.home.notes / f"{sha256[:12]}.part")
        size = (self.home.notes / f"{sha256[:12]}.part").stat().st_size
        return Update(number=number, version="0.2.0", sha256=sha256, bytes=size, approved=7)

    def launcher_says(self, **state: Any) -> None:
        """Its state; whole or not at all, as it writes it."""
        fresh = self.home.releases / "state.new"
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(self.home.releases / "state.json")

    def note(self, name: str) -> dict[str, Any]:
        path = self.home.notes / name
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def told(self) -> list[tuple[str, str, str]]:
        run = self.journal.run_from(1, 1000, 1 << 20)
        facts = [fact for fact in (run.facts if run else []) if fact.kind.startswith("update")]
        return [(fact.kind.removeprefix("update_"), fact.body["code"], fact.body["reason"]) for fact in facts]

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.told()]

    def heard_by_the_cloud(self) -> None:
        self.journal.record(Draft(kind=FactKind.HEARTBEAT, device="agent", body={}))
        head = self.journal.head_at(self.journal.last)
        assert head is not None
        self.journal.receipt(self.journal.last, head.hex())


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    journal = Journal(tmp_path / "journal", SystemClock("b0"), lambda n: bytes(n))
    (tmp_path / "home").mkdir()
    yield Board(tmp_path, journal)
    journal.close()


async def ended(working: "asyncio.Task[None]") -> None:
    working.cancel()
    await asyncio.wait({working})


async def test_it_is_laid_ready_waits_once_and_leaves_when_nothing_is_open(board: Board) -> None:
    updates, order = board.start(), board.order()
    board.open, board.lost = "door_open", ["an old lamp"]
    working = asyncio.create_task(updates.work())
    assert updates.want(order, "token") is None
    assert updates.want(order, "token") is None, "it is sent until it is answered, and no news"
    await until(lambda: (board.home.notes / "ready").exists(), "it is fetched")
    assert (board.home.notes / "wanted.jws").read_text() == "token"
    board.launcher_says(staged={"number": 1})
    await until(lambda: "waiting" in board.kinds(), "it waits")
    assert not working.done()
    assert board.note("apply.json") == {}
    state = updates.state()
    assert state is not None
    assert state.state == "waiting"
    board.open = None
    await asyncio.wait_for(working, 240)
    assert (updates.leaving, board.note("apply.json")) == (True, {"number": 1})
    assert board.told() == [("staged", "", ""), ("waiting", "door_open", "")]


async def begun(board: Board) -> None:
    """The process before this one left for the launcher, which began the trial."""
    updates = board.start()
    updates.want(board.order(), "token")
    board.launcher_says(staged={"number": 1})
    await asyncio.wait_for(updates.work(), 240)
    board.launcher_says(staged={"number": 1}, trying={"number": 1, "begun": True})


async def test_what_runs_on_trial_is_kept_once_the_cloud_heard_of_it(board: Board) -> None:
    await begun(board)
    updates = board.start()
    working = asyncio.create_task(updates.work())
    updates.ready.set()
    assert board.note("health.json") == {}
    await asyncio.to_thread(board.heard_by_the_cloud)
    await until(lambda: "applied" in board.kinds(), "it is told")
    assert board.note("health.json")["healthy"] is True
    await ended(working)
    again = board.start()
    working = asyncio.create_task(again.work())
    assert not updates.leaving
    board.launcher_says(last={"number": 1, "outcome": "applied"})
    await ended(working)
    assert board.kinds() == ["staged", "applied"], "told once"
    assert not (board.home.notes / "release.zip").exists(), "the room is for evidence"


@pytest.mark.parametrize("sick", ["a device is lost", "no receipt", "never ready"])
async def test_where_it_is_not_well_in_time_it_says_so_and_leaves(board: Board, sick: str) -> None:
    await begun(board)
    updates = board.start(trial_s=0.2)
    if sick != "never ready":
        updates.ready.set()
    if sick == "a device is lost":
        board.lost = ["camera"]
        await asyncio.to_thread(board.heard_by_the_cloud)
    await asyncio.wait_for(updates.work(), 240)
    said = board.note("health.json")
    assert (updates.leaving, said["healthy"]) == (True, False)
    words = {"a device is lost": "lost: camera", "no receipt": "no receipt", "never ready": "never ready"}[sick]
    assert words in said["problem"]


async def test_the_old_release_tells_why_the_new_one_was_undone(board: Board) -> None:
    await begun(board)
    board.launcher_says(last={"number": 1, "outcome": "rolled_back", "problem": "it ended"})
    working = asyncio.create_task(board.start().work())
    await until(lambda: "rolled_back" in board.kinds(), "it is told")
    await ended(working)
    assert board.told()[-1] == ("rolled_back", "unhealthy", "it ended")


async def test_what_the_launcher_never_began_is_wanted_still(board: Board) -> None:
    await begun(board)
    board.launcher_says(staged={"number": 1})  # the power failed before it could
    updates = board.start()
    await asyncio.wait_for(updates.work(), 240)
    assert updates.leaving
    assert board.kinds() == ["staged"]


@pytest.mark.parametrize(
    ("made_for", "code"),
    [
        ({"journal": JOURNAL + 1}, "journal"),
        ({"python": "3.99"}, "python"),
        ({"platform": "win32"}, "platform"),
        ({"follows": "9.0"}, "follows"),
        ({"key": STRANGER}, "release"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_what_does_not_fit_here_is_refused_before_it_is_laid_ready(
    board: Board, made_for: dict[str, Any], code: str
) -> None:
    updates = board.start()
    updates.want(board.order(**made_for), "token")
    working = asyncio.create_task(updates.work())
    await until(lambda: bool(board.kinds()), "it is told")
    await ended(working)
    assert [(kind, told) for kind, told, _ in board.told()] == [("refused", code)]
    assert not (board.home.notes / "ready").exists()


async def test_what_cannot_be_installed_is_told_in_the_launchers_words(board: Board) -> None:
    updates = board.start()
    updates.want(board.order(), "token")
    board.launcher_says(fault={"number": 1, "problem": "not enough room"})
    working = asyncio.create_task(updates.work())
    await until(lambda: bool(board.kinds()), "it is told")
    await ended(working)
    assert board.told() == [("refused", "not_installed", "not enough room")]


async def test_an_older_order_is_not_gone_back_to_and_a_newer_one_takes_its_place(board: Board) -> None:
    updates = board.start()
    first, second = board.order(4), board.order(5)
    assert updates.want(second, "second") is None
    assert "after 5 was seen" in str(updates.want(first, "first"))
    assert "after 5 was seen" in str(board.start().want(first, "first")), "after a new start too"
    newer = board.order(6)
    board.open = "task_open"
    working = asyncio.create_task(updates.work())
    board.launcher_says(staged={"number": 5})
    await until(lambda: "waiting" in board.kinds(), "the second waits")
    updates.want(newer, "newer")
    board.open = None
    await until(lambda: (board.home.notes / "wanted.jws").exists(), "the newer one is here")
    assert (board.home.notes / "wanted.jws").read_text() == "newer"
    assert board.note("apply.json") == {}, "what is wanted no more is not begun"
    await ended(working)


async def test_a_disk_that_cannot_be_written_ends_no_agent(board: Board) -> None:
    updates, order = board.start(), board.order()
    (board.home.releases / "state.json").write_text("{")  # nor one that cannot be read
    updates.want(order, "token")
    working = asyncio.create_task(updates.work())
    await until(lambda: updates._loop is not None, "it is at work")
    assert not working.done()
    board.launcher_says(staged={"number": 1})
    await asyncio.wait_for(working, 240)
    assert updates.leaving


def test_a_spoiled_book_begins_anew(board: Board) -> None:
    board.start().want(board.order(), "token")
    (board.home.notes / "book.json").write_text("{")
    assert Book(board.home.notes).pages.newest == 0


def test_the_journal_that_releases_are_made_for_is_the_one_that_is_written() -> None:
    assert JOURNAL == VERSION
