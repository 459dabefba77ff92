"""`sealtrail cloud person …` and `… unit …`: accounts, and the organisation they belong to."""

import sys
from typing import Annotated

import typer

from cloud.answering import ACTOR, answer, fail, run
from custody.roles import Role

person_app = typer.Typer(no_args_is_help=True, help="People who sign in.")
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from standard input, not by asking")
]

unit_app = typer.Typer(no_args_is_help=True, help="Organisation units: province over city over county.")


@person_app.command("add")
def add_person(
    username: str,
    site: Annotated[str, typer.Option(help="where they work")],
    name: Annotated[str, typer.Option(help="what they are called")],
    role: Annotated[list[str], typer.Option(help="admin, inspector, keeper, …; may be given several times")],
    unit: Annotated[str | None, typer.Option(help="whose sites they may read; none: that of their site")] = None,
    own: Annotated[
        bool, typer.Option("--own", help="the password is theirs already, and no other is asked for")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Adds a local account; the password is never on the command line, and is good for setting another."""
    roles = _roles(role)
    run(_add_person(site, username, name, _password(password_stdin), roles, unit, due=not own))


@person_app.command("password")
def reset_password(username: str, password_stdin: PasswordStdin = False) -> None:
    """Gives somebody a password to sign in with once, and then to set their own; their sessions end now."""
    run(_reset_password(username, _password(password_stdin)))


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    said: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return said


def _roles(given: list[str]) -> list[Role]:
    unknown = sorted(set(given) - {known.value for known in Role})
    if unknown:
        fail(f"no such role: {', '.join(unknown)}; there are {', '.join(Role)}")
    return [Role(name) for name in given]


async def _add_person(
    site: str, username: str, name: str, password: str, roles: list[Role], unit: str | None, *, due: bool
) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.people import lifecycle, passwords, service, units
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world
    from wire.rule_packs import load_rule_pack

    passwords.must_be_good(password, username)
    hashed = await passwords.Passwords().hash(password)
    world, settings = real_world(), load_settings(CloudSettings)
    async with opened_pool(settings) as pool, transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        await units.must_exist(tx, unit)
        await lifecycle.must_not_clash(tx, world, load_rule_pack(settings.rule_pack), site, roles)
        person = await service.add_person(
            tx, appender, world, username=username, name=name, password_hash=hashed, roles=roles, actor=ACTOR,
            unit=unit, password_due=due,
        )  # fmt: skip
        await close_ledger(tx, appender)
    answer(person=person.id, username=username, roles=[role.value for role in roles])


async def _reset_password(username: str, password: str) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.people import lifecycle, passwords
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    passwords.must_be_good(password, username)
    hashed = await passwords.Passwords().hash(password)
    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        person, site = await lifecycle.find_username(tx, username)
        appender = await open_ledger(tx, site)
        await lifecycle.reset_password(tx, appender, real_world(), person=person, actor=ACTOR, new_hash=hashed)
        await close_ledger(tx, appender)
    answer(person=person, username=username)


@person_app.command("roles")
def change_roles(
    username: str,
    role: Annotated[list[str], typer.Option(help="all that they have from now on")],
) -> None:
    """Gives somebody other roles."""
    run(_change("roles", username, _roles(role)))


@person_app.command("disable")
def disable_person(username: str) -> None:
    """Somebody signs in no more; their sessions and tokens end now."""
    run(_change("disable", username, None))


@person_app.command("enable")
def enable_person(username: str) -> None:
    """Somebody may sign in again."""
    run(_change("enable", username, None))


async def _change(what: str, username: str, roles: list[Role] | None) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.people import lifecycle
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world
    from wire.rule_packs import load_rule_pack

    world, settings = real_world(), load_settings(CloudSettings)
    async with opened_pool(settings, most=1) as pool, transaction(pool) as tx:
        person, site = await lifecycle.find_username(tx, username)
        appender = await open_ledger(tx, site)
        if what == "disable":
            now = await lifecycle.disable_person(tx, appender, world, person=person, actor=ACTOR)
        elif what == "enable":
            now = await lifecycle.enable_person(tx, appender, world, person=person, actor=ACTOR)
        else:
            await lifecycle.must_not_clash(tx, world, load_rule_pack(settings.rule_pack), site, roles or [])
            now = await lifecycle.change_person(tx, appender, world, person=person, actor=ACTOR, roles=roles)
        await close_ledger(tx, appender)
    answer(person=person, roles=[role.value for role in now.roles], disabled=now.disabled_at is not None)


@unit_app.command("add")
def add_unit(
    unit: Annotated[str, typer.Argument(help="its id: small letters, digits and '-'")],
    zh: Annotated[str, typer.Option(help="its name in Chinese")],
    en: Annotated[str, typer.Option(help="its name in English")],
    parent: Annotated[str | None, typer.Option(help="the unit above it; it stays there")] = None,
) -> None:
    """Adds an organisation unit, and tells the ledger of every site."""
    run(_add_unit(unit, parent, zh, en))


async def _add_unit(unit: str, parent: str | None, zh: str, en: str) -> None:
    from pydantic import ValidationError

    from cloud.db.pool import transaction
    from cloud.errors import InvalidError
    from cloud.opening import opened_pool
    from cloud.people import units
    from cloud.people.models import Unit
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    try:
        new = Unit(id=unit, parent=parent, name_zh=zh, name_en=en)
    except ValidationError as error:
        raise InvalidError(
            "bad_unit", "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        ) from error
    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        told = await units.add_unit(tx, real_world(), new, ACTOR)
    answer(unit=unit, entries=told)


@unit_app.command("list")
def list_units() -> None:
    """Every unit, each after the one above it; one JSON object a line."""
    run(_list_units())


async def _list_units() -> None:
    from cloud.db.pool import transaction
    from cloud.opening import opened_pool
    from cloud.people import units
    from cloud.settings import CloudSettings, load_settings

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        for unit in await units.list_units(tx):
            answer(**unit.model_dump())


def place_site(
    site: str,
    unit: Annotated[str, typer.Option(help="the organisation unit it belongs to from now on")],
) -> None:
    """Puts a site under an organisation unit."""
    run(_place_site(site, unit))


async def _place_site(site: str, unit: str) -> None:
    from cloud.db.pool import transaction
    from cloud.ledger.service import close_ledger, open_ledger
    from cloud.opening import opened_pool
    from cloud.people import units
    from cloud.settings import CloudSettings, load_settings
    from cloud.world import real_world

    async with opened_pool(load_settings(CloudSettings), most=1) as pool, transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        entry = await units.place_site(tx, appender, real_world(), unit, ACTOR)
        await close_ledger(tx, appender)
    answer(site=site, unit=unit, entry=entry)
