"""Children are started, heard and ended; what they said last is told when they fail."""

import sys
from pathlib import Path
from typing import Any

import pytest

from simulators.errors import StartError
from simulators.processes import Child

READY = """
import json, signal, sys
print(json.dumps({"event": "ready"}), flush=True)
print("no JSON", flush=True)
print("{no JSON either", flush=True)
signal.sigwait([signal.SIGTERM])
print(json.dumps({"event": "stopped"}), flush=True)
"""


def python(source: str, log: Path, **more: Any) -> Child:
    return Child("a child", [sys.executable, "-c", source], log=log, **more)


async def test_it_is_ready_when_it_says_so_and_ends_when_it_is_told(tmp_path: Path) -> None:
    said: list[dict[str, Any]] = []
    child = python(READY.replace("import json", "import signal; signal.pthread_sigmask(0, [15])\nimport json"),
                   tmp_path / "log", on_event=said.append)  # fmt: skip
    await child.start()
    await child.ready()
    assert child.running
    await child.stop()
    assert await child.ended() == 0
    assert said == [{"event": "ready"}, {"event": "stopped"}]
    assert "no JSON" in (tmp_path / "log").read_text("utf-8")


async def test_a_child_that_ends_too_early_tells_its_last_words(tmp_path: Path) -> None:
    child = python("import sys; sys.exit('no such database')", tmp_path / "log")
    await child.start()
    with pytest.raises(StartError, match=r"a child ended: no such database"):
        await child.ready()


async def test_a_silent_child_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    child = python("import signal; signal.pause()", tmp_path / "log")
    await child.start()
    with pytest.raises(StartError, match="was not ready within"):
        await child.ready(0.1)
    await child.kill()


async def test_one_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    ignore = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(\'{"event": "ready"}\', flush=True)'
    child = python(f"{ignore}; signal.pause(); signal.pause()", tmp_path / "log")
    await child.start()
    await child.ready()
    await child.stop(grace_s=0.1)
    assert await child.ended() == -9


async def test_it_can_be_killed_and_started_again(tmp_path: Path) -> None:
    child = python('print(\'{"event": "ready"}\', flush=True); import signal; signal.pause()', tmp_path / "log")
    await child.start()
    await child.ready()
    first = child.pid
    await child.kill()
    await child.start()
    await child.ready()
    assert child.pid != first
    await child.kill()


async def test_it_reads_what_is_said_to_it_and_gets_only_its_own_settings(tmp_path: Path) -> None:
    source = "import os, sys; print(sys.stdin.readline(), [k for k in os.environ if k.startswith('SEALTRAIL')])"
    child = python(source, tmp_path / "log", said_to_it="a secret\n", env={"SEALTRAIL_ONE": "1"})
    await child.start()
    assert await child.ended() == 0
    assert "a secret" in (tmp_path / "log").read_text("utf-8")
    assert "['SEALTRAIL_ONE']" in (tmp_path / "log").read_text("utf-8")
