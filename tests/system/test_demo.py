"""`sealtrail demo`: the main job from end to end, as a person starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from custody.decisions import AT_A_GATE
from simulators.demo import FIRST, STAFF
from simulators.warehouse import SITE
from tests.system.waiting import until_now

DEMO = [sys.executable, "-m", "sealtrail", "demo"]
GATE_REASONS = {reason.value for reason in AT_A_GATE}

ACTS = {
    "seal", "handover", "place", "weigh", "open", "reseal", "split", "repack", "empty", "approve_release", "shelve",
    "declare_missing", "found", "approve_disposal", "return_to_owner", "auction", "transfer", "destroy", "correct",
    "adopt_rules", "repin_case", "review_exception", "stock_take",
}  # fmt: skip
TOLD = {
    "imported", "sealed", "limbo", "handover", "arrive", "racked", "phantom", "placed", "drift", "resealed", "divided",
    "missing", "found", "corrected", "hold_refuses", "lent", "out", "return", "shelved", "disposal_approved",
    "destroy_alone", "return_to_owner", "auction", "transfer", "destroy", "rules", "corroborated", "without_goods",
    "drawn", "counted", "glass", "recounted", "reviewed", "pinned", "repinned", "without_record", "ledger", "bundle",
    "too_few", "cut", "offline_in", "clock", "mend", "door_refused", "door_permit", "door_left_open", "tailgated",
    "door_forced", "drill",
}  # fmt: skip
HERE = [one for one in FIRST + STAFF if one[1] == SITE]
"""Everybody with an account at the warehouse; some role each."""

pytestmark = pytest.mark.timeout(1000)


def processes() -> dict[int, tuple[int, str]]:
    """Every process's parent and command line, by its id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text("ascii").rpartition(")")[2].split()[1])
                found[int(entry.name)] = parent, (entry / "cmdline").read_text("utf-8", "replace")
            except (OSError, ValueError):  # it has just ended
                continue
    return found


def started_by(pid: int, folder: Path) -> set[int]:
    """The children of `pid`, theirs, and whoever works on `folder`, as PostgreSQL does, which leaves its parent."""
    known = processes()
    ours = {one for one, (_, command) in known.items() if str(folder) in command and one != os.getpid()} | {pid}
    while more := {one for one, (parent, _) in known.items() if parent in ours} - ours:
        ours |= more
    return ours - {pid}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One day, played to its end in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    command = [*DEMO, "--once", "--json", "--lang", "zh", "--data", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=990, check=False), folder


@pytest.fixture(scope="module")
def result(day: tuple[subprocess.CompletedProcess[str], Path]) -> dict[str, Any]:
    done, _ = day
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1, "one object, and nothing else, on standard output"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_no_fact_is_lost_or_doubled_and_the_ledger_holds(result: dict[str, Any]) -> None:
    assert (result["lost"], result["duplicated"], result["ledger_verified"]) == (0, 0, True)
    assert result["readings_verified"] > 100
    assert result["facts_recorded"] == result["facts_in_ledger"] > 40


def test_the_bundle_of_the_returned_package_is_there_and_holds(result: dict[str, Any]) -> None:
    assert result["bundle_verified"] is True
    bundle = Path(result["bundle"])
    command = [sys.executable, "verify.py", str(bundle), "--policy", str(bundle.with_name("policy.txt")), "--json"]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    report = json.loads(checked.stdout)
    assert report["holds"] is True
    assert all(step["checked"] for step in report["steps"] if step["step"] in (3, 4, 5, 6, 8, 9))


def test_every_kind_of_refusal_happened_and_passages_in_and_out(result: dict[str, Any]) -> None:
    assert set(result["refusals"]) == GATE_REASONS
    assert sum(result["refusals"].values()) == result["passages_refused"]
    assert result["passages_allowed"] >= 6


def test_the_steps_tell_the_day(result: dict[str, Any]) -> None:
    steps = {step["step"]: step for step in result["steps"]}
    assert set(steps) >= TOLD
    assert steps["offline_in"]["result"] == "allowed"
    assert steps["clock"]["result"] == "clock_not_trustworthy"
    assert "入库" in steps["pass_shown"]["text"]


def test_every_act_of_the_rules_was_done_and_the_alarms_are_those_expected(result: dict[str, Any]) -> None:
    assert set(result["steps_done"]) == ACTS
    assert set(result["alarms_raised"]) == set(result["alarms_expected"]) > {
        "record_without_goods", "break_glass", "tailgating", "door_held_open", "door_forced",
    }  # fmt: skip


def test_nobody_destroyed_anything_alone(result: dict[str, Any]) -> None:
    alone = {reason: result["attempts_refused"].get(reason, 0) for reason in ("wrong_role", "same_person", "own_work")}
    assert sum(alone.values()) == len(HERE)
    assert alone["same_person"] >= 4, "whoever has a seat is refused the next one"
    assert {"legal_hold", "wrong_state"} <= set(result["attempts_refused"])


def test_the_figures_were_measured(result: dict[str, Any]) -> None:
    for name in ("gate_decision_ms", "to_screen_ms"):
        assert 0 < result[name]["p50"] <= result[name]["p99"]


def test_the_folder_keeps_everything_and_its_secrets_are_private(
    day: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    _, folder = day
    assert (folder / "logs" / "edge.log").exists()
    assert (folder / "edge" / "data" / "journal.db").exists()
    secrets = [folder / "sign-ins.json", folder / "edge" / "agent.pem", folder / "keys" / "cloud.pem"]
    assert [path.stat().st_mode & 0o077 for path in secrets] == [0, 0, 0]


def test_nothing_is_left_running(day: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = day
    until_now(lambda: not [1 for _, command in processes().values() if str(folder) in command], "nothing is left")


@pytest.fixture
def staying(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """A demo that stays up, as far as its edge agent's log."""
    demo = subprocess.Popen([*DEMO, "--port", "0", "--data", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        until_now((tmp_path / "logs" / "edge.log").exists, "the demo starts its edge agent", 500)
        yield demo, tmp_path
    finally:
        demo.kill()
        demo.communicate()


def test_ctrl_c_stops_every_process(staying: tuple["subprocess.Popen[str]", Path]) -> None:
    demo, folder = staying
    children = started_by(demo.pid, folder)
    assert len(children) >= 7, "PostgreSQL, Mosquitto, four workers and the agent"
    another = subprocess.run([*DEMO, "--once", "--data", str(folder)], capture_output=True, text=True, check=False)
    assert another.returncode == 2
    assert "Another demo runs" in another.stderr
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=240)
    assert demo.returncode == 130
    until_now(lambda: not children & set(processes()), "every process has ended")


@pytest.mark.parametrize(("language", "word"), [("zh", "端口"), ("en", "Port")])
def test_a_port_in_use_is_one_sentence(tmp_path: Path, language: str, word: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [*DEMO, "--once", "--lang", language, "--port", str(port), "--data", str(tmp_path / "data")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert f"{word} {port}" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_folder_that_cannot_be_written_is_one_sentence() -> None:
    done = subprocess.run(
        [*DEMO, "--once", "--data", "/proc/sealtrail"], capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "/proc/sealtrail" in done.stderr
