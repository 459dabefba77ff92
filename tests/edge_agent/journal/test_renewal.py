"""A journal that cannot go on is made anew: what is intact is carried over, the old file stays, and it is said (N6)."""

import hashlib
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import JournalDamagedError, JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import DAMAGED, FILE, RESUME, Journal, check_chain
from edge_agent.journal.renewal import BUILDING, READY, Base, open_journal, renew, tell_renewal
from edge_agent.store import Effect
from tests.edge_agent.hands import Hands, counted_bytes, fact
from wire.messages import Fact

FACTS, RECEIPTED = 400, 100
PAGE = 4096


@pytest.fixture
def hands() -> Hands:
    return Hands()


def opened(folder: Path, hands: Hands, resume: Base | None = None) -> Journal:
    """As a start opens it."""
    journal = open_journal(folder, hands.clock, counted_bytes(), resume=resume)
    tell_renewal(journal)
    return journal


def filled(folder: Path, hands: Hands, facts: int = FACTS, receipted: int = RECEIPTED) -> list[bytes]:
    """A journal of so many facts, closed; the head after each."""
    with closing(Journal(folder, hands.clock, counted_bytes())) as journal:
        sizes = random.Random(1)
        heads = [
            journal.record(
                Draft(kind="passage_decided", device="agent", body={"n": n, "x": "烟" * sizes.randrange(300)})
            ).head
            for n in range(1, facts + 1)
        ]
        if receipted:
            journal.receipt(receipted, heads[receipted - 1].hex())
        journal.apply([Effect("spend", {"permit": "nj01/L-1", "thing": "nj01/P-1"})])
        journal.apply([Effect("add_permit", {"id": "nj01/L-1", "jws": "x", "not_after": "2027"})])
    return heads


def garble(path: Path, pages: list[int], seed: int) -> None:
    noise = random.Random(seed)
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * PAGE)
            file.write(noise.randbytes(PAGE))


def pages_of(path: Path, table: str) -> list[int]:
    """The pages that hold rows of `table`, or where to find them."""
    with closing(sqlite3.connect(path)) as db:
        return [page for (page,) in db.execute("SELECT pageno FROM dbstat WHERE name = ?", [table])]


def readable(path: Path, table_rows: int) -> dict[int, str]:
    """Seq and content of every fact that SQLite can still give by its number."""
    found = {}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        for seq in range(1, table_rows + 1):
            try:
                row = db.execute("SELECT content FROM fact WHERE seq = ?", [seq]).fetchone()
            except sqlite3.DatabaseError:
                continue
            if row:
                found[seq] = row[0]
    return found


def all_facts(journal: Journal, first: int) -> list[Fact]:
    run = journal.run_from(first, 10_000, 1 << 30)
    return run.facts if run else []


def numbers(facts: list[Fact]) -> set[int]:
    """What the facts counted, whether they are told themselves or as salvaged."""
    return {
        one.body["n"] if "n" in one.body else one.body["content"]["body"]["n"]
        for one in facts
        if one.kind in ("passage_decided", "fact_salvaged")
    }


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("seed", range(12))
def test_after_damage_every_fact_that_can_be_read_is_there_and_the_rest_is_named(
    tmp_path: Path, hands: Hands, seed: int
) -> None:
    filled(tmp_path, hands)
    chance = random.Random(seed)
    garble(tmp_path / FILE, chance.sample(pages_of(tmp_path / FILE, "fact"), 1 + seed % 3), seed)
    left, before = readable(tmp_path / FILE, FACTS), sha(tmp_path / FILE)
    (tmp_path / DAMAGED).touch()
    with closing(opened(tmp_path, hands)) as journal:
        facts = all_facts(journal, RECEIPTED + 1) or all_facts(journal, 1)
        assert numbers(facts) == {seq for seq in left if seq > RECEIPTED}
        (said,) = [one.body for one in facts if one.kind == "journal_renewed"]
        gone = {seq for first, last in said["unreadable"] for seq in range(first, last + 1)}
        gone |= set(range(said["unknown_from"] or FACTS + 1, FACTS + 1))
        assert gone == set(range(RECEIPTED + 1, FACTS + 1)) - set(left)
        assert said["why"] == "damaged"
        assert sha(tmp_path / said["kept_as"] / FILE) == before
        assert check_chain(journal.reads) == len(facts)
        assert journal.record(fact("on")).fact.seq == journal.last
        assert journal.reads.rows("spent") == [("nj01/L-1", "nj01/P-1")]
        assert not journal.to_be_renewed


