"""What will be due at a site: one list over all the rooms, each read as that room itself counts."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import yaml

from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.stock_takes.due import due as stock_takes_due
from cloud.tickets.clocks import deadline, pauses_of
from cloud.tickets.opening import name_of
from custody.permits import parse_time
from custody.reminder_rules import Pending, ReminderRules, Subject
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.ticket_rules import rules_of as ticket_rules
from custody.tickets import TicketState

PAST = timedelta(days=1)
"""What was due longer ago is the alarms'."""
HANDOVER = "handover"

_sql = load_queries(__file__, "subjects.sql")


async def pending(
    tx: Tx, rules: ReminderRules, pack: RulePack, site: str, now: datetime
) -> list[tuple[Pending, str | None]]:
    """Everything of `site` that is due within the longest offset of `rules`, each with what people call it."""
    until = now + max(max(rule.before) for rule in rules.subjects.values())
    found = [one async for one in _all(tx, pack, site, now, until)] + await _papers(tx, rules, site)
    return [
        (one, label) for one, label in found if one.subject in rules.subjects and now - PAST <= one.due_at <= until
    ]  # fmt: skip


async def _all(
    tx: Tx, pack: RulePack, site: str, now: datetime, until: datetime
) -> AsyncIterator[tuple[Pending, str | None]]:
    span = {"site": site, "since": now - PAST, "until": until}
    for subject, query in (
        (Subject.CASE_CLOCK, _sql.case_clocks), (Subject.LOAN, _sql.loans), (Subject.CERTIFICATE, _sql.certificates),
        (Subject.RECTIFICATION, _sql.rectifications), (Subject.EXCEPTION_REVIEW, _sql.exceptions),
        (Subject.ALARM_ANSWER, _sql.alarm_answers),
    ):  # fmt: skip
        for row in await rows(tx, query, **span):
            yield _one(subject, row)
    for row in await rows(tx, _sql.acts, **span):
        yield _one(Subject.HANDOVER if row["label"] == HANDOVER else Subject.APPROVAL, row)
    for zone in (await stock_takes_due(tx, pack, site, now)).rows:
        if zone.running is None:
            yield Pending(Subject.STOCK_TAKE, zone.zone, zone.due_at), zone.name
    for row in await rows(tx, _sql.configurations, site=site):
        for station, last in _verified(row["site_file"]):
            yield Pending(Subject.CALIBRATION, row["agent"], last, station), station
    async for ticket in _tickets(tx, pack, site):
        yield ticket, None
    for row in await rows(tx, _sql.disks, site=site):
        if row["full_at"] is not None:  # a forecast moves a little all the time: it is known to the day
            day = parse_time(row["full_at"]).replace(hour=0, minute=0, second=0, microsecond=0)
            yield Pending(Subject.DISK, row["about"], day), None


async def _papers(tx: Tx, rules: ReminderRules, site: str) -> list[tuple[Pending, str | None]]:
    rule = rules.subjects.get(Subject.PAPER)
    if rule is None:
        return []
    return [_one(Subject.PAPER, row) for row in await rows(tx, _sql.papers, site=site, least=rule.labels_left)]


def _one(subject: Subject, row: Mapping[str, Any]) -> tuple[Pending, str | None]:
    clock, owner, label = row.get("clock", ""), row.get("owner"), row.get("label")
    hands = frozenset(map(Role, row.get("hands", ())))
    return Pending(subject, row["about"], row["due_at"], clock, owner, hands), label


async def _tickets(tx: Tx, pack: RulePack, site: str) -> AsyncIterator[Pending]:
    told = ticket_rules(pack)
    for row in await rows(tx, _sql.tickets, site=site) if told is not None else ():
        due = None if told is None else deadline(told, row, await pauses_of(tx, site, row["index"]))
        if due is not None:
            owner = row["opened_by"] if row["state"] == TicketState.REPLIED else row["assigned_to"]
            stage = f"{row['state']}-{row['round']}"
            yield Pending(Subject.TICKET, name_of(site, row["index"]), due, stage, owner)


def _verified(site_file: str) -> Iterator[tuple[str, datetime]]:
    """Each rack of a configuration with the end of the last day on which its scale's verification is good (UTC)."""
    content = yaml.safe_load(site_file)  # it was read so when it was set
    stations = content.get("stations")
    for station in stations if isinstance(stations, list) else ():
        last = station.get("scale_verified_until") if isinstance(station, Mapping) else None
        if isinstance(last, date):
            yield str(station.get("name")), datetime.combine(last + timedelta(days=1), time(), UTC)
