"""What `docker-compose.yml` needs beside the program itself: secrets made on the spot, first records, a play.

    python -m simulators.containers prepare FOLDER    keys, certificates and passwords, one folder for each party
    python -m simulators.containers found FOLDER      the site, its agent and an operator, where they are missing
    python -m simulators.containers stage SOCKET      the simulated gate, at which a stranger tries his luck

Each may be run again: certificates are made anew, everything else stays as it is.
"""

import asyncio
import json
import os
import secrets
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cloud import keys
from cloud.db.embedded import APP
from cloud.db.pool import Tx, transaction
from cloud.fleet import service as fleet
from cloud.keyroom import found_site
from cloud.ledger import service as ledger
from cloud.opening import opened_pool
from cloud.people import passwords
from cloud.people import service as people
from cloud.settings import CloudSettings, load_settings
from cloud.world import World, real_world
from custody.roles import Role
from custody.things import Direction, Kind
from proof.keys import SigningKey, VerifyKey
from simulators.acting import Held
from simulators.broker import BrokerFiles, config_text
from simulators.pki import CLOUD_DOWNLINK, CLOUD_UPLINK, Authority, Identity
from simulators.stage import Stage
from simulators.warehouse import AGENT, SITE
from wire.access import acl_text
from wire.labels import Label, write_label

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

OWNER, CHARTS = "sealtrail", "sealtrail_grafana"
BROKER_HOST, BROKER_PORT, WORKER_PORT = "broker", 8883, 8884
DATABASE_HOST = "database"
PARTIES = ("broker", "database", "founding", "cloud", "edge", "grafana")
"""Who has files of his own; `founding` is for the migration and the first records, which need the owner's rights."""

OPERATOR = "operator"
GATE, DEVICES = "gate-a", 5
PATIENCE_S = 15
SECRETS = Path("/secrets")
"""Where every container finds the files of its own party, and those alone."""


@app.command()
def prepare(folder: Path) -> None:
    """Fills one folder for each of PARTIES in FOLDER; the authority's own key is one of the cloud's."""
    broker, database, founding, cloud, edge, grafana = (_private(folder / name) for name in PARTIES)
    now, random = datetime.now(UTC), os.urandom
    authority = Authority.open(folder / "authority", now, home=cloud / "keys")
    for party in (broker, cloud, edge):
        shutil.copyfile(authority.certificate_file, party / "ca.pem")
    shutil.copyfile(authority.workers_file, broker / "workers.pem")
    _take(authority.server(now, (BROKER_HOST, "localhost", "127.0.0.1")), broker)
    for name in (CLOUD_UPLINK, CLOUD_DOWNLINK):
        _take(authority.worker(name, now), cloud)
    _take(authority.client(AGENT, now), edge)

    files = BrokerFiles(
        ca=SECRETS / "ca.pem", certificate=SECRETS / "server.pem", key=SECRETS / "server.key", acl=SECRETS / "acl",
        store=Path("/store"), workers=SECRETS / "workers.pem", revoked=SECRETS / "crl.pem",
        pid=Path("/store/mosquitto.pid"),
    )  # fmt: skip
    _write(broker / "mosquitto.conf", config_text(files, port=BROKER_PORT, worker_port=WORKER_PORT, address="0.0.0.0"))  # noqa: S104 - inside its container
    _write(broker / "acl", acl_text())
    _kept(broker / "crl.pem", authority.no_one_revoked(now).decode("ascii"))

    owner, role = (_kept(database / name, secrets.token_urlsafe(24)) for name in ("owner_password", "app_password"))
    charts = _kept(grafana / "database_password", secrets.token_urlsafe(24))
    _kept(grafana / "admin_password", secrets.token_urlsafe(12))
    roles = {APP: role, CHARTS: charts}
    told = "".join(f"CREATE ROLE {name} LOGIN PASSWORD '{password}';\n" for name, password in roles.items())
    _write(database / "app_role.sql", told)
    for party in (database, grafana):
        for file in party.iterdir():
            file.chmod(0o644)  # read by the party's own account; no other container sees this folder
        party.chmod(0o755)
    _write(cloud / "sealtrail_cloud_database_url", f"postgresql://{APP}:{role}@{DATABASE_HOST}/sealtrail")
    _write(founding / "sealtrail_cloud_owner_database_url", f"postgresql://{OWNER}:{owner}@{DATABASE_HOST}/sealtrail")
    _kept(founding / "operator_password", secrets.token_urlsafe(12))

    made = {name: keys.read_or_write_key(cloud / "keys", name, random) for name in (keys.CLOUD, keys.LABEL)}
    keys.make_webhook_root(cloud / "keys", random)
    agent = keys.read_or_write_key(edge, "agent", random)
    _write(founding / "agent_public_key", agent.public.text)
    _write(
        edge / "public_keys.env",
        "".join(f"SEALTRAIL_EDGE_{name.upper()}_KEYS={made[name].public.text}\n" for name in made),
    )


