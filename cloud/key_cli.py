"""`sealtrail cloud key …`: whose key is valid since when, and how one is replaced or ended."""

from typing import Annotated, Literal

import typer

from cloud.answering import ACTOR, answer, run

app = typer.Typer(no_args_is_help=True, help="Keys: their lives as the logs tell them, and how one is replaced.")


@app.command("list")
def list_keys(site: Annotated[str | None, typer.Option(help="of this site only")] = None) -> None:
    """Every key, whose it is, and from which entry to before which it was valid; one JSON object a line."""
    run(_list_keys(site))


async def _list_keys(site: str | None) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.key_history import lives
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from proof.keys import b64

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        for life in await lives(tx, site):
            answer(**life | {"public_key": b64(life["public_key"])})


@app.command("record")
def record_keys() -> None:
    """Tells every site's log of the keys it was not told of: for sites that are older than key histories."""
    run(_record_keys())


async def _record_keys() -> None:
    from cloud.db.pool import transaction
    from cloud.keyroom import tell_logs
    from cloud.ledger.service import site_ids
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    settings = load_settings(CloudSettings)
    async with opened_pool(settings, most=1) as pool, transaction(pool) as tx:
        told = await tell_logs(
            tx, real_world(), settings.keys_dir, deployment=settings.deployment, sites=await site_ids(tx), actor=ACTOR
        )
    answer(entries=told)


@app.command("rotate")
def rotate_key(
    name: Annotated[str, typer.Argument(help="cloud, label, log-<site>, or an agent's id")],
    public_key: Annotated[
        str | None, typer.Option(help="an agent's new key, as `sealtrail edge keygen` prints")
    ] = None,
) -> None:
    """Replaces a key. Of an agent both keys are valid until the old one is ended with `retire`; ours are replaced
    at once, and the processes at work sign by the new one from their next act on. Give agents and readers the new
    public key before: `next` says it.
    """
    run(_rotate_agent_key(name, public_key) if public_key is not None else _rotate_key(name))


@app.command("next")
def next_key(name: Annotated[str, typer.Argument(help="cloud, label, or log-<site>")]) -> None:
    """The public half of the key that `rotate` will put in the place of NAME; made when it is first asked for."""
    from cloud.answering import one_sentence
    from cloud.keyroom import next_of
    from cloud.keys import read_key, read_or_write_key
    from cloud.settings import KeySettings, load_settings
    from cloud.world import real_world

    with one_sentence():
        folder = load_settings(KeySettings).keys_dir
        read_key(folder, name)  # one that is not here is not replaced
        key = read_or_write_key(folder, next_of(name), real_world().random).public
    answer(key=name, kid=key.kid, public_key=key.text)


async def _rotate_key(name: str) -> None:
    from cloud.keyroom import replace_key
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    settings = load_settings(CloudSettings)
    async with opened_pool(settings, most=1) as pool:
        done = await replace_key(
            pool, real_world(), settings.keys_dir, name=name, deployment=settings.deployment, actor=ACTOR
        )
    answer(key=done.name, kid=done.key.kid, public_key=done.key.text, sites=done.sites)


async def _rotate_agent_key(agent: str, public_key: str) -> None:
    from cloud.db.pool import transaction
    from cloud.fleet.service import add_agent_key
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world
    from proof.keys import VerifyKey
    from wire.topics import site_of

    key, site = VerifyKey.from_text(public_key), site_of(agent)
    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        index = await add_agent_key(tx, appender, real_world(), agent=agent, key=key, actor=ACTOR)
        await close_ledger(tx, appender)
    answer(key=agent, kid=key.kid, public_key=key.text, entry=index)


Site = Annotated[str, typer.Option(help="whose log tells of it")]


@app.command("retire")
def retire_key(kid: str, site: Site) -> None:
    """Ends a key that was replaced in good order."""
    run(_end_key(kid, site, "rotated"))


@app.command("revoke")
def revoke_key(kid: str, site: Site) -> None:
    """Ends a key that must not be believed from now on; what is signed by it is quarantined."""
    run(_end_key(kid, site, "revoked"))


@app.command("lost")
def lose_key(kid: str, site: Site) -> None:
    """Ends a key that nobody has any more."""
    run(_end_key(kid, site, "lost"))


async def _end_key(kid: str, site: str, why: Literal["rotated", "lost", "revoked"]) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.key_history import find_living, record_end
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        life = await find_living(tx, site, kid)
        role, owner = life["role"], life["owner"]
        index = await record_end(tx, appender, real_world(), role=role, owner=owner, kid=kid, why=why, actor=ACTOR)
        await close_ledger(tx, appender)
    answer(kid=kid, owner=owner, role=role, why=why, entry=index)
