"""`sealtrail demo`: a whole system on this machine, a warehouse day, and the count at its end.

Its rules are the default pack but for one number, how long record and sensor have to tell of the same movement: see
`rules.py`.
"""

import asyncio
import fcntl
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, TypeVar

import httpx
import psycopg

from cloud.errors import CloudError
from custody.decisions import AT_A_GATE
from edge_agent.errors import EdgeError
from proof.keys import SigningKey
from simulators.broker import find_mosquitto, free_port
from simulators.console import Colleague, Screen
from simulators.court import check_alone, take_bundle
from simulators.day import Day
from simulators.errors import FolderError, SimulatorError, WrongResultError
from simulators.floor import COLD_ROOM, CORRIDOR, RACK, ZONE_CLASS, Floor, People, furnish
from simulators.gatework import ALLOWED, Ears, Gatework, in_time
from simulators.phrases import Language
from simulators.premises import check_folder, check_port, passwords
from simulators.processes import Child
from simulators.rules import founding_rules
from simulators.tally import journal_facts, ledger_facts, percentiles, receipted, tally
from simulators.teller import Teller
from simulators.warehouse import AGENT, FRAMES_PER_S, OTHER_SITE, SITE, Staff, Warehouse
from simulators.weather import blow
from wire.errors import WireError

PORT = 8420
FIRST: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("admin", SITE, "系统管理员", ("admin",)),
    ("suzhou", OTHER_SITE, "苏州 赵磊", ("inspector", "keeper")),
)
"""Whom the command line adds: user name, site, name, roles. The others are added by the administrator."""
STAFF = (
    ("inspector", SITE, "稽查员 王芳", ("inspector",)),
    ("keeper", SITE, "保管员 李伟", ("keeper",)),
    ("keeper2", SITE, "保管员 张敏", ("keeper",)),
    ("handler", SITE, "办案人 周强", ("case_handler",)),
    ("bookkeeper", SITE, "记账员 孙丽", ("bookkeeper",)),
    ("approver", SITE, "审批人 陈静", ("approver",)),
    ("leader", SITE, "领导 吴刚", ("leader",)),
    ("supervisor", SITE, "内管监督员 郑洁", ("supervisor",)),
    ("operator", SITE, "值班员 刘洋", ("operator",)),
    ("auditor", SITE, "审计 何平", ("auditor",)),
)
MUST_REFUSE = {reason.value for reason in AT_A_GATE}
"""Every kind of refusal that only a gate knows; a skipped step is refused by the API instead."""

MUST_ALARM = frozenset({
    "copied_label", "forged_label", "weight_drift", "item_missing", "record_without_goods", "goods_without_record",
    "stock_difference", "break_glass", "agent_offline", "tailgating", "door_held_open", "door_forced", "misplaced",
    "presence_without_task", "rule.repeated_refusals",
})  # fmt: skip
"""What has to be an alarm in the course of the day, and nothing else may be."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line; `port` 0 is any free one."""

    once: bool
    as_json: bool
    data: Path | None
    port: int
    language: Language


