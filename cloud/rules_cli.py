"""`sealtrail rules …`: a rule pack checked, shown and drawn, and its rules of alarms tried on a site's past."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cloud.answering import fail, one_sentence
from custody.alarm_rules import MOST_LIVING, rules_of
from custody.diagram import HEADS, limits_table, markdown, mermaid, steps_table
from custody.pack_reader import start_faults
from custody.rule_pack import RulePack
from wire.rule_packs import DEFAULT_PACK, check_file, told

if TYPE_CHECKING:
    from cloud.alarms.rule_trial import Trial

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Rule packs: what may happen to evidence, as data.")

File = Annotated[Path, typer.Argument(help="the pack's YAML file; the one that ships with the program when left out")]


class Language(StrEnum):
    """Of what is shown."""

    ZH = "zh"
    EN = "en"


Speak = Annotated[Language, typer.Option(help="zh or en")]


@app.command()
def check(
    file: File = DEFAULT_PACK,
    in_force: Annotated[bool, typer.Option(help="it is in force already, so its start may be past")] = False,
) -> None:
    """Checks a pack; prints its hash, or every fault with its line (exit status 1)."""
    with one_sentence():
        pack, faults = check_file(file)
    if pack is not None and not in_force and file != DEFAULT_PACK:
        faults = start_faults(pack, datetime.now(UTC))
    for line in told(file, faults) if faults else ():
        typer.echo(line)
    if faults or pack is None:
        typer.echo(f"{len(faults)} faults" if len(faults) != 1 else "1 fault", err=True)
        raise typer.Exit(1)
    typer.echo(f"{pack.name} {pack.version} {pack.hash}")


@app.command()
def show(file: File = DEFAULT_PACK, language: Speak = Language.ZH) -> None:
    """Shows the steps, time limits and rules of alarms of a pack as tables."""
    pack, console = _pack(file), Console()
    console.print(f"[bold]{pack.name} {pack.version}[/bold]  {pack.hash}")
    steps = Table(*HEADS[language], show_lines=False)
    for row in steps_table(pack, language):
        steps.add_row(*row)
    console.print(steps)
    limits = Table("limit", "", "basis")
    for limit in limits_table(pack, language):
        limits.add_row(*limit)
    console.print(limits)
    watched = Table({"zh": "告警规则", "en": "rule of alarms"}[language], "", "", "")
    for rule in rules_of(pack).all.values():
        watched.add_row(rule.code, rule.name[language], rule.severity, rule.when)
    if watched.row_count:
        console.print(watched)


@app.command(name="try")
def try_(
    site: Annotated[str, typer.Option(help="whose log is read")],
    file: File = DEFAULT_PACK,
    days: Annotated[int, typer.Option(min=1, help="so far back")] = 7,
    language: Speak = Language.ZH,
) -> None:
    """Tells which alarms a pack would have raised of a site's past. Needs the database; changes nothing."""
    pack, now = _pack(file), datetime.now(UTC)
    with one_sentence():
        trial = asyncio.run(_try(pack, site, now - timedelta(days=days), now))
    table = Table("", "", {"zh": "告警数", "en": "alarms"}[language], {"zh": "地点数", "en": "places"}[language], "")
    for code, rule in rules_of(pack).all.items():
        places = trial.raised.get(code, Counter())
        (worst, times), *_ = places.most_common(1) or [("", 0)]
        many = {"zh": "过多：请收紧", "en": "too many: make it narrower"}[language] if len(places) > MOST_LIVING else ""
        told = f"{worst} ({times})" if times > 1 else worst
        table.add_row(code, rule.name[language], str(places.total()), str(len(places)), many or told)
    Console().print(table)
    typer.echo({"zh": f"共读取 {trial.entries} 条账本记录", "en": f"{trial.entries} entries were read"}[language])


async def _try(pack: RulePack, site: str, since: datetime, now: datetime) -> "Trial":
    from cloud.alarms.rule_trial import try_rules
    from cloud.db.pool import transaction
    from cloud.opening import opened_pool
    from cloud.settings import CloudSettings, load_settings

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        return await try_rules(tx, site, pack, since, now)


@app.command()
def diagram(
    file: File = DEFAULT_PACK,
    language: Speak = Language.ZH,
    tables: Annotated[bool, typer.Option(help="with the tables of steps and limits, as in docs/custody.md")] = False,
) -> None:
    """Prints the state diagram of a pack in Mermaid."""
    typer.echo("\n".join(paper(_pack(file), language)) if tables else mermaid(_pack(file), language), nl=tables)


def paper(pack: RulePack, language: str) -> list[str]:
    """The pack for the papers: diagram, steps, limits, in Markdown."""
    return [
        f"`{pack.name}` {pack.version}, SHA-256 `{pack.hash}`", "",
        "```mermaid", mermaid(pack, language).rstrip(), "```", "",
        *markdown(HEADS[language], steps_table(pack, language)), "",
        *markdown(("limit", "", "basis"), limits_table(pack, language)),
    ]  # fmt: skip


def _pack(file: Path) -> RulePack:
    with one_sentence():
        pack, faults = check_file(file)
    if pack is None:
        fail("; ".join(told(file, faults)))
    return pack