@app.command()
def found(folder: Path) -> None:
    """Enters the site, its agent and the operator, whose secrets are in FOLDER, into the migrated database."""
    asyncio.run(_found(folder, load_settings(CloudSettings), real_world()))


async def _found(folder: Path, settings: CloudSettings, world: World) -> None:
    async with opened_pool(settings, most=1) as pool, transaction(pool) as tx:
        await _found_site(tx, settings, world)
        appender = await ledger.open_ledger(tx, SITE)
        if AGENT not in {row["id"] for row in await fleet.agents(tx, SITE)}:
            key = VerifyKey.from_text((folder / "agent_public_key").read_text("ascii"))
            await fleet.add_agent(tx, appender, world, agent=AGENT, public_key=key, at=world.now(), actor="set-up")
        if await people.account(tx, OPERATOR) is None:
            hashed = await passwords.Passwords().hash((folder / "operator_password").read_text("ascii"))
            await people.add_person(
                tx, appender, world, username=OPERATOR, name=OPERATOR, password_hash=hashed,
                roles=[Role.ADMIN, Role.OPERATOR], actor="set-up",
            )  # fmt: skip
        await ledger.close_ledger(tx, appender)


async def _found_site(tx: Tx, settings: CloudSettings, world: World) -> None:
    if SITE not in await ledger.site_ids(tx):
        await found_site(
            tx, world, settings.keys_dir, site=SITE, name_zh="南京一号仓", name_en="Nanjing warehouse 1",
            deployment=settings.deployment, actor="set-up",
        )  # fmt: skip


@app.command()
def stage(
    socket: Path,
    every_s: Annotated[float, typer.Option(help="pause between two visits of the stranger, in seconds")] = 20,
) -> None:
    """Serves the simulated gate at SOCKET; a stranger comes with a home-made label and must be refused each time."""
    asyncio.run(_play(socket, every_s))


async def _play(socket: Path, every_s: float) -> None:
    text = write_label(Label(Kind.ITEM, f"{SITE}/I-0000000000", 1), SigningKey.from_seed(os.urandom(32)))
    world = Stage(socket, (GATE,))
    await world.open()
    typer.echo(json.dumps({"event": "ready", "process": "stage"}))
    gate = world.gates[GATE]
    while True:
        while len(world.connected.now) < DEVICES:  # nobody can be seen at a gate whose agent is away
            await world.connected.leave(world.connected.now)
        await gate.approach(Direction.IN)
        gate.show([Held(text, f"{SITE}/I-0000000000")])
        for colour in ("red", "off"):
            with suppress(TimeoutError):  # the agent went away meanwhile: the stranger comes again
                async with asyncio.timeout(PATIENCE_S):
                    await gate.light.reach(colour)
            gate.clear()
        await asyncio.sleep(every_s)


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _take(identity: Identity, party: Path) -> None:
    for path in (identity.certificate, identity.key):
        (party / path.name).unlink(missing_ok=True)
        shutil.copy(path, party / path.name)  # with its mode


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, "utf-8")


def _kept(path: Path, text: str) -> str:
    """What `path` holds; `text` when it was not there."""
    if not path.exists():
        _write(path, text)
    return path.read_text("utf-8")


if __name__ == "__main__":
    app()
