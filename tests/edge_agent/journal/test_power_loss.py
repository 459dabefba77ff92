"""The power goes: of what was handed to the disk and not confirmed anything may be missing, half written or noise.

Cut at many places: after the bytes that were on disk when `record` returned, the log's tail is shortened, zeroed or
filled with noise. What was told to be recorded stays; and what was being folded into the file is in the log still.
"""

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import FILE, Journal, check_chain
from tests.edge_agent.hands import Hands, counted_bytes, fact

WAL = f"{FILE}-wal"
SURE, MORE = 40, 60


def photograph(folder: Path, to: Path) -> tuple[int, int]:
    """A card as it is when the power goes after fact SURE + MORE; how long its log was after SURE, and is now."""
    hands = Hands()
    with closing(Journal(folder, hands.clock, counted_bytes())) as journal:
        for number in range(SURE):
            journal.record(Draft(kind="passage_decided", device="agent", body={"n": number, "x": "x" * number * 40}))
        sure = (folder / WAL).stat().st_size
        for number in range(MORE):
            journal.record(fact(n=SURE + number))
        to.mkdir()
        for name in (FILE, WAL):  # no -shm: it is memory, and gone
            shutil.copy(folder / name, to / name)
        return sure, (to / WAL).stat().st_size


@pytest.mark.parametrize("seed", range(40))
def test_what_was_recorded_is_there_after_any_cut(tmp_path: Path, seed: int) -> None:
    chance, card = random.Random(seed), tmp_path / "card"
    sure, end = photograph(tmp_path / "before", card)
    assert end > sure > 0
    cut = chance.randrange(sure, end)
    with (card / WAL).open("r+b") as log:
        match seed % 3:
            case 0:
                log.truncate(cut)
            case 1:
                log.seek(cut)
                log.write(bytes(end - cut))
            case _:
                log.seek(cut)
                log.write(chance.randbytes(end - cut))
    with closing(Journal(card, Hands().clock, counted_bytes())) as journal:
        assert SURE <= journal.last <= SURE + MORE
        assert check_chain(journal.reads) == journal.last
        run = journal.run_from(1, 1000, 1 << 24)
        assert run is not None
        assert [one.body.get("n") for one in run.facts] == list(range(journal.last))
        assert journal.record(fact("on")).fact.seq == journal.last


@pytest.mark.parametrize("seed", range(10))
def test_pages_torn_while_the_log_was_folded_in_are_read_from_the_log(tmp_path: Path, seed: int) -> None:
    """SQLite syncs the file before it begins its log anew, so until then the log has every page that may be torn."""
    chance, before, card = random.Random(seed), tmp_path / "before", tmp_path / "card"
    with closing(Journal(before, Hands().clock, counted_bytes())) as journal:
        for number in range(SURE):
            journal.record(Draft(kind="passage_decided", device="agent", body={"n": number, "x": "x" * 2000}))
        card.mkdir()
        shutil.copy(before / WAL, card / WAL)
    whole = (before / FILE).read_bytes()  # closing has folded all of it in
    start = chance.randrange(len(whole) // 2)
    noise = chance.randbytes(chance.randrange(512, len(whole) // 2))
    torn = whole[:start] + noise + whole[start + len(noise) :]
    first = 4096  # the page that the file is made with is synced before there is a log
    (card / FILE).write_bytes(torn[: chance.choice([len(torn), max(start, first), first])])
    with closing(Journal(card, Hands().clock, counted_bytes())) as journal:
        assert journal.last == check_chain(journal.reads) == SURE
