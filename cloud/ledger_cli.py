"""`sealtrail ledger …`: whether a site's records hold, and whether something did not happen."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.answering import one_sentence

if TYPE_CHECKING:
    from cloud.ledger.check import LedgerCheck, OnProgress
    from cloud.ledger.completeness import Completeness
    from cloud.ledger.tables import ReadStill
    from cloud.ledger.walk import Trust, Walk
    from cloud.settings import CloudSettings
    from cloud.stock_takes.recomputing import SampleCheck

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Whether a site's records hold, and are complete.")

SAVE_EVERY_S = 2.0
SHOWN_MOST = 20


@dataclass(frozen=True, slots=True)
class _Asked:
    site: str | None
    resume: Path | None
    policy: Path | None
    known: tuple[Path, ...]
    stills: bool
    readings: bool
    tsa_cert: Path | None


@app.command()
def verify(
    site: Annotated[str | None, typer.Option(help="only this site; else all")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a site")] = False,
    resume: Annotated[Path | None, typer.Option(help="note here how far it came, and go on from there")] = None,
    policy: Annotated[Path | None, typer.Option(help="tlog-policy file with the keys of log and witnesses")] = None,
    known: Annotated[list[Path] | None, typer.Option(help="a checkpoint of the site that was seen outside")] = None,
    stills: Annotated[bool, typer.Option(help="read every kept still too")] = True,
    readings: Annotated[bool, typer.Option(help="compare every reading of telemetry too")] = True,
    tsa_cert: Annotated[Path | None, typer.Option(help="PEM certificates whose RFC 3161 time stamps count")] = None,
) -> None:
    """Derives a whole site anew: log, tables, signatures, stills, readings; exit 1 at the first that does not hold.

    The file of --resume is believed: who proves something to somebody else begins at the first entry.
    """
    asked = _Asked(site, resume, policy, tuple(known or ()), stills, readings, tsa_cert)
    with one_sentence():
        found = asyncio.run(_verify(asked))
    for one in found:
        typer.echo(json.dumps(one.as_json(), ensure_ascii=False) if as_json else _sentence(one))
    raise typer.Exit(0 if all(one.ok for one in found) else 1)


def _sentence(found: "LedgerCheck") -> str:
    """What was found, in English and Chinese."""
    if found.ok:
        lines = [
            f"{found.site}: {found.entries} entries hold: {found.facts} facts of {found.agents} agents under "
            f"{found.statements} statements, {found.checkpoints} checkpoints, {found.cosignatures} cosignatures, "
            f"{found.rows} rows of tables, {found.stills} stills, {found.stamps} time stamps, "
            f"{found.readings} readings in {found.batches} batches "
            f"({found.readings_removed} more were removed, by entries)",
            f"{found.site}: {found.entries} 条账本记录全部核对无误",
        ]
    else:
        en, zh = found.said or ("", "")
        row = found.row or (f"entry {found.index}" if found.index is not None else "")
        where = row if found.index is None else f"{row} (entry {found.index})"
        lines = [f"{found.site}: {found.fault}: {en} {where}: {found.detail}", f"{found.site}: {zh} {where}"]
    return "\n".join([*lines, *(f"  doubt: {doubt}" for doubt in found.doubts)])


async def _verify(asked: _Asked) -> list["LedgerCheck"]:
    from cloud.db.pool import transaction
    from cloud.errors import InvalidError, NotFoundError
    from cloud.ledger.check import verify_site
    from cloud.ledger.service import site_ids
    from cloud.ledger.stamping import Authority, stamps_held
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, MediaSettings, load_settings
    from cloud.telemetry.check import readings_hold

    authority = None if asked.tsa_cert is None else Authority.from_pem("", _bytes(asked.tsa_cert))
    settings: CloudSettings
    read: ReadStill | None = None
    if asked.stills:
        settings = media = load_settings(MediaSettings)
        read = _reader(media.media_url)
    else:
        settings = load_settings(CloudSettings)
    found = []
    async with opened_pool(settings, most=1) as pool:
        async with transaction(pool) as tx:
            there = sorted(await site_ids(tx))
        if asked.site is not None and asked.site not in there:
            raise NotFoundError("site", asked.site)
        sites = [asked.site] if asked.site else there
        if (asked.resume or asked.known) and len(sites) != 1:
            raise InvalidError("one_site", "--resume and --known need --site")
        for site in sites:
            trust = _trust(settings, asked, site)
            walk, save, done = _kept(site, asked.resume)
            with _progress(site) as on_progress:
                async with transaction(pool) as tx:
                    one = await verify_site(tx, trust, walk, read_still=read, on_progress=on_progress, save=save)
                    one = await stamps_held(tx, one, authority)
                    found.append(await readings_hold(tx, one, on_progress) if asked.readings else one)
            done()
    return found


def _reader(url: str) -> "ReadStill":
    from cloud.media.store import open_store, read

    store = open_store(url)
    return lambda sha256: read(store, sha256)


def _trust(settings: "CloudSettings", asked: _Asked, site: str) -> "Trust":
    """The keys in the policy, and for what it does not name those in the keys' folder."""
    from cloud import keys
    from cloud.errors import KeyFileError
    from cloud.ledger.service import origin_of
    from cloud.ledger.walk import Trust
    from proof.keys import VerifyKey
    from proof.policy import parse_policy

    def of(name: str) -> tuple[VerifyKey, ...]:
        try:
            return (keys.read_key(settings.keys_dir, name).public,)
        except KeyFileError:
            return ()

    policy = None if asked.policy is None else parse_policy(_bytes(asked.policy))
    origin = origin_of(settings.deployment, site)
    logs = [log.key for log in policy.logs if log.name == origin] if policy else [*of(keys.log_key_name(site))]
    witnesses = tuple(witness.vkey for witness in policy.witnesses.values()) if policy else ()
    known = tuple(_bytes(path) for path in asked.known)
    return Trust(logs[0] if logs else None, of(keys.LABEL), of(keys.CLOUD), witnesses, known)


