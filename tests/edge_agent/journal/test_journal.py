"""The journal keeps what it said it kept: on a full disk, through a SIGKILL, in one order, as one chain."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from custody.permits import time_text
from edge_agent.errors import DraftError, JournalError, ReceiptError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import FILE, Journal, check_chain
from edge_agent.store import Effect, Reads
from proof.keys import SigningKey
from tests.edge_agent.hands import Hands, counted_bytes, fact
from wire.batches import open_batch, sign_batch
from wire.messages import Fact

KEY = SigningKey.from_seed(bytes(32))


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def journal(tmp_path: Path, hands: Hands) -> Iterator[Journal]:
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    yield journal
    journal.close()


def spend(thing: str) -> Effect:
    return Effect("spend", {"permit": "nj01/L-1", "thing": thing})


def test_a_recorded_fact_is_on_disk_when_record_returns(journal: Journal, tmp_path: Path) -> None:
    sealed = journal.record(fact("one"))
    with sqlite3.connect(tmp_path / FILE) as other:
        rows = other.execute("SELECT seq, content, head FROM fact").fetchall()
    other.close()
    assert rows == [(1, sealed.content.decode(), sealed.head)]


def test_facts_are_numbered_in_the_order_they_were_handed_in_however_many_hands_there_are(journal: Journal) -> None:
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda number: journal.record(fact(number=number)), range(800)))
    assert sorted(one.fact.seq for one in sealed) == list(range(1, 801))
    assert check_chain(journal.reads) == 800
    waiting = [journal.submit(fact(number=number)) for number in range(300)]
    assert [future.result().fact.seq for future in waiting] == list(range(801, 1101))


def test_what_the_uplink_reads_is_a_batch_that_the_cloud_can_open(journal: Journal) -> None:
    for number in range(25):
        journal.record(fact("烟草专卖", number=number))
    run = journal.run_from(11, 10, 1 << 20)
    assert run is not None
    opened = open_batch(
        sign_batch("nj01.gate-a", run.facts, run.prev, run.head, KEY), "nj01.gate-a", {KEY.public.kid: KEY.public}.get
    )
    assert [sealed.fact.body["number"] for sealed in opened.facts] == list(range(10, 20))


def test_a_run_stays_under_its_size_and_has_one_fact_at_least(journal: Journal) -> None:
    for _ in range(5):
        journal.record(fact("汉" * 3000))
    run = journal.run_from(1, 100, 20_000)
    assert run is not None
    assert len(run.facts) == 2
    least = journal.run_from(3, 100, 1)
    assert least is not None
    assert [one.seq for one in least.facts] == [3]


def test_there_is_no_run_beyond_the_last_fact(journal: Journal) -> None:
    journal.record(fact())
    assert journal.run_from(2, 10, 1000) is None


def test_a_fact_and_its_effects_come_true_together(journal: Journal) -> None:
    journal.record(Draft(kind="passage_decided", device="agent", body={}, effects=(spend("a"), spend("b"))))
    with pytest.raises(JournalError):
        journal.record(Draft(kind="passage_decided", device="agent", body={}, effects=(spend("c"), spend("b"))))
    assert journal.reads.rows("spent") == [("nj01/L-1", "a"), ("nj01/L-1", "b")]
    assert journal.last == 1


def test_a_fact_that_cannot_be_sealed_takes_no_number_and_hurts_no_other(journal: Journal) -> None:
    before, bad, after = [journal.submit(draft) for draft in (fact("x"), fact(number=float("nan")), fact("y"))]
    assert before.result().fact.seq == 1
    with pytest.raises(DraftError):
        bad.result()
    assert after.result().fact.seq == 2
    assert check_chain(journal.reads) == 2


@pytest.mark.parametrize("body", [{"x": "y" * 70_000}, {"x": 2**60}, {"x": object()}])
def test_a_body_no_fact_may_have_is_the_callers_fault(journal: Journal, body: dict[str, Any]) -> None:
    with pytest.raises(DraftError):
        journal.record(fact(**body))


def test_a_new_start_goes_on_where_the_last_one_ended(tmp_path: Path, hands: Hands) -> None:
    first = Journal(tmp_path, hands.clock, counted_bytes())
    first.record(fact("before"))
    first.close()
    second = Journal(tmp_path, hands.clock, counted_bytes())
    assert second.record(fact("after")).fact.seq == 2
    assert check_chain(second.reads) == 2
    second.close()


def test_a_second_agent_cannot_have_the_same_journal(journal: Journal, tmp_path: Path, hands: Hands) -> None:
    with pytest.raises(JournalError, match="in use"):
        Journal(tmp_path, hands.clock, counted_bytes())


def test_a_closed_journal_says_so(tmp_path: Path, hands: Hands) -> None:
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    waiting = [journal.submit(fact()) for _ in range(50)]
    journal.close()
    assert [future.result().fact.seq for future in waiting] == list(range(1, 51))
    with pytest.raises(JournalError, match="closed"):
        journal.record(fact())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the bug is the point
def test_a_bug_in_the_writers_thread_leaves_nobody_waiting(tmp_path: Path, hands: Hands) -> None:
    journal = Journal(tmp_path, hands.clock, counted_bytes())

    def bug() -> None:
        raise ZeroDivisionError

    journal.watch(bug)
    assert journal.record(fact()).fact.seq == 1  # it is on disk, then the bug strikes
    with pytest.raises(JournalError):
        journal.record(fact())
    assert not journal.at_work
    journal.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE fact SET content = replace(content, 'three', 'seven') WHERE seq = 3",
        "UPDATE fact SET salt = zeroblob(16) WHERE seq = 3",
        "UPDATE fact SET head = zeroblob(32) WHERE seq = 5",
        "UPDATE mark SET receipted = 9; DELETE FROM fact WHERE seq = 3",
    ],
)
def test_a_journal_that_was_changed_is_found_out_at_the_start_and_by_verify(
    tmp_path: Path, hands: Hands, change: str
) -> None:
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    for text in ("one", "two", "three", "four", "five"):
        journal.record(fact(text))
    journal.close()
    db = sqlite3.connect(tmp_path / FILE)
    db.executescript(f"DROP TRIGGER fact_as_it_is; {change}")
    db.close()
    reads = Reads(tmp_path / FILE)
    with pytest.raises(JournalError, match="chain breaks"):
        check_chain(reads)
    reads.close()
    with pytest.raises(JournalError, match="chain breaks"):
        Journal(tmp_path, hands.clock, counted_bytes())


def test_the_file_itself_forbids_changing_a_fact_and_deleting_one_without_receipt(
    journal: Journal, tmp_path: Path
) -> None:
    journal.record(fact())
    db = sqlite3.connect(tmp_path / FILE)
    for change in ("UPDATE fact SET content = '{}'", "DELETE FROM fact"):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(change)
    db.close()


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, hands: Hands) -> None:
    (tmp_path / FILE).write_bytes(b"photographs of a holiday" * 100)
    with pytest.raises(JournalError):
        Journal(tmp_path, hands.clock, counted_bytes())


def test_a_receipt_is_remembered_over_a_restart(tmp_path: Path, hands: Hands) -> None:
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    heads = [journal.record(fact()).head for _ in range(4)]
    journal.receipt(3, heads[2].hex())
    journal.receipt(1, heads[0].hex())
    journal.close()
    again = Journal(tmp_path, hands.clock, counted_bytes())
    assert again.receipted == 3
    again.close()


@pytest.mark.parametrize(("upto", "head"), [(2, "00" * 32), (3, "00" * 32)])
def test_a_receipt_for_other_facts_than_ours_is_an_error(journal: Journal, upto: int, head: str) -> None:
    for _ in range(2):
        journal.record(fact())
    with pytest.raises(ReceiptError):
        journal.receipt(upto, head)
    assert journal.receipted == 0


def test_only_old_facts_with_a_receipt_are_forgotten_and_the_chain_still_checks(
    tmp_path: Path, journal: Journal, hands: Hands
) -> None:
    heads = []
    for _ in range(6):
        heads.append(journal.record(fact()).head)
        hands.pass_(60)
    journal.receipt(4, heads[3].hex())
    far_future = time_text(hands.now)
    assert journal.prune(time_text(hands.now.replace(minute=2))) == 2  # facts of 12:00 and 12:01
    assert journal.run_from(2, 10, 10_000) is None
    assert check_chain(journal.reads) == 4
    assert journal.prune(far_future) == 2
    run = journal.run_from(5, 10, 10_000)
    assert run is not None
    assert run.prev == heads[3]
    journal.close()
    again = Journal(tmp_path, hands.clock, counted_bytes())
    assert again.record(fact()).fact.seq == 7
    assert check_chain(again.reads) == 3
    again.close()


def test_a_full_disk_is_told_old_rows_stay_and_recording_goes_on_when_there_is_room(
    tmp_path: Path, hands: Hands
) -> None:
    """RLIMIT_FSIZE in a child process: no file may grow beyond a limit, which the kernel enforces like a full disk."""
    child = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, timeout=240, cwd=os.getcwd()
    )
    assert child.returncode == 0, child.stderr
    kept, refused = map(int, child.stdout.split())
    assert refused > 0
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    assert journal.last == kept
    assert check_chain(journal.reads) == kept
    journal.close()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from typing import Any
from edge_agent.errors import JournalFullError
from edge_agent.journal.journal import Journal
from tests.edge_agent.hands import Hands, counted_bytes, fact
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]), Hands().clock, counted_bytes())
kept = journal.record(fact("before")).fact.seq
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
refused = 0
while refused < 5:
    try:
        kept = journal.record(fact("x" * 30_000)).fact.seq
    except JournalFullError:
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert journal.record(fact("after")).fact.seq == kept + 1
journal.close()
print(kept + 1, refused)
"""


