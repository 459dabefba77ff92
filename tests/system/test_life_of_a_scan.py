"""docs/life-of-a-scan.md, walked: a real label passes a simulated gate, and the functions it names are called in order.

Edge, uplink, downlink and web run in this process, so that their calls can be seen; broker and database are real.
"""

import asyncio
import inspect
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from cloud import bootstrap, serving
from cloud.settings import BrokerSettings, WebSettings
from custody.things import Direction
from edge_agent.bootstrap import Plan, build_agent
from edge_agent.choosing import choose_drivers
from edge_agent.key_files import read_key
from edge_agent.settings import EdgeSettings
from edge_agent.site_file import SiteFile
from simulators.acting import Held
from simulators.broker import free_port
from simulators.console import Colleague, Screen
from simulators.crew import Crew, photo_of_a_seal
from simulators.frames import On
from simulators.pki import CLOUD_DOWNLINK, CLOUD_UPLINK
from simulators.warehouse import AGENT, SITE, Staff, Warehouse
from tests.system.waiting import until
from wire.rule_packs import load_rule_pack

DOC = Path(__file__).parents[2] / "docs" / "life-of-a-scan.md"
ROW = re.compile(r"^\| \d+ \| `([\w/]+\.py)` \| `([\w.]+)` \|", re.M)
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.timeout(1200)


def table(heading: str) -> list[tuple[str, str]]:
    """File and function of every row under the `heading` that begins so."""
    section = DOC.read_text("utf-8").partition(f"\n## {heading}")[2].partition("\n## ")[0]
    return ROW.findall(section)


def function(file: str, name: str) -> Any:
    found: Any = import_module(file.removesuffix(".py").replace("/", "."))
    for part in name.split("."):
        found = getattr(found, part)
    return inspect.unwrap(found)


def test_every_function_of_the_tables_is_in_the_tree() -> None:
    up, down = table("Up"), table("Down")
    assert (len(up), len(down)) == (13, 5)
    for file, name in up + down:
        assert isinstance(function(file, name).__code__, CodeType)


class Trace:
    """Notes each call of the functions it is given, and each time a coroutine or generator of theirs goes on."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        self._names = {function(file, name).__code__: (file, name) for file, name in rows}
        self.calls: list[tuple[str, str]] = []

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in self._names:
            self.calls.append(self._names[frame.f_code])

    @contextmanager
    def listening(self) -> Iterator[None]:
        """In this thread, and in all that begin meanwhile."""
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def begin(self) -> None:
        """Forgets what was."""
        self.calls.clear()

    def left(self, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Which of `rows` are not there yet when the calls are read from the first to the last."""
        rest = list(rows)
        for call in list(self.calls):
            if rest and call == rest[0]:
                rest.pop(0)
        return rest


@asynccontextmanager
async def in_this_process(warehouse: Warehouse) -> AsyncIterator[None]:
    """The cloud's three processes and the edge agent as tasks of this one."""
    stop, listening = asyncio.Event(), asyncio.Event()
    async with AsyncExitStack() as stack:
        up = BrokerSettings.model_validate(warehouse.cloud_settings(CLOUD_UPLINK))
        down = BrokerSettings.model_validate(warehouse.cloud_settings(CLOUD_DOWNLINK))
        uplink = await stack.enter_async_context(bootstrap.uplink(up))
        downlink = await stack.enter_async_context(bootstrap.downlink(down))
        web = WebSettings.model_validate(warehouse.cloud_settings())
        settings = EdgeSettings.model_validate(warehouse.edge_settings())
        file = SiteFile(settings.site_file)
        plan = Plan(
            settings=settings, file=file, key=read_key(settings.key_file), pack=load_rule_pack(),
            drivers=choose_drivers(file),
        )  # fmt: skip
        agent = build_agent(plan, stack.enter_context(ExitStack()))
        workers = [asyncio.create_task(work) for work in (uplink.run(), downlink.run())]
        web_task = asyncio.create_task(serving.web(web, lambda _: listening.set()))
        seeing = asyncio.Event()
        edge = asyncio.create_task(agent.run(stop, seeing.set))
        try:
            async with asyncio.timeout(240):
                for ready in (uplink.ready, downlink.ready, listening, seeing):
                    await ready.wait()
            yield
        finally:
            stop.set()
            await edge
            for task in workers:
                task.cancel()
            signal.raise_signal(signal.SIGTERM)  # as the web process is told to end
            await asyncio.gather(*workers, web_task, return_exceptions=True)


