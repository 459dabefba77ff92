"""The keys that are files of ours, and what the sites' logs are told of them: at a founding, and when one is replaced.

Someone who keeps keys in a token or a service gives the workers another `proof.keys.Signer` and tells the logs of its
public half by `record_missing`.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cloud import keys
from cloud.db.pool import Pool, Tx, transaction
from cloud.errors import InvalidError, KeyFileError
from cloud.ledger.key_history import Birth, Role, deployment_owner, lives, record_end, record_missing
from cloud.ledger.service import add_site, close_ledger, open_ledger, origin_of, site_ids
from cloud.people.units import place_site, tell_units
from cloud.world import World
from proof.keys import SigningKey, VerifyKey

FILES: tuple[tuple[Role, str], ...] = (("cloud", keys.CLOUD), ("label", keys.LABEL))


def site_births(folder: Path, deployment: str, site: str) -> list[Birth]:
    """The keys that speak for `site`, of those files that are there. Raises KeyFileError for one that is spoiled."""
    owner, log = deployment_owner(deployment), keys.log_key_name(site)
    files: list[tuple[Role, str, str]] = [("log", log, origin_of(deployment, site))]
    files += [(role, name, owner) for role, name in FILES]
    return [
        (role, owner, keys.read_key(folder, name).public)
        for role, name, owner in files
        if (folder / f"{name}.pem").exists()
    ]


async def found_site(
    tx: Tx,
    world: World,
    folder: Path,
    *,
    site: str,
    name_zh: str,
    name_en: str,
    deployment: str,
    actor: str,
    unit: str | None = None,
) -> VerifyKey:
    """Founds `site`, under `unit`; its first entries tell of its log's key, the cloud's and the labels', then of the
    units. Returns the log's key. Raises InvalidError, ConflictError, NotFoundError for the unit.
    """
    at: datetime = world.now()
    await add_site(tx, site=site, name_zh=name_zh, name_en=name_en, deployment=deployment, at=at)
    log = keys.read_or_write_key(folder, keys.log_key_name(site), world.random)
    await tell_logs(tx, world, folder, deployment=deployment, sites=[site], actor=actor)
    appender = await open_ledger(tx, site)
    await tell_units(tx, appender, world, actor)
    if unit is not None:
        await place_site(tx, appender, world, unit, actor)
    await close_ledger(tx, appender)
    return log.public


async def tell_logs(
    tx: Tx, world: World, folder: Path, *, deployment: str, sites: Iterable[str], actor: str
) -> dict[str, list[int]]:
    """Tells the logs of `sites` of keys that they were not told of; returns the new entries of each."""
    told = {}
    for site in sorted(sites):
        appender = await open_ledger(tx, site)
        told[site] = await record_missing(tx, appender, world, site_births(folder, deployment, site), actor)
        await close_ledger(tx, appender)
    return told


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new key of the file `name`, and the sites whose logs tell of it."""

    name: str
    key: VerifyKey
    sites: tuple[str, ...]


async def replace_key(pool: Pool, world: World, folder: Path, *, name: str, deployment: str, actor: str) -> Replaced:
    """A new key for the file `name` (cloud, label or log-<site>); the old one ends as rotated, and its file is gone.

    The file is exchanged while the ledgers are locked: whoever waits for one signs by the new key then. The old key is
    kept beside it until all is done. Done again after a crash it goes on where it was. Raises InvalidError for another
    name, KeyFileError, ConflictError.
    """
    async with transaction(pool) as tx:
        role, owner, sites = _scope(name, deployment, await site_ids(tx))
    new, old, exchanged = _begin(folder, name, world)
    async with transaction(pool) as tx:
        for site in sites:
            appender = await open_ledger(tx, site)
            await record_missing(tx, appender, world, [(role, owner, new.public)], actor)
            for life in await lives(tx, site):
                if (life["role"], life["owner"], life["kid"], life["ended"]) == (role, owner, old.public.kid, None):
                    await record_end(
                        tx, appender, world, role=role, owner=owner, kid=old.public.kid, why="rotated", actor=actor
                    )
            await close_ledger(tx, appender)
        if not exchanged:
            _exchange(folder, name)
    (folder / f"{_old(name)}.pem").unlink()
    return Replaced(name, new.public, sites)


def next_of(name: str) -> str:
    """The file of the key that will be in the place of `name`: made beforehand, agents can be told of it in time."""
    return f"{name}.next"


def _exchange(folder: Path, name: str) -> None:
    try:
        os.replace(folder / f"{next_of(name)}.pem", folder / f"{name}.pem")
    except OSError as error:
        raise KeyFileError(f"{folder}: {error.strerror}") from error


def _old(name: str) -> str:
    return f"{name}.old"


def _begin(folder: Path, name: str, world: World) -> tuple[SigningKey, SigningKey, bool]:
    """The new key, the old one, and whether they were exchanged before a crash. Raises KeyFileError."""
    old, fresh = folder / f"{_old(name)}.pem", folder / f"{next_of(name)}.pem"
    try:
        if not old.exists():
            keys.read_or_write_key(folder, next_of(name), world.random)
            os.link(folder / f"{name}.pem", old)
    except OSError as error:
        raise KeyFileError(f"{folder}: {error.strerror}") from error
    exchanged = not fresh.exists()
    new = keys.read_key(folder, name if exchanged else next_of(name))
    return new, keys.read_key(folder, _old(name)), exchanged


def _scope(name: str, deployment: str, sites: set[str]) -> tuple[Role, str, tuple[str, ...]]:
    for role, file in FILES:
        if name == file:
            return role, deployment_owner(deployment), tuple(sorted(sites))
    site = name.removeprefix("log-")
    if name != keys.log_key_name(site) or site not in sites:
        raise InvalidError("no_such_key", f"{name!r} is none of cloud, label, log-<site>, nor an agent")
    return "log", origin_of(deployment, site), (site,)