def test_what_was_recorded_survives_a_sigkill(tmp_path: Path, hands: Hands) -> None:
    """The child prints a seq only after `record` returned; it is killed while eight threads write."""
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=os.getcwd()
    )
    assert child.stdout is not None
    told = [int(child.stdout.readline()) for _ in range(300)]
    child.send_signal(signal.SIGKILL)
    rest = child.stdout.read().split("\n")[:-1]  # the last line may be cut
    child.wait()
    child.stdout.close()
    told += [int(line) for line in rest]
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    assert journal.last >= max(told)
    assert check_chain(journal.reads) == journal.last
    assert {one.seq for one in _all(journal)} >= set(told)
    journal.close()


ENDLESS = """
import os, sys, threading
from pathlib import Path
from typing import Any
from edge_agent.journal.journal import Journal
from tests.edge_agent.hands import Hands, counted_bytes, fact
journal = Journal(Path(sys.argv[1]), Hands().clock, counted_bytes())
def write():
    while True:
        os.write(1, f"{journal.record(fact('x')).fact.seq}\\n".encode())
threads = [threading.Thread(target=write, daemon=True) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def _all(journal: Journal) -> list[Fact]:
    facts: list[Fact] = []
    first = 1
    while run := journal.run_from(first, 500, 1 << 20):
        facts += run.facts
        first = run.facts[-1].seq + 1
    return facts