class Demo:
    """One run of the demo."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.teller = Teller(options.language, sys.stderr if options.as_json else sys.stdout)
        self.day_is_over = False
        self._ears = Ears()

    async def run(self) -> dict[str, Any]:
        """The result of the day. Raises SimulatorError; everything that was started is stopped either way."""
        port = self.options.port or free_port()
        check_port(port)
        find_mosquitto()
        async with AsyncExitStack() as stack:
            folder = self._folder(stack)
            check_folder(folder)
            _lock(folder, stack)
            self.teller.say("opening")
            secrets = passwords(folder, [one[0] for one in FIRST + STAFF])
            warehouse = Warehouse(folder, port, stack, self._ears.hear)
            warehouse.rules = founding_rules(folder / "rules.yaml")
            warehouse.film = True
            await self._open(warehouse, [Staff(*one, password=secrets[one[0]]) for one in FIRST])
            result = await while_alive(self._day(warehouse, secrets, stack), warehouse.workers)
            self.day_is_over = True
            if not self.options.once:
                if self.options.as_json:
                    print_result(result)
                rows = [(one[0], secrets[one[0]], ", ".join(one[3])) for one in FIRST + STAFF]
                self.teller.sign_ins(warehouse.address, rows)
                self.teller.say("stays", folder=folder)
                await while_alive(asyncio.Event().wait(), warehouse.workers)
            return result

    async def _open(self, warehouse: Warehouse, staff: Sequence[Staff]) -> None:
        await warehouse.start_services()
        self.teller.step("services")
        await warehouse.start_cloud(staff)
        self.teller.step("cloud")

    async def _day(self, warehouse: Warehouse, secrets: dict[str, str], stack: AsyncExitStack) -> dict[str, Any]:
        began, colleagues = datetime.now(UTC), await self._staff(warehouse, secrets, stack)
        floor = await self._floor(warehouse, colleagues, f"{began:%Y%m%d-%H%M%S}", stack)
        # Somebody who can print labels, but has not the label key: theirs is as good as any other.
        day = Day(floor, SigningKey.from_seed(bytes(32)))
        await day.run()
        return await self._count(floor, day.returned, began)

    async def _staff(
        self, warehouse: Warehouse, secrets: dict[str, str], stack: AsyncExitStack
    ) -> dict[str, Colleague]:  # fmt: skip
        """Everybody signed in, by user name."""
        colleagues = {one[0]: Colleague(warehouse.url, one[0], secrets[one[0]]) for one in FIRST + STAFF}
        for colleague in colleagues.values():
            stack.push_async_callback(colleague.leave)
        await colleagues["admin"].sign_in()
        await _add_staff(colleagues)
        await asyncio.gather(*(one.sign_in() for one in colleagues.values() if not one.id))
        self.teller.step("people")
        return colleagues

    async def _floor(
        self, warehouse: Warehouse, colleagues: dict[str, Colleague], number: str, stack: AsyncExitStack
    ) -> Floor:  # fmt: skip
        """The warehouse with its slots, its agent and a screen."""
        furniture = await furnish(colleagues["keeper"], number)
        warehouse.furnish(RACK, furniture.rack)
        warehouse.hang_door([ZONE_CLASS])
        warehouse.watch(CORRIDOR)
        weather = asyncio.create_task(blow(warehouse.air(COLD_ROOM)))
        stack.push_async_callback(_ended, weather)
        await warehouse.start_readings()
        await warehouse.start_edge()
        self.teller.step("edge", agent=AGENT, gates=len(FRAMES_PER_S), slots=len(furniture.rack))
        screen = Screen(colleagues["operator"], SITE, lambda: datetime.now(UTC))
        watching = asyncio.create_task(screen.watch())
        stack.push_async_callback(_ended, watching)
        async with in_time(lambda: "the live stream did not open"):
            await screen.open.wait()
        work = Gatework(AGENT, warehouse.stage, self._ears, screen, self.teller)
        by_role = ("inspector", "keeper", "keeper2", "handler", "bookkeeper", "approver", "leader", "supervisor",
                   "operator", "auditor", "admin", "suzhou")  # fmt: skip
        people = People(*(colleagues[name] for name in by_role))
        return Floor(number, warehouse, people, work, self.teller, furniture)

    async def _count(self, floor: Floor, returned: str, began: datetime) -> dict[str, Any]:
        warehouse, work = floor.warehouse, floor.work
        recorded = await asyncio.to_thread(journal_facts, warehouse.journal)
        async with in_time(lambda: "not every fact has its receipt"):
            while await asyncio.to_thread(receipted, warehouse.journal) < recorded[-1][0]:  # noqa: ASYNC110 - the agent's own file
                await asyncio.sleep(0.05)
        in_ledger = await asyncio.to_thread(ledger_facts, warehouse.database_url(), SITE, AGENT)
        count, results = tally(recorded, in_ledger), self._ears.counts()
        alarms = await alarms_since(floor.people.operator, began)
        fault = await warehouse.check_ledger()
        if fault is None:
            self.teller.step("ledger")
        readings = await warehouse.check_telemetry()
        bundle = await take_bundle(warehouse, returned, self._kept(warehouse))
        doubt = await check_alone(bundle)
        if doubt is None:
            self.teller.step("bundle", path=bundle)
        result = {
            "steps": self.teller.told(),
            "passages_allowed": results[ALLOWED],
            "passages_refused": results.total() - results[ALLOWED],
            "refusals": {reason: times for reason, times in sorted(results.items()) if reason != ALLOWED},
            "steps_done": dict(sorted(floor.crew.done.items())),
            "attempts_refused": dict(sorted(floor.refused.items())),
            "alarms_expected": sorted(MUST_ALARM),
            "alarms_raised": dict(sorted(alarms.items())),
            "facts_recorded": count.recorded,
            "facts_in_ledger": count.in_ledger,
            "lost": count.lost,
            "duplicated": count.duplicated + work.screen.doubled,
            "ledger_verified": fault is None,
            "readings_verified": readings,
            "bundle": str(bundle),
            "bundle_verified": doubt is None,
            "gate_decision_ms": percentiles([decided.ms for decided in self._ears.heard]),
            "to_screen_ms": percentiles(work.to_screen_ms),
        }
        self._summary(result)
        checks = {
            f"{count.foreign} facts in the ledger are not in the journal": count.foreign,
            "the ledger holds the facts in another order": not count.in_order,
            f"{result['lost']} facts are lost": result["lost"],
            f"{result['duplicated']} facts are doubled": result["duplicated"],
            f"the ledger does not hold: {fault}": fault is not None,
            f"the bundle does not hold: {doubt}": doubt is not None,
            "no readings are stored, or not as they were signed": not readings,
            f"nothing was refused for {', '.join(sorted(MUST_REFUSE - set(results)))}": MUST_REFUSE - set(results),
            f"alarms expected or raised, but not both: {', '.join(sorted(MUST_ALARM ^ set(alarms)))}": MUST_ALARM
            ^ set(alarms),
        }
        faults = [sentence for sentence, wrong in checks.items() if wrong]
        if faults:
            raise WrongDayError(result, faults)
        return result

    def _summary(self, result: dict[str, Any]) -> None:
        decided, shown = result["gate_decision_ms"], result["to_screen_ms"]
        self.teller.say(
            "summary", allowed=result["passages_allowed"], refused=result["passages_refused"],
            recorded=result["facts_recorded"], in_ledger=result["facts_in_ledger"], lost=result["lost"],
            duplicated=result["duplicated"],
        )  # fmt: skip
        self.teller.say("figures", d50=decided["p50"], d99=decided["p99"], s50=shown["p50"], s99=shown["p99"])

    def _kept(self, warehouse: Warehouse) -> Path | None:
        """Where the bundle goes: beside the data, unless that goes away with the demo."""
        passing = self.options.once and self.options.data is None
        return None if passing else warehouse.folder / "bundles"

    def _folder(self, stack: AsyncExitStack) -> Path:
        if self.options.data is not None:
            return self.options.data.absolute()
        if self.options.once:
            folder = Path(tempfile.mkdtemp(prefix="sealtrail-demo-"))
            stack.push(lambda kind, *_: _remove(folder, kind))
            return folder
        return Path("demo-data").absolute()


class WrongDayError(WrongResultError):
    """The day was played to its end and the count is wrong; `result` is what was counted."""

    def __init__(self, result: dict[str, Any], faults: list[str]) -> None:
        super().__init__(f"The day went wrong: {'; '.join(faults)}.")
        self.result = result


def run(options: Options) -> int:
    """The exit status: 0, 1 for a wrong result, 2 when it could not start, 130 when it was stopped before its end."""
    try:
        return asyncio.run(_run(options))
    except KeyboardInterrupt:  # a second Ctrl-C, while stopping
        return 130


async def _run(options: Options) -> int:
    demo, main = Demo(options), asyncio.current_task()
    stopped: list[int] = []

    def stop(number: int) -> None:
        if not stopped and main is not None:
            stopped.append(number)
            demo.teller.say("stopping")
            main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        result = await demo.run()
    except WrongResultError as error:
        if options.as_json and isinstance(error, WrongDayError):
            print_result(error.result)
        print_sentence(error.zh if options.language is Language.ZH else error.diagnosis)
        return 1
    except SimulatorError as error:
        print_sentence(error.zh if options.language is Language.ZH else error.diagnosis)
        return 2
    except (EdgeError, CloudError, WireError) as error:
        print_sentence(f"{error.diagnosis} ({error})")
        return 1
    except (httpx.HTTPError, psycopg.Error) as error:
        print_sentence(f"The web server or the database did not answer: {str(error) or type(error).__name__}.")
        return 1
    except asyncio.CancelledError:
        return 0 if demo.day_is_over else 128 + stopped[0]
    if options.as_json:
        print_result(result)
    return 0


async def while_alive(work: Awaitable[T] | Coroutine[Any, Any, T], children: Sequence[Child]) -> T:
    """What `work` returns. Raises StartError as soon as one of `children` ends."""
    doing = asyncio.ensure_future(work)
    ends = {asyncio.ensure_future(child.ended()): child for child in children}
    try:
        done, _ = await asyncio.wait({doing, *ends}, return_when=asyncio.FIRST_COMPLETED)
        for end, child in ends.items():
            if end in done and doing not in done:
                raise child.failure("ended")
        return doing.result()
    finally:
        for task in (doing, *ends):
            task.cancel()
        await asyncio.gather(doing, *ends, return_exceptions=True)


def print_result(result: dict[str, Any]) -> None:
    """The one JSON object on standard output."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def print_sentence(sentence: str) -> None:
    """What went wrong, on standard error."""
    sys.stderr.write(f"sealtrail demo: {sentence}\n")