def test_facts_before_the_hole_keep_their_numbers_and_those_behind_it_are_told_again(
    tmp_path: Path, hands: Hands
) -> None:
    filled(tmp_path, hands)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        leaves = [row[0] for row in db.execute("SELECT pageno FROM dbstat WHERE name = 'fact' AND pagetype = 'leaf'")]
    garble(tmp_path / FILE, [leaves[-3]], 1)
    left = readable(tmp_path / FILE, FACTS)
    hole = min(set(range(RECEIPTED + 1, FACTS + 1)) - set(left))
    (tmp_path / DAMAGED).touch()
    with closing(opened(tmp_path, hands)) as journal:
        kept = all_facts(journal, RECEIPTED + 1)
        assert [one.seq for one in kept[: hole - RECEIPTED - 1]] == list(range(RECEIPTED + 1, hole))
        assert [one.kind for one in kept if one.seq >= hole][:2] == ["journal_renewed", "fact_salvaged"]
        behind = [one.body["seq"] for one in kept if one.kind == "fact_salvaged"]
        assert behind == [seq for seq in sorted(left) if seq > hole]
        assert kept[-1].body["sha256"] == hashlib.sha256(left[FACTS].encode()).hexdigest()


def test_damage_that_is_met_at_work_is_noted_for_the_next_start(tmp_path: Path, hands: Hands) -> None:
    filled(tmp_path, hands)
    garble(tmp_path / FILE, pages_of(tmp_path / FILE, "fact")[5:8], 2)
    journal = open_journal(tmp_path, hands.clock, counted_bytes())
    with pytest.raises(JournalDamagedError):
        journal.run_from(1, FACTS, 1 << 30)
    assert journal.to_be_renewed
    journal.close()
    with closing(opened(tmp_path, hands)) as again:
        assert not again.to_be_renewed
        assert "journal_renewed" in [one.kind for one in all_facts(again, RECEIPTED + 1)]


def test_a_file_of_which_nothing_can_be_read_is_kept_and_said(tmp_path: Path, hands: Hands) -> None:
    filled(tmp_path, hands)
    (tmp_path / FILE).write_bytes(b"photographs of a holiday" * 1000)
    with closing(opened(tmp_path, hands)) as journal:
        (only,) = all_facts(journal, 1)
        assert (only.body["after"], only.body["salvaged"], only.body["permits_dropped"]) == (0, 0, True)
        assert (tmp_path / only.body["kept_as"] / FILE).read_bytes().startswith(b"photographs")


def test_a_chain_that_somebody_changed_is_not_made_anew(tmp_path: Path, hands: Hands) -> None:
    filled(tmp_path, hands)
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.executescript("DROP TRIGGER fact_as_it_is; UPDATE fact SET salt = zeroblob(16) WHERE seq = 397")
    with pytest.raises(JournalError, match="chain breaks"):
        open_journal(tmp_path, hands.clock, counted_bytes())
    assert not (tmp_path / "old").exists()


def test_when_what_was_spent_cannot_be_read_no_permit_is_good_any_more(tmp_path: Path, hands: Hands) -> None:
    filled(tmp_path, hands)
    garble(tmp_path / FILE, pages_of(tmp_path / FILE, "spent"), 3)
    (tmp_path / DAMAGED).touch()
    with closing(opened(tmp_path, hands)) as journal:
        assert journal.reads.rows("permits") == []
        assert all_facts(journal, FACTS + 1)[0].body["permits_dropped"]
        assert len(all_facts(journal, RECEIPTED + 1)) == FACTS - RECEIPTED + 1


