"""What will be due is found in every room, as that room itself counts; what is settled is not."""

from datetime import timedelta

import pytest

from cloud.db.pool import transaction
from cloud.reminders.subjects import pending
from custody.reminder_rules import Pending, Subject, rules_of
from custody.roles import Role
from proof.canonical import canonical
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.printing import DESK, PRINTER, printing
from tests.cloud.evidence.warehouse import made

DUE = timedelta(hours=20)
CASE = "nj01/C-0000000001"
ITEM = "INSERT INTO item VALUES ('nj01/I-0000000001', 'nj01', 'nj01/C-0000000001', '烟', 1, '条', 'out', NULL, 1)"
ACT = """INSERT INTO act (id, site, action, things, details, hash, rule, rule_pack, seats, proposed_by, proposed_at,
    expires_at, ages_at, index, ended) VALUES (%s, 'nj01', %s, '{}', '{}', 'h', 'r', 'p',
    '[["inspector", "case_handler"], ["keeper"]]', 'nj01/U-A', now(), %s, %s, %s, %s)"""
SITE_FILE = """site: nj01
stations:
  - {kind: rack, name: rack-1, scale_verified_until: 2026-11-22}
  - {kind: rack, name: rack-2}
"""


async def found(office: Office, clock: Clock, subject: Subject) -> list[Pending]:
    rules = rules_of(office.parts.pack)
    assert rules is not None
    async with transaction(office.parts.pool) as tx:
        all_ = await pending(tx, rules, office.parts.pack, "nj01", clock.at)
    return [one for one, _ in all_ if one.subject is subject]


@pytest.fixture
async def case(office: Office, clock: Clock) -> None:
    """A case whose preservation ends at DUE, with something that is lent until then."""
    limit, opened = timedelta(days=7), clock.at + DUE - timedelta(days=7)
    assert office.parts.pack.limits["preservation"] == limit
    pack = office.parts.pack
    content = canonical(pack.content).decode()
    await office.execute("INSERT INTO rule_pack VALUES (%s, 'n', '1', %s, now())", pack.hash, content)
    await office.as_owner("ALTER TABLE item DISABLE TRIGGER USER")  # no step leads to this item: it just is there
    await office.execute(
        "INSERT INTO evidence_case VALUES (%s, 'nj01', '宁烟立〔2026〕1号', 't', %s, %s, 'nj01/U-A', 1)",
        CASE, pack.hash, opened,
    )  # fmt: skip


async def test_a_clock_of_the_law_until_every_thing_is_at_its_end(office: Office, clock: Clock, case: None) -> None:
    assert await found(office, clock, Subject.CASE_CLOCK) == []  # nothing was taken in
    await office.as_owner(ITEM)
    due = clock.at + DUE
    assert await found(office, clock, Subject.CASE_CLOCK) == [
        Pending(Subject.CASE_CLOCK, CASE, due, "preservation", "nj01/U-A")
    ]  # fmt: skip
    await office.as_owner("UPDATE item SET state = 'destroyed'")
    assert await found(office, clock, Subject.CASE_CLOCK) == []


async def test_what_is_lent_is_for_whoever_asked_for_it(office: Office, clock: Clock, case: None) -> None:
    due = clock.at + DUE
    await office.as_owner(ITEM)
    await office.execute(ACT, "nj01/A-1", "approve_release", due, None, 2, "done")
    await office.execute("INSERT INTO act_thing VALUES ('nj01/A-1', 'nj01/I-0000000001', false)")
    await office.execute(
        "INSERT INTO custody (thing, site, purpose, due_at, index)"
        " VALUES ('nj01/I-0000000001', 'nj01', 'court', %s, 3)",
        due,
    )
    loan = Pending(Subject.LOAN, "nj01/I-0000000001", due, "", "nj01/U-A")
    assert await found(office, clock, Subject.LOAN) == [loan]
    await office.as_owner("UPDATE item SET state = 'returned'")
    assert await found(office, clock, Subject.LOAN) == []


async def test_an_act_is_for_the_seats_that_nobody_took(office: Office, clock: Clock) -> None:
    due = clock.at + DUE
    await office.execute(ACT, "nj01/A-1", "handover", due + DUE, due, 2, None)
    await office.execute(ACT, "nj01/A-2", "correct", due, None, 3, None)
    await office.execute(ACT, "nj01/A-3", "correct", due, None, 4, "done")
    hands = frozenset({Role.INSPECTOR, Role.CASE_HANDLER, Role.KEEPER})
    assert await found(office, clock, Subject.APPROVAL) == [Pending(Subject.APPROVAL, "nj01/A-2", due, hands=hands)]
    await office.execute(
        "INSERT INTO act_hand (act, person, part, seat, credential, at, index)"
        " VALUES ('nj01/A-1', 'nj01/U-A', 'begin', 0, 'session', now(), 5)"
    )
    keeper = frozenset({Role.KEEPER})
    assert await found(office, clock, Subject.HANDOVER) == [Pending(Subject.HANDOVER, "nj01/A-1", due, hands=keeper)]


