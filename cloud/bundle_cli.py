"""`sealtrail bundle …`: court bundles from the command line."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from cloud.answering import ACTOR, one_sentence

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Court bundles: what proves itself, in one file.")


@app.callback()
def _bundle() -> None:
    """Keeps `export` a command of its own name while it is the only one."""


@app.command()
def export(
    site: Annotated[str, typer.Option(help="whose ledger")],
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write; none there is written over")],
    item: Annotated[str | None, typer.Option(help="the bundle is about this item")] = None,
    package: Annotated[str | None, typer.Option(help="… this package and what is in it")] = None,
    case: Annotated[str | None, typer.Option(help="… this case and all that belongs to it")] = None,
    redact: Annotated[bool, typer.Option("--redact", help="leave out personal data and pictures")] = False,
    no_media: Annotated[bool, typer.Option("--no-media", help="leave out pictures")] = False,
    policy: Annotated[Path | None, typer.Option(help="whom its reader trusts (tlog-policy file)")] = None,
) -> None:
    """Writes a bundle that `sealtrail verify` checks offline, and records that it was exported."""
    from cloud.errors import InvalidError

    asked = {"item": item, "package": package, "case": case}
    named = {kind: name for kind, name in asked.items() if name is not None}
    with one_sentence():
        if len(named) != 1:
            raise InvalidError("one_subject", "a bundle is about one of --item, --package, --case")
        if output.exists():
            raise InvalidError("file_exists", f"{output} is there already")
        ((kind, name),) = named.items()
        asyncio.run(_export(site, output, kind, name, redact, not no_media, policy))


async def _export(
    site: str, output: Path, kind: str, name: str, redact: bool, media: bool, policy: Path | None
) -> None:
    from cloud.bootstrap import read_policy
    from cloud.db.pool import transaction
    from cloud.evidence.bundles import Wanted, make_bundle
    from cloud.evidence.exports import record_export
    from cloud.ledger.checkpoints import sign_checkpoints
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.media.store import open_store
    from cloud.opening import log_keys, opened_pool
    from cloud.settings import MediaSettings, load_settings
    from cloud.world import real_world

    settings, world = load_settings(MediaSettings), real_world()
    trusted = read_policy(policy or settings.policy)[0]
    wanted = Wanted(id=name, kind=kind, redact=redact, media=media, policy=trusted.encode() if trusted else None)
    async with opened_pool(settings, most=2) as pool:
        async with transaction(pool) as tx:
            await sign_checkpoints(tx, world, log_keys(settings.keys_dir))
        async with transaction(pool) as tx:
            made = await make_bundle(tx, open_store(settings.media_url), site, wanted, world.now())
        _write(output, made.data)
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, site)
            entry = await record_export(tx, appender, world, made, wanted, ACTOR)
            await close_ledger(tx, appender)
    told = {"bundle": str(output), "sha256": made.sha256, "entries": made.entries, "recorded_as": entry}
    typer.echo(json.dumps(told, ensure_ascii=False))


def _write(output: Path, data: bytes) -> None:
    from cloud.errors import InvalidError

    try:
        with output.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise InvalidError("not_written", f"{output}: {error.strerror}") from error
