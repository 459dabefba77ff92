"""`sealtrail cloud …`. Each command loads only what it needs, and says what is wrong in one sentence (exit 2)."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol

import typer

from cloud.answering import ACTOR, answer, one_sentence, run
from cloud.ca_cli import app as ca_app
from cloud.key_cli import app as key_app
from cloud.people_cli import person_app, place_site, unit_app

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The cloud's processes and its upkeep.")
site_app = typer.Typer(no_args_is_help=True, help="Sites: warehouses, each with its own ledger.")
agent_app = typer.Typer(no_args_is_help=True, help="Agents: the machines at the gates.")
app.add_typer(site_app, name="site")
app.add_typer(agent_app, name="agent")
app.add_typer(person_app, name="person")
app.add_typer(unit_app, name="unit")
app.add_typer(key_app, name="key")
app.add_typer(ca_app, name="ca")
site_app.command("place")(place_site)


class Worker(Protocol):
    """What runs until it is told to stop; `ready` is set once it does its work."""

    ready: asyncio.Event

    async def run(self) -> None:
        """Ends only by being cancelled."""


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr() -> None:
    """Logs of this process go to stderr as JSON lines; stdout is for what a command answers."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


@app.command()
def migrate() -> None:
    """Brings the database's schema up to date (SEALTRAIL_CLOUD_OWNER_DATABASE_URL)."""
    from cloud.db.migrate import migrate as apply
    from cloud.settings import OwnerSettings, load_settings
    from cloud.world import real_world

    with one_sentence():
        applied = apply(load_settings(OwnerSettings).owner_database_url, real_world().now())
    answer(applied=applied)


@app.command()
def keygen() -> None:
    """Makes the signing keys and the root of the webhooks' secrets where they are missing; prints the public keys."""
    from cloud import keys
    from cloud.settings import KeySettings, load_settings
    from cloud.world import real_world

    with one_sentence():
        folder = load_settings(KeySettings).keys_dir
        made = {name: keys.read_or_write_key(folder, name, real_world().random) for name in (keys.CLOUD, keys.LABEL)}
        keys.make_webhook_root(folder, real_world().random)
    answer(**{name: key.public.text for name, key in made.items()})


@site_app.command("add")
def add_site(
    site: str,
    zh: Annotated[str, typer.Option(help="its name in Chinese")],
    en: Annotated[str, typer.Option(help="its name in English")],
    unit: Annotated[str | None, typer.Option(help="the organisation unit it belongs to")] = None,
) -> None:
    """Founds a site with an empty ledger and the key that signs its checkpoints."""
    run(_add_site(site, zh, en, unit))


async def _add_site(site: str, zh: str, en: str, unit: str | None) -> None:
    from cloud.db.pool import transaction
    from cloud.keyroom import found_site
    from cloud.ledger.service import origin_of
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world
    from proof.note import NoteVerifier

    settings = load_settings(CloudSettings)
    async with opened_pool(settings) as pool, transaction(pool) as tx:
        key = await found_site(
            tx, real_world(), settings.keys_dir, site=site, name_zh=zh, name_en=en, deployment=settings.deployment,
            actor=ACTOR, unit=unit,
        )  # fmt: skip
    answer(site=site, vkey=NoteVerifier(origin_of(settings.deployment, site), key).vkey)


@agent_app.command("add")
def add_agent(
    agent: Annotated[str, typer.Argument(help="<site>.<name>, as in its certificate")],
    public_key: Annotated[str, typer.Option(help="as `sealtrail edge keygen` prints it")],
) -> None:
    """Makes an agent known with its public key."""
    run(_add_agent(agent, public_key))


async def _add_agent(agent: str, public_key: str) -> None:
    from cloud.db.pool import transaction
    from cloud.fleet import service
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world
    from proof.keys import VerifyKey
    from wire.topics import site_of

    world, key, site = real_world(), VerifyKey.from_text(public_key), site_of(agent)
    async with opened_pool(load_settings(CloudSettings)) as pool, transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        index = await service.add_agent(tx, appender, world, agent=agent, public_key=key, at=world.now(), actor=ACTOR)
        await close_ledger(tx, appender)
    answer(agent=agent, entry=index)


@app.command()
def uplink() -> None:
    """Takes facts in from the broker, into the ledgers; several may run."""
    from cloud import bootstrap
    from cloud.settings import BrokerSettings, load_settings

    log_to_stderr()
    run(_work("uplink", lambda: bootstrap.uplink(load_settings(BrokerSettings))))


@app.command()
def readings() -> None:
    """Takes telemetry in from the broker; several may run."""
    from cloud import bootstrap
    from cloud.settings import BrokerSettings, load_settings

    log_to_stderr()
    run(_work("readings", lambda: bootstrap.readings(load_settings(BrokerSettings))))