async def test_a_zone_that_has_to_be_counted_until_somebody_counts(office: Office, clock: Clock) -> None:
    record = "INSERT INTO record (site, index, kind, at, actor, content, salt)"
    record += " VALUES ('nj01', 900, 'zone_added', %s, 'x', '{}', 's')"
    await office.as_owner("ALTER TABLE record DISABLE TRIGGER ALL")
    await office.as_owner(record, clock.at + DUE - timedelta(days=7))
    await office.as_owner("INSERT INTO zone VALUES ('nj01/Z-1', 'nj01', '现金', 'controlled', 900)")
    (zone,) = await found(office, clock, Subject.STOCK_TAKE)
    assert (zone.id, zone.due_at) == ("nj01/Z-1", clock.at + DUE)


async def test_machines_certificates_scales_disks_and_what_an_alarm_was(office: Office, clock: Clock) -> None:
    await office.agent()
    await office.execute(
        "INSERT INTO certificate (serial, site, agent, pem, not_before, not_after, why, index)"
        " VALUES ('1', 'nj01', %s, '', %s, %s, 'enrolled', 1)",
        AGENT, clock.at + DUE - timedelta(days=75), clock.at + DUE + timedelta(days=15),
    )  # fmt: skip
    assert [(one.id, one.due_at) for one in await found(office, clock, Subject.CERTIFICATE)] == [
        (AGENT, clock.at + DUE)
    ]  # fmt: skip
    await office.execute(
        "INSERT INTO desired (site, agent, version, hash, payload, jws, reason, made_by, made_at, index)"
        " VALUES ('nj01', %s, 1, 'h', jsonb_build_object('site_file', %s::text), '', '', '', now(), 2)",
        AGENT, SITE_FILE,
    )  # fmt: skip
    midnight = clock.at.replace(hour=0) + timedelta(days=1)
    assert await found(office, clock, Subject.CALIBRATION) == [
        Pending(Subject.CALIBRATION, AGENT, midnight, "rack-1")
    ]  # fmt: skip
    await office.execute(
        "INSERT INTO alarm (site, cause, place, severity, detail, raised_at, last_at, index) VALUES ('nj01',"
        " 'disk_filling', %s, 'warning', '{\"full_at\": \"2026-11-23T15:04:05.000000Z\"}', now(), now(), 3)",
        AGENT,
    )
    assert await found(office, clock, Subject.DISK) == [Pending(Subject.DISK, AGENT, midnight)]
    await office.execute("UPDATE alarm SET cleared_at = now(), answer_due_at = %s", clock.at + DUE)
    assert await found(office, clock, Subject.ALARM_ANSWER) == [
        Pending(Subject.ALARM_ANSWER, "nj01/A-3", clock.at + DUE)
    ]  # fmt: skip
    await office.execute("UPDATE agent SET revoked_at = now()")
    assert await found(office, clock, Subject.CERTIFICATE) == await found(office, clock, Subject.CALIBRATION) == []


async def test_reviews_and_notices_to_put_right(office: Office, clock: Clock) -> None:
    await office.execute(
        "INSERT INTO exception (id, site, agent, station, input, opened_seq, opened_index, opened_at, due_at, index)"
        " VALUES ('nj01/X-1', 'nj01', 'a', 's', 'i', 1, 1, now(), %s, 1)", clock.at + DUE,
    )  # fmt: skip
    await office.execute(
        "INSERT INTO ticket (site, index, type, state, opened_by, opened_at, links, since, newest, closed_at)"
        " VALUES ('nj01', 7, 'equipment', 'satisfied', 'x', now(), '{}', now(), 7, now())"
    )
    await office.execute(
        "INSERT INTO rectification (site, ticket, index, person, ordered_by, due_at)"
        " VALUES ('nj01', 7, 8, 'nj01/U-A', 'nj01/U-B', %s)", clock.at + DUE,
    )  # fmt: skip
    assert [one.id for one in await found(office, clock, Subject.EXCEPTION_REVIEW)] == ["nj01/X-1"]
    assert await found(office, clock, Subject.RECTIFICATION) == [
        Pending(Subject.RECTIFICATION, "nj01/T-7", clock.at + DUE, "8", "nj01/U-A")
    ]  # fmt: skip
    assert await found(office, clock, Subject.TICKET) == []  # it is over
    await office.execute("UPDATE rectification SET remedied_index = 9")
    assert await found(office, clock, Subject.RECTIFICATION) == []


async def test_paper_is_due_when_an_order_left_too_little_on_the_roll_until_there_is_a_new_one(
    office: Office, clock: Clock
) -> None:
    desk = await printing(office)
    roll = {"agent": DESK, "printer": PRINTER, "labels": 52}
    made(await desk.store.keeper.post("printers/roll", json=roll))
    item, package = desk.store.item, desk.store.package
    (order,) = await desk.send(item, package)
    await desk.printed(order, (item, "printed"), (package, "printed"))  # 50 are left
    (order,) = await desk.send(item)
    await desk.printed(order, (item, "not_printed"))
    assert await found(office, clock, Subject.PAPER) == []
    clock.advance(timedelta(hours=1))
    due = clock.at
    for outcome in ("unknown", "printed"):
        (order,) = await desk.send(item)
        await desk.printed(order, (item, outcome))
        assert await found(office, clock, Subject.PAPER) == [Pending(Subject.PAPER, DESK, due, PRINTER)]
        clock.advance(timedelta(hours=1))
    made(await desk.store.keeper.post("printers/roll", json=roll))
    assert await found(office, clock, Subject.PAPER) == []