def copied(folder: Path, to: Path) -> None:
    to.mkdir()
    for path in folder.glob(f"{FILE}*"):
        shutil.copy(path, to / path.name)


def test_an_old_copy_that_was_put_back_goes_on_where_the_cloud_says_and_tells_what_it_had(
    tmp_path: Path, hands: Hands
) -> None:
    card, copy = tmp_path / "card", tmp_path / "copy"
    filled(card, hands, 10, 4)
    copied(card, copy)
    with closing(Journal(card, hands.clock, counted_bytes())) as journal:
        heads = [journal.record(fact(number=n)).head for n in range(3)]
    with closing(Journal(copy, hands.clock, counted_bytes())) as journal:
        journal.record(Draft(kind="passage_decided", device="agent", body={"n": 77}))
    with closing(opened(copy, hands, Base(13, heads[-1]))) as journal:
        facts = all_facts(journal, 14)
        assert facts[0].kind == "journal_renewed"
        said = {name: facts[0].body[name] for name in ("why", "after", "head", "salvaged")}
        assert said == {"why": "resumed", "after": 13, "head": heads[-1].hex(), "salvaged": 7}
        assert numbers(facts) == {5, 6, 7, 8, 9, 10, 77}
        assert journal.run_from(14, 1, 1000).prev == heads[-1]  # type: ignore[union-attr]  # it is there
        assert journal.receipted == 13
        assert journal.reads.rows("permits") == [("x",)]


@pytest.mark.parametrize("cut", ["building", "ready", "old wal moved", "old moved"])
def test_a_renewal_that_was_cut_off_is_finished_at_the_next_start(tmp_path: Path, hands: Hands, cut: str) -> None:
    filled(tmp_path, hands)
    (tmp_path / DAMAGED).touch()
    whole = tmp_path / "whole"
    copied(tmp_path, whole)
    (whole / DAMAGED).touch()
    renew(whole, "damaged")  # what the cut-off one would have come to
    if cut == "building":
        (tmp_path / BUILDING).write_bytes(b"half of it")
        (tmp_path / f"{BUILDING}-wal").write_bytes(b"half of it")
    else:
        shutil.copy(whole / FILE, tmp_path / READY)
        (tmp_path / "old" / "1").mkdir(parents=True)
        if cut == "old wal moved":
            (tmp_path / "old" / "1" / f"{FILE}-wal").write_bytes(b"")
        if cut == "old moved":
            os.rename(tmp_path / FILE, tmp_path / "old" / "1" / FILE)
    with closing(opened(tmp_path, hands)) as journal:
        facts = all_facts(journal, RECEIPTED + 1)
        assert numbers(facts) == set(range(RECEIPTED + 1, FACTS + 1))
        assert facts[-1].body["kept_as"] == "old/1"
        assert (tmp_path / "old" / "1" / FILE).exists()
        assert not (tmp_path / "old" / "2").exists()
        assert not (tmp_path / READY).exists()


def test_what_is_to_be_told_is_told_once_also_when_it_is_cut_off_between(tmp_path: Path, hands: Hands) -> None:
    card = tmp_path / "card"
    filled(card, hands, 10, 4)
    with closing(open_journal(card, hands.clock, counted_bytes(), resume=Base(50, bytes(32)))) as journal:
        (row,) = journal.reads.rows("renewal")
        body: dict[str, Any] = {"said": row[0][:10]}
        journal.record(Draft(kind="journal_renewed", device="agent", body=body, effects=(Effect("drop_renewal"),)))
    for _ in range(2):
        with closing(opened(card, hands)) as journal:
            kinds = [one.kind for one in all_facts(journal, 51)]
            assert kinds == ["journal_renewed"] + ["fact_salvaged"] * 6


def test_a_request_to_resume_that_is_no_order_for_us_is_dropped(tmp_path: Path, hands: Hands) -> None:
    filled(tmp_path, hands)
    (tmp_path / RESUME).write_text("x")
    with closing(opened(tmp_path, hands)) as journal:
        assert not journal.to_be_renewed
        assert journal.last == FACTS