@app.command()
def downlink() -> None:
    """Sends orders to the agents and notes who is there."""
    from cloud import bootstrap
    from cloud.settings import BrokerSettings, load_settings

    log_to_stderr()
    run(_work("downlink", lambda: bootstrap.downlink(load_settings(BrokerSettings))))


@app.command()
def gatekeeper() -> None:
    """Keeps the broker's files: authority, revoked certificates, access list; ends sessions of the revoked."""
    from cloud import bootstrap
    from cloud.settings import GatekeeperSettings, load_settings

    log_to_stderr()
    run(_work("gatekeeper", lambda: bootstrap.gatekeeper(load_settings(GatekeeperSettings))))


@app.command()
def mirror() -> None:
    """Shows doors, climate and health to Home Assistant over its broker; nothing comes back that way."""
    from cloud import bootstrap
    from cloud.settings import MirrorSettings, load_settings

    log_to_stderr()
    run(_work("mirror", lambda: bootstrap.mirror(load_settings(MirrorSettings))))


@app.command()
def jobs() -> None:
    """Takes checkpoints to the witnesses of SEALTRAIL_CLOUD_POLICY and to the agents; one is enough."""
    from cloud import bootstrap
    from cloud.settings import JobsSettings, load_settings

    log_to_stderr()
    run(_work("jobs", lambda: bootstrap.jobs(load_settings(JobsSettings))))


@app.command()
def web() -> None:
    """Serves the API, the live stream and the console."""
    import uvloop

    from cloud import serving
    from cloud.settings import WebSettings, load_settings

    log_to_stderr()
    with one_sentence(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving.web(load_settings(WebSettings), lambda line: print(line, flush=True)))


@app.command()
def openapi(examples: Annotated[bool, typer.Option(help="as the server gives it out")] = False) -> None:
    """Prints the API's OpenAPI document; the console keeps a copy of it (cloud/console/src/api/openapi.json)."""
    from cloud.web.app import openapi as document

    print(json.dumps(document(examples=examples), ensure_ascii=False, indent=1, sort_keys=True))


@app.command()
def asyncapi() -> None:
    """Prints what crosses between agents and the cloud as an AsyncAPI document (docs/asyncapi.json)."""
    from wire.asyncapi import document

    print(json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True))


async def _work(name: str, make: Callable[[], AbstractAsyncContextManager[Worker]]) -> None:
    """Runs a worker until SIGTERM or SIGINT; says `ready` once it is."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with make() as worker:
        running, stopping = asyncio.create_task(worker.run()), asyncio.create_task(stop.wait())
        ready = asyncio.create_task(_tell_ready(name, worker.ready))
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        stopping.cancel()
        running.cancel()
        await asyncio.wait({running})
        if not running.cancelled():
            await running
    answer(event="stopped", process=name)


async def _tell_ready(name: str, ready: asyncio.Event) -> None:
    await ready.wait()
    answer(event="ready", process=name)


@app.command("telemetry-check")
def telemetry_check(site: str) -> None:
    """Compares a site's readings with the batches that its agents signed; exit status 1 when something differs."""
    with one_sentence():
        ok = asyncio.run(_telemetry_check(site))
    raise typer.Exit(0 if ok else 1)


async def _telemetry_check(site: str) -> bool:
    from cloud.db.pool import transaction
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.telemetry.check import check_telemetry

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        await tx.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")  # readings come meanwhile
        found = await check_telemetry(tx, site)
    answer(
        ok=found.fault is None, batches=found.batches, readings=found.readings, removed=found.removed,
        absent=found.absent, fault=found.fault,
    )  # fmt: skip
    return found.fault is None


@app.command("ledger-check")
def ledger_check(
    site: str,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object instead of a sentence")] = False,
) -> None:
    """Derives a site's ledger anew from its entries; exit status 1 when something in it does not hold."""
    with one_sentence():
        ok = asyncio.run(_ledger_check(site, as_json))
    raise typer.Exit(0 if ok else 1)


async def _ledger_check(site: str, as_json: bool) -> bool:
    from cloud.db.pool import transaction
    from cloud.ledger.check import check_site
    from cloud.opening import log_keys, opened_pool
    from cloud.settings import CloudSettings, load_settings

    settings = load_settings(CloudSettings)
    key = log_keys(settings.keys_dir)(site)
    async with opened_pool(settings, most=1) as pool, transaction(pool) as tx:
        found = await check_site(tx, site, key.public if key else None)
    if as_json:
        answer(**found.as_json())
    elif found.ok:
        print(f"{site}: {found.entries} entries hold, {found.facts} facts of {found.agents} agents among them")
    else:
        print(f"{site}: {found.fault} at entry {found.index}: {found.detail}")
    return found.ok
