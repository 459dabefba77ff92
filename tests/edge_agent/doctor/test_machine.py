"""Clock, disk and board, in a folder that stands for a machine."""

import sqlite3
from pathlib import Path

import pytest

from edge_agent.doctor.machine import agent_runs, check_board, check_clock, check_disk
from edge_agent.doctor.world import run_program
from edge_agent.journal.journal import DAMAGED, FILE, Journal
from tests.edge_agent.doctor.ward import Ward, codes, found
from tests.edge_agent.hands import NOON, Hands, counted_bytes, fact


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    ward = Ward(tmp_path)
    ward.put("proc/meminfo", "MemTotal:  4000000 kB\nMemAvailable:  3000000 kB\n")
    ward.put("sys/class/thermal/thermal_zone0/temp", "48300\n")
    ward.put("sys/class/rtc/rtc0/since_epoch", f"{int(NOON.timestamp()) + 2}\n")
    ward.said["vcgencmd get_throttled"] = "throttled=0x0\n"
    return ward


@pytest.mark.parametrize(
    ("error_ms", "rtc", "expected"),
    [
        (12, 2, ["clock.ok", "clock.rtc"]),
        (2500, 61, ["clock.wide", "clock.rtc_off"]),
        (None, -3600, ["clock.none", "clock.rtc_off"]),
        (12, None, ["clock.ok", "clock.no_rtc"]),
    ],
)
def test_the_clock_and_the_one_with_the_battery(
    ward: Ward, error_ms: int | None, rtc: int | None, expected: list[str]
) -> None:
    ward.hands.error_ms = error_ms
    if rtc is None:
        (ward.root / "sys/class/rtc/rtc0/since_epoch").unlink()
    else:
        ward.put("sys/class/rtc/rtc0/since_epoch", f"{int(NOON.timestamp()) + rtc}\n")
    assert codes(check_clock(ward.world)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("throttled=0x0", ["board.power"]),
        ("throttled=0x50005", ["board.no_power", "board.slowed"]),
        ("throttled=0x10000", ["board.had_no_power"]),
        ("throttled=0x80000", ["board.power", "board.slowed"]),
        ("VCHI initialization failed", ["board.unknown"]),
        (None, ["board.unknown"]),
    ],
)
def test_the_boards_word_on_its_supply(ward: Ward, said: str | None, expected: list[str]) -> None:
    ward.said = {} if said is None else {"vcgencmd get_throttled": said}
    assert codes(check_board(ward.world)) == ["board.memory", "board.cool", *expected]


def test_a_hot_board_with_little_memory_is_told(ward: Ward) -> None:
    ward.put("proc/meminfo", "MemAvailable:  80000 kB\n")
    ward.put("sys/class/thermal/thermal_zone0/temp", "81200\n")
    said = list(check_board(ward.world))
    assert (found(said, "board.little_memory")["free_mb"], found(said, "board.hot")["celsius"]) == (78, 81.2)
    assert codes(check_board(Ward(ward.root / "nothing").world)) == ["board.unknown"]


def test_a_program_that_is_not_here_or_fails_says_nothing() -> None:
    assert run_program(["no-such-program"]) is None
    assert run_program(["false"]) is None
    assert run_program(["echo", "x"]) == "x\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three facts, one an hour, one with a receipt."""
    hands = Hands()
    journal = Journal(tmp_path / "data", hands.clock, counted_bytes())
    heads = []
    for _ in range(3):
        heads.append(journal.record(fact("x")).head)
        hands.pass_(3600)
    journal.receipt(1, heads[0].hex())
    journal.close()
    return tmp_path / "data"


def test_a_sound_journal_on_a_disk_with_room(data: Path) -> None:
    said = list(check_disk(data))
    assert codes(said) == ["disk.ok", "journal.ok"]
    assert found(said, "journal.ok") == {"about": "", "checked": 3, "last": 3, "waiting": 2}
    room = found(said, "disk.ok")
    # What there is came within two hours: so much a day is the rate.
    a_day = (data / FILE).stat().st_size * 12
    assert room["days"] == pytest.approx(min(room["free_gb"] * 1e9 / a_day, 9999), rel=0.05)


def test_a_changed_journal_is_told_with_where_it_breaks(data: Path) -> None:
    db = sqlite3.connect(data / FILE)
    db.executescript('DROP TRIGGER fact_as_it_is; UPDATE fact SET content = \'{"at": "x"}\' WHERE seq = 2')
    db.close()
    assert "breaks at fact 2" in found(check_disk(data), "journal.broken")["problem"]


def test_room_for_evidence_that_is_in_use_and_a_journal_to_be_made_anew_are_told(data: Path) -> None:
    with (data / "reserve").open("wb") as reserve:
        reserve.truncate(64 << 20)
    assert codes(check_disk(data, 64 << 20)) == ["disk.ok", "journal.ok"]
    with (data / "reserve").open("r+b") as reserve:
        reserve.truncate(8 << 20)
    assert found(check_disk(data, 64 << 20), "disk.reserve") == {"about": "", "left_mb": 8, "of_mb": 64}
    (data / DAMAGED).touch()
    assert "journal.damaged" in codes(check_disk(data))


def test_what_is_no_journal_is_told_and_a_new_card_is_no_fault(data: Path, tmp_path: Path) -> None:
    (data / FILE).write_bytes(b"no database" * 1000)
    assert codes(check_disk(data)) == ["journal.broken"]
    assert codes(check_disk(tmp_path / "new" / "data")) == ["disk.new"]


def test_an_agent_at_work_is_noticed_and_not_disturbed(data: Path, tmp_path: Path) -> None:
    assert not agent_runs(data)
    journal = Journal(data, Hands().clock, counted_bytes())
    assert agent_runs(data)
    assert codes(check_disk(data)) == ["disk.ok", "journal.ok"]
    journal.record(fact("y"))
    journal.close()
    assert not agent_runs(data)
    assert not agent_runs(tmp_path / "nowhere")
