"""Opening a ticket: by a person who reports something, or by an alarm that persists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.ledger.service import Appender, add_record, next_index
from cloud.tickets.errors import raise_denial
from cloud.tickets.models import NewTicket
from cloud.world import World
from custody.permits import time_text
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.ticket_routing import Candidate, Reported, route
from custody.ticket_rules import rules_of
from custody.tickets import Denial, TicketRules

ACTOR = "jobs"

_sql = load_queries(__file__)


def name_of(site: str, index: int) -> str:
    """What the entries of the ticket that the entry `index` opened are filed under."""
    return f"{site}/T-{index}"


def rules(pack: RulePack) -> TicketRules:
    """What the rules in force say of tickets. Raises InvalidError `no_tickets` where they say nothing."""
    found = rules_of(pack)
    if found is None:
        raise InvalidError("no_tickets", "the rules in force say nothing of tickets")
    return found


async def open_by_person(act: Acting, new: NewTicket) -> int:
    """`act.person` reports something at their site, or sends it to that of `act`; returns the entry that opened it.

    Raises TicketForbiddenError, also for who sends to another site and does not supervise; InvalidError for what is
    unknown; NotFoundError for the alarm; ConflictError `ticket_exists` where a ticket about the alarm is open.
    """
    told = rules(act.pack)
    if not told.may(frozenset(act.person.roles), "open"):
        raise_denial(Denial.NO_ROLE)
    if act.person.site != act.site and not told.may(frozenset(act.person.roles), "supervise"):
        raise_denial(Denial.NO_ROLE)
    if new.type not in told.types:
        raise InvalidError("unknown_type", f"{new.type!r} is none of {', '.join(told.types)}")
    if new.seen_at is not None and new.seen_at > act.at:
        raise InvalidError("seen_later", "what is reported was seen before it is reported")
    await check_answerer(act, told, new.assigned_to)
    await check_photos(act, new.photos)
    unknown = await rows(act.tx, _sql.unknown_links, links=new.links, site=act.site)
    if unknown:
        raise InvalidError("unknown_link", f"{unknown[0]['link']} is nothing that {act.site} knows")
    alarm = None if new.alarm is None else await one(act.tx, _sql.alarm, id=new.alarm, site=act.site)
    if new.alarm is not None and alarm is None:
        raise NotFoundError("alarm", str(new.alarm))
    content = new.model_dump(exclude={"alarm", "seen_at", "finding", "site"})
    if new.finding is not None:
        found = new.finding
        content["finding"] = {"key": found.key, "since": time_text(found.since), "until": time_text(found.until)}
    content["sent_from"] = None if act.person.site == act.site else act.person.site
    content["seen_at"] = None if new.seen_at is None else time_text(new.seen_at)
    content["alarm"] = None if alarm is None else alarm["index"]
    content["links"] = list(dict.fromkeys(new.links))
    content["place"] = new.place or (None if alarm is None else alarm["place"])
    severity = None if alarm is None else alarm["severity"]
    await _route(act.tx, act.site, told, content, act.person.id, severity)
    return await _open(act.tx, act.appender, act.world, content, act.person.id, act.at)


async def check_answerer(act: Acting, told: TicketRules, person: str | None) -> None:
    """Raises InvalidError unless `person` is nobody, or a colleague whose role answers tickets."""
    if person is None:
        return
    row = await one(act.tx, _sql.roles_of, person=person, site=act.site)
    if row is None or not told.may(frozenset(map(Role, row["roles"])), "answer"):
        raise InvalidError("not_an_answerer", f"{person!r} is nobody here whose role answers tickets")


async def check_photos(act: Acting, photos: Sequence[str]) -> None:
    """Raises InvalidError for a photograph that was not sent; to another site go only those of the own one."""
    origin = {"from": None if act.person.site == act.site else act.person.site}
    unknown = await rows(act.tx, _sql.unknown_photos, photos=list(photos), **origin) if photos else []
    if unknown:
        raise InvalidError("unknown_photo", f"the photograph {unknown[0]['photo']} was not sent: POST /photos first")


async def _route(
    tx: Tx, site: str, told: TicketRules, content: dict[str, Any], opener: str, severity: str | None
) -> None:
    """Says whom the ticket is for where nobody said it, and by which rule; whoever reported is not asked."""
    content["routed_by"] = None
    if content["assigned_to"] is not None or not told.routing:
        return
    goods = frozenset(row["goods"] for row in await rows(tx, _sql.goods, links=content["links"], site=site))
    about = Reported(type=content["type"], place=content["place"], goods=goods, severity=severity)
    found = route(told.routing, about, await _candidates(tx, site, told, opener))
    if found is not None:
        content["assigned_to"] = found.person
        content["routed_by"] = {"rule": found.rule, "pick": found.pick.value, "open": found.open}


async def _candidates(tx: Tx, site: str, told: TicketRules, opener: str) -> list[Candidate]:
    found = []
    for row in await rows(tx, _sql.candidates, site=site, opener=opener):
        roles = frozenset(map(Role, row["roles"]))
        if told.may(roles, "answer"):
            found.append(Candidate(
                person=row["id"], username=row["username"], roles=roles, open=row["open"], newest=row["newest"]
            ))  # fmt: skip
    return found


async def _open(tx: Tx, appender: Appender, world: World, content: dict[str, Any], actor: str, at: datetime) -> int:
    site, index = appender.site, next_index(appender)
    same = {name: content[name] for name in ("type", "assigned_to", "alarm", "links", "place")}
    if content["alarm"] is not None and await one(tx, _sql.open_of_alarm, site=site, alarm=content["alarm"]):
        raise ConflictError("ticket_exists", "a ticket about this alarm is open")
    await tx.execute(_sql.add, {"site": site, "index": index, "actor": actor, "at": at, **same})
    things = [name_of(site, index), *content["links"]]
    if content["alarm"] is not None:
        things.append(f"{site}/A-{content['alarm']}")
    return await add_record(
        tx, appender, kind="ticket_opened", at=at, actor=actor, content=content, salt=world.salt(), things=things
    )


async def open_persisting(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> None:
    """Opens a ticket for every alarm that lives for longer than the rules let it; once for an alarm."""
    for row in await persisting(tx, appender.site, pack, at):
        told = rules(pack).persisting[row["severity"]]
        content = {
            "type": told.type, "title": None, "words": None, "cause": row["cause"], "place": row["place"], "links": [],
            "alarm": row["index"], "assigned_to": None, "photos": [], "seen_at": time_text(row["raised_at"]),
        }  # fmt: skip
        await _route(tx, appender.site, rules(pack), content, ACTOR, row["severity"])
        await _open(tx, appender, world, content, ACTOR, at)


async def persisting(tx: Tx, site: str, pack: RulePack, at: datetime) -> list[dict[str, Any]]:
    """The alarms that no ticket is about and that live for too long."""
    told = rules_of(pack)
    if told is None:
        return []
    ages = {severity: row.after for severity, row in told.persisting.items()}
    return [
        row
        for row in await rows(tx, _sql.persisting, site=site, at=at)
        if row["severity"] in ages and at - row["raised_at"] >= ages[row["severity"]]
    ]
