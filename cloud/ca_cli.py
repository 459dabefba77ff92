"""`sealtrail cloud ca …`: the certificate authority that lets devices, workers and the broker know one another."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.answering import ACTOR, answer, run

app = typer.Typer(no_args_is_help=True, help="The certificate authority: for agents, workers and the broker.")

WORKER_DAYS = 365


@app.command()
def init(
    name: Annotated[str, typer.Option(help="as certificates name it")] = "Sealtrail certificate authority",
) -> None:
    """Makes the authority where there is none (ca.key and ca.pem in the keys folder), and tells every site's log."""
    run(_init(name))


async def _init(name: str) -> None:
    from cloud.authority import make_authority, read_authority
    from cloud.db.pool import transaction
    from cloud.joining.issuing import tell_authority
    from cloud.ledger.service import close_ledger, open_ledger, site_ids
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    settings, world = load_settings(CloudSettings), real_world()
    async with opened_pool(settings, most=1) as pool, transaction(pool) as tx:
        authority = read_authority(settings.keys_dir) or make_authority(settings.keys_dir, name, world.now())
        told = {}
        for site in sorted(await site_ids(tx)):
            appender = await open_ledger(tx, site)
            told[site] = await tell_authority(tx, appender, world, authority, ACTOR)
            await close_ledger(tx, appender)
    answer(fingerprint=authority.fingerprint, not_after=authority.ends.isoformat(), entries=told)


@app.command()
def show() -> None:
    """The authority's certificate (PEM) and its fingerprint (SHA-256)."""
    from cloud.answering import fail, one_sentence
    from cloud.authority import read_authority
    from cloud.settings import KeySettings, load_settings

    with one_sentence():
        authority = read_authority(load_settings(KeySettings).keys_dir)
    if authority is None:
        fail("there is no certificate authority: `sealtrail cloud ca init` makes it")
    answer(fingerprint=authority.fingerprint, not_after=authority.ends.isoformat(), certificate=authority.pem)


@app.command()
def server(
    names: Annotated[list[str], typer.Argument(help="host names and addresses it is good for")],
    into: Annotated[Path, typer.Option(help="folder for server.pem and server.key")],
    days: Annotated[int, typer.Option(min=1, max=825)] = WORKER_DAYS,
) -> None:
    """A certificate for the broker or the web server, with its key."""
    _give(into, "server", tuple(names), days)


@app.command()
def worker(
    name: Annotated[str, typer.Argument(help="cloud-uplink or cloud-downlink")],
    into: Annotated[Path, typer.Option(help="folder for <name>.pem and <name>.key")],
    days: Annotated[int, typer.Option(min=1, max=825)] = WORKER_DAYS,
) -> None:
    """A certificate for the cloud's own workers, with its key; agents get theirs by `sealtrail edge enroll`.

    It is signed by an authority of workers alone, made the first time: the broker's port for workers takes no other.
    """
    from cloud.answering import fail
    from wire.access import CLOUD_DOWNLINK, CLOUD_UPLINK

    if name not in (CLOUD_UPLINK, CLOUD_DOWNLINK):
        fail(f"{name!r} is no worker of ours: {CLOUD_UPLINK} or {CLOUD_DOWNLINK}")
    _give(into, name, (), days, workers=True)


def _give(into: Path, name: str, names: tuple[str, ...], days: int, *, workers: bool = False) -> None:
    from datetime import timedelta

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from cloud.answering import fail, one_sentence
    from cloud.authority import CERTIFICATE, WORKERS, WORKERS_NAME, key_pem, make_authority, read_authority
    from cloud.keys import write_secret
    from cloud.settings import KeySettings, load_settings
    from cloud.world import real_world

    with one_sentence():
        folder = load_settings(KeySettings).keys_dir
        authority = read_authority(folder)
        if authority is None:
            fail("there is no certificate authority: `sealtrail cloud ca init` makes it")
        if workers:
            folder = folder / WORKERS
            authority = read_authority(folder) or make_authority(folder, WORKERS_NAME, real_world().now())
        key, now, life = ec.generate_private_key(ec.SECP256R1()), real_world().now(), timedelta(days=days)
        made = (
            authority.server(names, key.public_key(), now, life)
            if names
            else authority.client(name, key.public_key(), now, life)
        )
        write_secret(into, f"{name}.key", key_pem(key))
        write_secret(into, f"{name}.pem", made.public_bytes(serialization.Encoding.PEM))
    answer(
        certificate=str(into / f"{name}.pem"), key=str(into / f"{name}.key"), authority=str(folder / CERTIFICATE),
        until=made.not_valid_after_utc.isoformat(),
    )  # fmt: skip
