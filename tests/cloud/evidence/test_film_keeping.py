"""How long film is kept: nothing that is needed goes, what goes is an entry, and its bytes go with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.db.pool import transaction
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.tables import check_stills
from cloud.media import store as media_store
from cloud.media.errors import StoreGoneError
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.filming import FILM, bring, clip_body, digest, segment_body, tell
from tests.cloud.evidence.test_bundles import store, walk
from tests.cloud.evidence.test_erasure import erase, verified
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import Warehouse, made
from tests.cloud.receiving import PACK

__all__ = ["store", "walk"]

KEPT = PACK.limits["film_kept"]
NAME = digest(FILM)
LONG = KEPT + timedelta(days=1)


async def filmed(office: Office, walk: Walk, *contents: bytes, event: int | None = None) -> None:
    """Film of the package's newest passage, or of another fact, is in the store."""
    await tell(walk, *contents, event=event)
    for content in contents:
        await bring(await office.visitor(), content)


async def look(office: Office, *, quota: int | None = None) -> None:
    parts = office.parts
    await Watching(parts.pool, parts.world, parts.pack, media=parts.media, film_quota=quota).look()


async def is_here(office: Office, name: str = NAME) -> bool:
    """Whether its bytes are, which its row has to agree with."""
    try:
        there = bool(await media_store.read(office.parts.media, name))
    except StoreGoneError:
        there = False
    (row,) = await office.rows("SELECT erased_index, bytes_gone_at FROM media WHERE sha256 = %s", name)
    assert (row["erased_index"] is None, row["bytes_gone_at"] is None) == (there, there)
    return there


async def check(office: Office) -> None:
    """What `ledger verify` looks at in the store."""

    async def read_still(name: str) -> bytes:
        return await media_store.read(office.parts.media, name)

    async with transaction(office.parts.pool) as tx:
        await check_stills(tx, "nj01", read_still, lambda *_: None)


async def end_case(office: Office) -> None:
    """Everything of the case has left for good."""
    await office.as_owner("UPDATE item SET state = 'destroyed'")
    await office.as_owner("UPDATE package SET state = 'destroyed'")


