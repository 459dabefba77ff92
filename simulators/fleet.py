"""A real agent without cameras that records numbered facts at a steady rate: load, and something to kill.

    python -m simulators.fleet AGENT FACTS_A_SECOND     with the settings SEALTRAIL_EDGE_… of any agent

Journal, uplink and link are the edge's own; only the stations are missing.
"""

import asyncio
import os
import signal
from contextlib import ExitStack
from datetime import timedelta
from importlib.metadata import version

import typer

from edge_agent.agent import Agent, Parts
from edge_agent.bootstrap import build_witness
from edge_agent.cli import log_json, told_in_one_sentence
from edge_agent.clock import SystemClock, boot_id
from edge_agent.downlink import Books, Orders
from edge_agent.groundwork import journal_of, mqtt_options, will_of
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.key_files import read_key, read_witness_key
from edge_agent.lists import ListBook
from edge_agent.permits import PermitBook
from edge_agent.pictures import Pictures
from edge_agent.rule_packs import PackBook
from edge_agent.settings import EdgeSettings, read_settings
from edge_agent.supervise import Health
from edge_agent.tasks import TaskBook
from edge_agent.uplink import Uplink
from wire.mqtt import mqtt_connect
from wire.rule_packs import load_rule_pack
from wire.topics import site_of

TICKS_A_S = 20

app = typer.Typer(add_completion=False)


@app.command()
def run(agent: str, facts_a_second: int) -> None:
    """Until SIGTERM or SIGINT."""
    log_json()
    with told_in_one_sentence(), ExitStack() as undo:
        asyncio.run(_run(build(agent, read_settings(), undo), facts_a_second))


def build(agent: str, settings: EdgeSettings, undo: ExitStack) -> Parts:
    """An agent of no stations. Raises EdgeError."""
    clock, key = SystemClock(boot_id()), read_key(settings.key_file)
    find_key = {key.kid: key for key in settings.cloud_keys}.get
    journal = journal_of(settings, agent, clock, find_key)
    undo.callback(journal.close)
    uplink = Uplink(agent, key, journal, clock, find_key)
    packs = PackBook(journal.reads, load_rule_pack(settings.rule_pack), clock)
    permits, tasks = PermitBook(journal.reads, agent, find_key), TaskBook(journal.reads, agent, packs, find_key)
    books = Books(permits, tasks, packs, ListBook(journal.reads, clock))
    return Parts(
        agent=agent, software=version("sealtrail"), journal=journal, data_dir=settings.data_dir, clock=clock,
        random=os.urandom, packs=packs, health=Health(lambda device, problem: None),
        watches=[], uplink=uplink, orders=Orders(agent, journal, books, clock, find_key, uplink.resend),
        pictures=Pictures(agent, key, journal, clock, str(settings.cloud_url)),
        connect=mqtt_connect(mqtt_options(settings, agent, will_of(agent))),
        keep=timedelta(days=settings.keep_days), heartbeat=timedelta(seconds=settings.heartbeat_s),
        witness=build_witness(settings, agent, read_witness_key(settings, site_of(agent), key), journal, clock),
    )  # fmt: skip


async def _run(parts: Parts, facts_a_second: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    counting = asyncio.create_task(_count(parts.journal, facts_a_second))
    stop_with = asyncio.create_task(stop.wait())
    stop_with.add_done_callback(lambda _: counting.cancel())
    await Agent(parts).run(stop)
    await asyncio.gather(counting, return_exceptions=True)


async def _count(journal: Journal, facts_a_second: int) -> None:
    loop = asyncio.get_running_loop()
    due, number = loop.time(), 0
    while True:
        for _ in range(facts_a_second // TICKS_A_S):
            number += 1
            journal.submit(Draft(kind="counted", device="agent", body={"number": number}))
        due += 1 / TICKS_A_S
        await asyncio.sleep(max(0.0, due - loop.time()))


if __name__ == "__main__":
    app()
