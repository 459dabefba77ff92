"""Room that is kept for evidence: on a disk that others filled what happened is recorded, what only repeats is not."""

import json
from pathlib import Path

from tests.edge_agent.journal.small_disk import on_small_disk

BEGIN = """
import json, os, subprocess, sys
from pathlib import Path
from edge_agent.errors import JournalError, JournalFullError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal, check_chain
from tests.edge_agent.hands import Hands, counted_bytes, fact
folder = Path(sys.argv[1])
journal = Journal(folder, Hands().clock, counted_bytes(), reserve_bytes=RESERVE)

def fill():
    with (folder / "other").open("ab", buffering=0) as other:
        try:
            while True:
                other.write(bytes(1 << 14))
        except OSError:
            pass

def record(kind="passage_decided"):
    try:
        journal.record(Draft(kind=kind, device="agent", body={"text": "x" * 20_000}))
    except JournalFullError:
        return False
    return True
"""

WHOLE_STORY = (
    BEGIN.replace("RESERVE", "12 << 20")
    + """
before = journal.reserve.opened
fill()
evidence = sum(record() for _ in range(100))
opened = journal.reserve.opened
routine = sum(record("heartbeat") for _ in range(5))
thinned = dict(journal.reserve.thinned)
while record():
    evidence += 1
left, still = journal.reserve.left, journal.last
refused = not record()
os.unlink(folder / "other")
whole = journal.reserve.refill()
again = record("heartbeat") and record()
told = dict(before=before, opened=opened, evidence=evidence, routine=routine, thinned=thinned, left=left,
            still=still, refused=refused, whole=whole, again=again, last=journal.last,
            checked=check_chain(journal.reads))
journal.close()
print(json.dumps(told))
"""
)


def test_on_a_full_disk_evidence_goes_on_in_the_reserve_and_routine_facts_are_counted(tmp_path: Path) -> None:
    told = json.loads(on_small_disk(tmp_path, 64, WHOLE_STORY))
    assert not told["before"]
    assert told["opened"]
    assert told["evidence"] > 200  # 12 MiB of 20 KB each, partly twice on disk until the log is folded in
    assert (told["routine"], told["thinned"]) == (0, {"heartbeat": 5})
    assert told["left"] == 0  # and only then nothing more could be recorded
    assert told["refused"]
    assert told["still"] == told["evidence"]
    assert told["whole"]
    assert told["again"]
    assert told["checked"] == told["last"] == told["evidence"] + 2


NO_ROOM = (
    BEGIN.replace("RESERVE", "0")
    + """
fill()
kept = sum(record() for _ in range(50))
print(json.dumps([kept, journal.last, journal.reserve.opened]))
"""
)


def test_without_a_reserve_a_full_disk_takes_nothing(tmp_path: Path) -> None:
    kept, last, opened = json.loads(on_small_disk(tmp_path, 16, NO_ROOM))
    assert kept == last < 5  # what the file had room for in itself
    assert not opened


READ_ONLY = (
    BEGIN.replace("RESERVE", "0")
    + """
assert record()
remount = lambda how: subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)
facts = []
try:  # as a kernel does to a card whose file system has errors; files that are open keep it from being so at once
    remount("ro")
    try:
        journal.record(fact("x"))
    except JournalError as error:
        facts.append(type(error).__name__)
    remount("rw")
except subprocess.CalledProcessError:
    facts.append("busy")
journal.close()
remount("ro")
try:
    Journal(folder, Hands().clock, counted_bytes())
except JournalError as error:
    facts.append(str(error))
remount("rw")
again = Journal(folder, Hands().clock, counted_bytes())
again.record(fact("y"))
print(json.dumps([facts, again.last, check_chain(again.reads)]))
"""
)


def test_a_read_only_disk_is_told_and_recording_goes_on_when_it_is_not_any_more(tmp_path: Path) -> None:
    facts, last, checked = json.loads(on_small_disk(tmp_path, 16, READ_ONLY))
    assert facts[0] == "busy"
    assert "cannot be used: Read-only file system" in facts[-1]
    assert last == checked == 2


READINGS_FIRST = (
    BEGIN.replace("RESERVE", "12 << 20")
    + """
from edge_agent.errors import ReadingThinnedError
hands = Hands()

def reading(device):
    try:
        journal.record(Draft(kind="reading", device=device, body={"measures": "temperature", "value": 1.0}))
    except ReadingThinnedError:
        return False
    return True

def leave(megabytes):
    room = os.statvfs(folder)
    with (folder / "other").open("ab") as other:
        os.posix_fallocate(other.fileno(), 0, room.f_bavail * room.f_frsize - (megabytes << 20))

roomy = [reading("a"), reading("a"), reading("b"), record("heartbeat"), journal.thinning.take() is None]
leave(6)
tight = [reading("a"), reading("a"), reading("b"), record("heartbeat"), record(), journal.reserve.opened]
fill()
while not journal.reserve.opened:
    record()
last = [reading("c"), record("heartbeat"), record()]
thinned = journal.thinning.take()
os.unlink(folder / "other")
journal.reserve.refill()
after = [reading("a"), record("heartbeat"), journal.thinning.take() is None]
told = dict(roomy=roomy, tight=tight, last=last, after=after, why=thinned.why,
            counted={one.device: one.count for one in thinned.devices})
journal.close()
print(json.dumps(told))
"""
)


def test_readings_are_left_out_before_anything_else_and_evidence_never(tmp_path: Path) -> None:
    told = json.loads(on_small_disk(tmp_path, 64, READINGS_FIRST))
    assert told["roomy"] == [True, True, True, True, True]
    # one reading of each value was kept just now; heartbeat and evidence go on, the reserve is whole
    assert told["tight"] == [False, False, False, True, True, False]
    assert told["last"] == [False, False, True]  # now heartbeats are left out too, and evidence is not
    assert (told["why"], told["counted"]) == (["space"], {"a": 2, "b": 1, "c": 1})
    assert told["after"] == [True, True, True]
