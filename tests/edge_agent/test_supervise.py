"""What ends is started again, a bug included; what is lost is told once."""

import queue
import threading
from collections.abc import Callable
from functools import partial

from edge_agent.errors import DeviceError
from edge_agent.supervise import Health, Loop, Vigil
from tests.edge_agent.hands import Hands
from tests.system.waiting import until_now


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
    told = [problems.get(timeout=240) for _ in range(3)]
    assert told == ["unplugged", "ZeroDivisionError: a bug", "it ended"]
    loop.stop()
    done.set()
    assert loop.join(240)
    assert problems.empty()


def test_a_loop_has_settled_once_it_works_or_failed() -> None:
    stop = threading.Event()

    def work(at_work: Callable[[], None]) -> None:
        at_work()
        stop.wait()

    loop = Loop("camera", work)
    loop.start()
    assert loop.settled.wait(240)
    loop.stop()
    stop.set()
    assert loop.join(240)


def test_a_stopped_loop_does_not_wait_out_its_pause() -> None:
    failed = threading.Event()

    def work(_: Callable[[], None]) -> None:
        raise DeviceError("gone")

    loop = Loop("camera", work, lambda _: failed.set())
    loop.start()
    assert failed.wait(240)
    loop.stop()
    assert loop.join(240)


def test_a_device_is_told_lost_once_and_back_once() -> None:
    told: list[tuple[str, str | None]] = []
    health = Health(lambda device, problem: told.append((device, problem)))
    health.report("camera", None)
    for problem in ("no picture", "still none", None, None, "again"):
        health.report("camera", problem)
    assert told == [("camera", "no picture"), ("camera", None), ("camera", "again")]
    assert health.lost() == ["camera"]


def test_a_loop_that_hangs_is_stuck_and_one_that_fails_again_and_again_is_not() -> None:
    hands, hang, worked = Hands(), threading.Event(), threading.Event()
    problems: queue.Queue[str] = queue.Queue()

    def hangs(at_work: Callable[[], None]) -> None:
        at_work()
        worked.set()
        hang.wait()

    def fails(_: Callable[[], None]) -> None:
        raise DeviceError("unplugged")

    loops = Loop("hangs", hangs), Loop("fails", fails, problems.put)
    vigil = Vigil(loops, lambda: hands.mono_us, 30_000_000)
    for loop in loops:
        loop.start()
    assert worked.wait(240)
    told: list[str] = []

    def stands(stuck: list[str]) -> bool:
        return vigil.stuck() == stuck

    for passed_s, stuck in ((0, []), (29, []), (2, ["hangs"])):
        hands.pass_(passed_s)
        until_now(partial(stands, stuck), f"{stuck} is stuck")  # once the other has failed again
        vigil.pulse(lambda: told.append("alive"))
    assert told == ["alive", "alive"]
    for loop in loops:
        loop.stop()
    hang.set()
    assert all(loop.join(240) for loop in loops)