def _bytes(path: Path) -> bytes:
    from cloud.errors import InvalidError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidError("no_file", f"{path}: {error.strerror}") from error


def _kept(site: str, file: Path | None) -> tuple["Walk", Callable[["Walk"], None], Callable[[], None]]:
    """The walk to go on with, what keeps it now and then, and what is done at its end."""
    from cloud.ledger.derived import Derived
    from cloud.ledger.walk import Walk, load, save

    fresh = Walk(site, Derived(site))
    if file is None:
        return fresh, lambda _: None, lambda: None
    last = time.monotonic()

    def keep(walk: Walk) -> None:
        nonlocal last
        if time.monotonic() - last >= SAVE_EVERY_S:
            save(walk, file)
            last = time.monotonic()

    return load(file, site) or fresh, keep, lambda: file.unlink(missing_ok=True)


@contextmanager
def _progress(site: str) -> Iterator["OnProgress"]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(f"{site}: {what}", total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


@app.command()
def complete(
    agent: Annotated[str, typer.Option(help="<site>.<name>")],
    since: Annotated[datetime, typer.Option("--from", help="from when, UTC")],
    until: Annotated[datetime, typer.Option("--to", help="until when, UTC")],
    kind: Annotated[list[str] | None, typer.Option(help="what did not happen; may be given again")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Whether an agent's silence says that nothing happened: the claim that holds, or the spans where it does not.

    Exit 0 when nothing of the kind happened and that can be claimed throughout, 1 otherwise.
    """
    from cloud.ledger.completeness import words

    with one_sentence():
        found = asyncio.run(_complete(agent, since, until, tuple(kind or ())))
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        typer.echo("\n".join(words(found, SHOWN_MOST)))
    raise typer.Exit(0 if found.holds else 1)


async def _complete(agent: str, since: datetime, until: datetime, kinds: tuple[str, ...]) -> "Completeness":
    from cloud.db.pool import transaction
    from cloud.ledger.completeness import read_completeness
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        return await read_completeness(tx, agent, since, until, kinds)


@app.command()
def sample(
    stock_take: Annotated[str, typer.Argument(help="<site>/T-…")],
    known: Annotated[list[Path] | None, typer.Option(help="a checkpoint of the site that was seen outside")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, with the sample")] = False,
) -> None:
    """Whether the sample of a random stock-take is the one that the log draws; exit 1 when it is not."""
    with one_sentence():
        found = asyncio.run(_sample(stock_take, tuple(known or ())))
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        what = f"{found.drawn} of {found.population} things by the checkpoint of {found.checkpoint_size} entries"
        en, zh = (
            ("as the log draws it", "样本与账本抽取的结果一致")
            if found.holds
            else ("NOT so", "样本与账本抽取的结果不符")
        )
        typer.echo("\n".join([f"{stock_take}: {what}: {en}", f"{stock_take}: {zh}", *(f"  {f}" for f in found.faults)]))
    raise typer.Exit(0 if found.holds else 1)


async def _sample(stock_take: str, known: tuple[Path, ...]) -> "SampleCheck":
    from cloud.db.pool import transaction
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings
    from cloud.stock_takes.recomputing import check_sample

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        return await check_sample(tx, stock_take, [_bytes(path) for path in known])