async def _add_staff(colleagues: dict[str, Colleague]) -> None:
    """Accounts for whoever has none yet; each is given a password, and sets their own."""
    admin = colleagues["admin"]
    known = {person["username"] for person in (await admin.get("/people"))["rows"]}
    for username, _, name, roles in STAFF:
        if username not in known:
            first = token_urlsafe(12)
            await admin.post("/people", username=username, name=name, password=first, roles=list(roles))
            await colleagues[username].take_account(first)


async def alarms_since(colleague: Colleague, began: datetime) -> Counter[str]:
    """How many alarms of each cause were raised, or seen again, from `began` on."""
    found: Counter[str] = Counter()
    before: dict[str, int] = {}
    while True:
        page = await colleague.get("/alarms", limit=500, **before)
        found.update(row["cause"] for row in page["rows"] if datetime.fromisoformat(row["last_at"]) >= began)
        if page["next"] is None:
            return found
        before = {"before": page["next"]}


def _lock(folder: Path, stack: AsyncExitStack) -> None:
    """One demo a folder. Raises FolderError while another one runs there."""
    held = stack.enter_context((folder / ".lock").open("w"))
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise FolderError(
            f"Another demo runs on {folder}: stop it, or choose another folder with --data.",
            f"另一个演示正在使用 {folder}：请先停止它，或用 --data 另选文件夹。",
        ) from error


def _remove(folder: Path, failure: type[BaseException] | None) -> None:
    """A temporary folder goes, but for the logs of what failed, which tell more than a sentence can."""
    if failure is None or not issubclass(failure, SimulatorError):
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path in folder.iterdir():
        if path.name != "logs":
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
