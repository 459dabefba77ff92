"""What ends is started again, a bug included; what is lost is told once."""

import queue
import threading
from collections.abc import Callable

from edge_agent.errors import DeviceError
from edge_agent.supervise import Health, Loop


def test_a_loop_is_started_again_after_an_error_a_bug_and_an_end() -> None:
    problems: queue.Queue[str] = queue.Queue()
    endings = iter([DeviceError("unplugged"), ZeroDivisionError("a bug"), None])
    done = threading.Event()

    def work(at_work: Callable[[], None]) -> None:
        ending = next(endings, "stay")
        if isinstance(ending, Exception):
            raise ending
        if ending == "stay":
            at_work()
            done.wait()

    loop = Loop("camera", work, problems.put)
    loop.start()
    told = [problems.get(timeout=10) for _ in range(3)]
    assert told == ["unplugged", "ZeroDivisionError: a bug", "it ended"]
    loop.stop()
    done.set()
    assert loop.join(10)
    assert problems.empty()


def test_a_loop_has_settled_once_it_works_or_failed() -> None:
    stop = threading.Event()

    def work(at_work: Callable[[], None]) -> None:
        at_work()
        stop.wait()

    loop = Loop("camera", work)
    loop.start()
    assert loop.settled.wait(10)
    loop.stop()
    stop.set()
    assert loop.join(10)


def test_a_stopped_loop_does_not_wait_out_its_pause() -> None:
    failed = threading.Event()

    def work(_: Callable[[], None]) -> None:
        raise DeviceError("gone")

    loop = Loop("camera", work, lambda _: failed.set())
    loop.start()
    assert failed.wait(10)
    loop.stop()
    assert loop.join(10)


def test_a_device_is_told_lost_once_and_back_once() -> None:
    told: list[tuple[str, str | None]] = []
    health = Health(lambda device, problem: told.append((device, problem)))
    health.report("camera", None)
    for problem in ("no picture", "still none", None, None, "again"):
        health.report("camera", problem)
    assert told == [("camera", "no picture"), ("camera", None), ("camera", "again")]
    assert health.lost() == ["camera"]