async def test_film_goes_when_its_case_is_over_for_as_long_as_the_rules_say(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    await filmed(office, walk, FILM)
    clock.advance(LONG)
    await look(office)
    assert await is_here(office)  # its case is not over
    await end_case(office)
    await look(office)
    assert not await is_here(office)
    (removed,) = await office.rows("SELECT index, content FROM record WHERE kind = 'film_removed'")
    assert NAME in removed["content"]
    about = await office.rows("SELECT thing FROM thing_entry WHERE index = %s", removed["index"])
    assert store.package in {row["thing"] for row in about}
    shown = await office.rows("SELECT erased_index FROM media WHERE sha256 = %s", NAME)
    assert shown == [{"erased_index": removed["index"]}]
    await look(office)  # and once
    assert len(await office.rows("SELECT 1 FROM record WHERE kind = 'film_removed'")) == 1


async def test_it_is_not_gone_a_day_before(office: Office, store: Warehouse, walk: Walk, clock: Clock) -> None:
    await filmed(office, walk, FILM)
    await end_case(office)
    clock.advance(KEPT - timedelta(days=1))
    await look(office)
    assert await is_here(office)


@pytest.mark.parametrize("held", ["package", "item"])
async def test_no_clean_up_overrides_a_legal_hold(
    office: Office, store: Warehouse, walk: Walk, clock: Clock, held: str
) -> None:
    await filmed(office, walk, FILM)
    await end_case(office)
    approver, thing = await office.signed_in(Role.APPROVER), store.package
    if held == "item":
        (row,) = await office.rows("SELECT id FROM item WHERE package_id = %s LIMIT 1", thing)
        thing = row["id"]
    made(await approver.post("holds", json={"things": [thing], "reason": "court"}))
    clock.advance(LONG)
    await look(office, quota=1)  # however full the store is
    assert await is_here(office)
    made(await (await office.signed_in(Role.APPROVER)).post("holds/lift", json={"things": [thing]}))
    clock.advance(LONG)
    await look(office)
    assert not await is_here(office)


async def test_film_of_an_alarm_stays_until_the_alarm_is_over(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    seq = walk.teller.say("passage_crossed", {"station": "gate-a", "direction": "in", "decision": 1, "things": []})
    await walk.send()
    assert await office.rows("SELECT 1 FROM alarm WHERE cleared_at IS NULL AND detail ->> 'seq' = %s", str(seq))
    await filmed(office, walk, FILM, event=seq)
    await end_case(office)
    clock.advance(LONG)
    await look(office)
    assert await is_here(office)
    await office.as_owner("UPDATE alarm SET cleared_at = now()")
    await look(office)
    assert not await is_here(office)


async def test_film_of_a_break_glass_opening_stays_until_it_was_reviewed(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    seq = walk.teller.say("break_glass_opened", {"station": "gate-a", "input": "button"})
    await walk.send()
    await filmed(office, walk, FILM, event=seq)
    await end_case(office)
    await office.as_owner("UPDATE alarm SET cleared_at = now()")
    clock.advance(LONG)
    await look(office)
    assert await is_here(office)
    await office.as_owner("UPDATE exception SET state = 'reviewed'")
    await office.as_owner("UPDATE alarm SET cleared_at = now()")
    await look(office)
    assert not await is_here(office)


async def test_rules_that_name_no_limit_keep_everything(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    await filmed(office, walk, FILM)
    await end_case(office)
    clock.advance(10 * LONG)
    parts, limits = office.parts, {name: lasts for name, lasts in PACK.limits.items() if name != "film_kept"}
    await Watching(parts.pool, parts.world, replace(parts.pack, limits=limits), media=parts.media).look()
    assert await is_here(office)


async def test_bytes_that_nobody_deleted_are_deleted_later(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    await filmed(office, walk, FILM)
    await end_case(office)
    clock.advance(LONG)
    parts = office.parts
    await look(office)
    await media_store.write(parts.media, NAME, FILM)  # as if whoever was to delete them had been killed
    await office.as_owner("UPDATE media SET bytes_gone_at = NULL")
    await look(office)
    assert not await is_here(office)


async def test_a_site_whose_store_fills_is_told_before_it_is_full(office: Office, store: Warehouse, walk: Walk) -> None:
    await filmed(office, walk, FILM)
    told = "SELECT cause FROM alarm WHERE cause = 'film_filling' AND cleared_at IS NULL"
    await look(office, quota=len(FILM) * 2)
    assert not await office.rows(told)
    await look(office, quota=len(FILM) + 10)
    assert await office.rows(told)
    await look(office, quota=len(FILM) * 2)
    assert not await office.rows(told)


async def test_the_ledger_leads_to_what_was_removed_and_names_what_was_not_said(
    office: Office, store: Warehouse, walk: Walk, clock: Clock
) -> None:
    await filmed(office, walk, FILM, FILM + b"more")
    await end_case(office)
    clock.advance(LONG)
    await look(office)
    await check(office)
    await office.as_owner("UPDATE media SET erased_index = 0 WHERE sha256 = %s", NAME)
    with pytest.raises(LedgerFaultError) as fault:
        await check(office)
    assert fault.value.name == "removed_unsaid"


async def test_two_people_erase_film_with_the_facts_that_name_it(office: Office, store: Warehouse, walk: Walk) -> None:
    await filmed(office, walk, FILM)
    named = await office.rows("SELECT index FROM clip_segment UNION SELECT index FROM clip")
    done = await erase(office, *(row["index"] for row in named))
    assert done["stills"] == [NAME]
    with pytest.raises(StoreGoneError):
        await media_store.read(office.parts.media, NAME)
    assert await verified(office, walk)


async def test_film_of_what_is_held_is_not_erased_before_its_clip_is_over_either(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    decided = next(one.seq for one in reversed(walk.teller.facts) if one.kind == "passage_decided")
    walk.teller.say("clip_segment", segment_body(decided))
    await walk.send()
    made(await (await office.signed_in(Role.APPROVER)).post("holds", json={"things": [store.package], "reason": "x"}))
    (row,) = await office.rows("SELECT index FROM clip_segment WHERE agent = %s", AGENT)
    admin = await office.signed_in(Role.ADMIN)
    answer = await admin.post("erasures", json={"entries": [row["index"]], "ground": "x"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "legal_hold")
    walk.teller.say("clip_closed", clip_body([decided], FILM))
    await walk.send()