async def test_a_scan_is_walked_through_in_the_order_of_the_tables(tmp_path: Path) -> None:
    everybody = Staff("everybody", SITE, "everybody", ("inspector", "keeper", "operator"), PASSWORD)
    another = Staff("another", SITE, "another", ("inspector",), PASSWORD)
    up, down = table("Up"), table("Down")
    trace = Trace(up + down)
    async with AsyncExitStack() as stack:
        stack.enter_context(trace.listening())  # before the first thread of the loop's pool
        warehouse = Warehouse(tmp_path, free_port(), stack, lambda said: None)
        await warehouse.start_services()
        await warehouse.prepare_cloud()
        await warehouse.found([everybody, another])
        await warehouse.open_stage()
        await stack.enter_async_context(in_this_process(warehouse))
        person, second = (Colleague(warehouse.url, one.username, PASSWORD) for one in (everybody, another))
        for colleague in (person, second):
            stack.push_async_callback(colleague.leave)
            await colleague.sign_in()
        screen = Screen(person, SITE, lambda: datetime.now(UTC))
        watching = asyncio.create_task(screen.watch())
        stack.callback(watching.cancel)
        async with asyncio.timeout(240):
            await screen.open.wait()
        item, box, card = await labelled(person, second)

        trace.begin()
        permit = await permitted(person, item)
        await until(lambda: answered(person, permit), "the agent holds the permit")
        assert trace.left(down) == []

        gate = warehouse.stage.gates["gate-a"]
        await gate.approach(Direction.IN)
        trace.begin()
        gate.show([box, card])
        async with asyncio.timeout(240):
            assert await gate.position.reach("open") == "open"
        await until(lambda: [shown for shown in screen.recent if shown.row["outcome"] == "allowed"] != [], "on screen")
        assert trace.left(up) == []
        watching.cancel()


async def labelled(person: Colleague, second: Colleague) -> tuple[str, Held, Held]:
    """The id of a package that was sealed and handed over and its label on a box, and the person's own pass."""
    crew = Crew()
    case = await person.post("/cases", number="1", title="1")
    item = await person.post("/items", case_id=case["id"], name="1", quantity=1, unit="1")
    photo = await person.photograph(photo_of_a_seal("1"))
    sealed = await crew.do(
        "seal", [item["id"]], person, second, seal_number="SEAL-1", photos=[photo], weight_g=1000
    )  # fmt: skip
    (package,) = sealed["made"]
    await crew.do("handover", [package], second, person, differences=[])
    box, card = [await person.post("/labels", thing_id=thing) for thing in (package, person.id)]
    return package, Held(box["text"], "box"), Held(card["text"], "pass", On.CARD)


async def permitted(person: Colleague, thing: str) -> str:
    now = datetime.now(UTC)
    granted = await person.post(
        "/permits", agent=AGENT, stations=["gate-a"], direction="in", things=[thing],
        not_before=(now - timedelta(minutes=1)).isoformat(), not_after=(now + timedelta(hours=1)).isoformat(),
    )  # fmt: skip
    return str(granted["id"])


async def answered(person: Colleague, permit: str) -> bool:
    return bool((await person.get(f"/permits/{permit}"))["answer"] == "done")


def test_the_trace_knows_an_order_from_another() -> None:
    rows = table("Up")[2:5]
    trace = Trace(rows)
    trace.calls = [rows[0], rows[2], rows[1]]
    assert trace.left(rows) == [rows[2]]
    trace.calls.append(rows[2])
    assert trace.left(rows) == []
