"""Film as agents tell of it: rows, what a clip is about, alarms, and a ledger that leads to all of it."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud.db.pool import Pool, transaction
from cloud.evidence.clip_models import MotionWanted
from cloud.evidence.clips import clips_of, motion
from cloud.world import World
from custody.permits import time_text
from tests.cloud.conftest import Database
from tests.cloud.receiving import Receiving
from tests.cloud.warehouse import GATE, ITEM, PACKAGE, Warehouse

A, B = (hashlib.sha256(name).hexdigest() for name in (b"a", b"b"))
BEGUN, ENDED = "2026-11-22T03:00:00.000000Z", "2026-11-22T03:00:04.000000Z"


def segment(clip: int, sha256: str = A, **more: Any) -> dict[str, Any]:
    body = {"station": GATE, "camera": "camera", "clip": clip, "sha256": sha256, "bytes": 5, "begun": BEGUN,
            "ended": ENDED, "error_ms": 10, "frames": 40, "width": 1280, "height": 720}  # fmt: skip
    return body | more


def clip(events: list[int], *digests: str, **more: Any) -> dict[str, Any]:
    kept = [{"sha256": one, "bytes": 5, "begun": BEGUN, "ended": ENDED} for one in digests]
    body = {"station": GATE, "camera": "camera", "clip": events[0], "events": events, "segments": kept,
            "before_ms": 10_000, "after_ms": 15_000, "missing_before_ms": 0, "missing_after_ms": 0,
            "missing_between_ms": 0}  # fmt: skip
    return body | more


@pytest.fixture
async def warehouse(pool: Pool, world: World, site: str, database: Database) -> Warehouse:
    furnished = Warehouse(Receiving(pool, world, site), database.owner)
    await furnished.furnish()
    return furnished


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "later"])
async def test_a_clip_is_about_what_its_events_were_about(warehouse: Warehouse, together: bool) -> None:
    await warehouse.permit()
    decided = warehouse.decide()
    if not together:
        await warehouse.send()
    crossed = warehouse.cross(decided)
    warehouse.teller.say("clip_segment", segment(decided))
    warehouse.teller.say("clip_segment", segment(decided, B))
    warehouse.teller.say("clip_closed", clip([decided, crossed], A, B, missing_before_ms=1200))
    await warehouse.send()
    about = await warehouse.receiving.rows(
        "SELECT t.thing FROM thing_entry t JOIN clip c ON c.site = t.site AND c.index = t.index ORDER BY thing"
    )
    assert {ITEM, PACKAGE} <= {row["thing"] for row in about}
    async with transaction(warehouse.receiving.pool) as tx:
        for seq in (decided, crossed):
            (shown,) = (await clips_of(tx, "nj01", warehouse.teller.agent, seq)).rows
            assert [one.sha256 for one in shown.segments] == [A, B]
            assert (shown.missing_before_ms, shown.segments[0].ready) == (1200, False)
    assert await warehouse.causes() == set()


async def test_a_clip_that_is_still_filmed_is_shown(warehouse: Warehouse) -> None:
    refused = warehouse.refuse("no_permit")
    warehouse.teller.say("clip_segment", segment(refused))
    await warehouse.send()
    async with transaction(warehouse.receiving.pool) as tx:
        (shown,) = (await clips_of(tx, "nj01", warehouse.teller.agent, refused)).rows
        assert (shown.closed_index, len(shown.segments)) == (None, 1)
        assert (await clips_of(tx, "nj01", warehouse.teller.agent, refused + 1)).rows == []
        assert (await clips_of(tx, "sz01", warehouse.teller.agent, refused)).rows == []


async def test_an_event_of_which_there_is_no_film_is_an_alarm(warehouse: Warehouse) -> None:
    refused = warehouse.refuse("no_permit")
    warehouse.teller.say("clip_closed", clip([refused]))
    await warehouse.send()
    assert "not_filmed" in await warehouse.causes()


async def test_no_video_is_an_alarm_until_there_is_some(warehouse: Warehouse) -> None:
    lost = {"station": GATE, "camera": "camera", "cause": "no_picture", "since": BEGUN}
    warehouse.teller.say("video_lost", lost)
    await warehouse.send()
    assert await warehouse.causes() == {"video_lost"}
    warehouse.teller.say("video_back", lost | {"until": ENDED})
    await warehouse.send()
    assert await warehouse.causes() == set()


@pytest.mark.parametrize("what", ["frozen", "covered", "moved", "out_of_focus", "too_dark"])
async def test_a_camera_that_shows_less_than_it_looks_is_an_alarm_until_it_is_clear(
    warehouse: Warehouse, what: str
) -> None:
    told = {"station": GATE, "camera": "camera", "what": what, "since": BEGUN}
    warehouse.teller.say("camera_impaired", told)
    await warehouse.send()
    assert await warehouse.causes() == {f"camera_{what}"}
    warehouse.teller.say("camera_clear", told | {"until": ENDED})
    await warehouse.send()
    assert await warehouse.causes() == set()


async def test_a_disk_that_will_be_full_and_film_that_does_not_play_are_alarms(warehouse: Warehouse) -> None:
    warehouse.teller.say("disk_filling", {"full_at": ENDED, "left_bytes": 5})
    warehouse.teller.say("film_probed", {"sha256": A, "camera": "camera", "frames": 40, "problem": None})
    await warehouse.send()
    assert await warehouse.causes() == {"disk_filling"}
    warehouse.teller.say("disk_filling", {"full_at": None, "left_bytes": 500})
    warehouse.teller.say("film_probed", {"sha256": A, "camera": "camera", "frames": 3, "problem": "a hole"})
    await warehouse.send()
    assert await warehouse.causes() == {"film_unplayable"}


async def test_a_segment_that_is_no_longer_what_was_signed_is_an_alarm(warehouse: Warehouse) -> None:
    warehouse.teller.say("segment_damaged", {"sha256": A, "found": B})
    await warehouse.send()
    assert await warehouse.causes() == {"segment_damaged"}


WRONG: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a digest that is none": ("clip_segment", segment(1, "x")),
    "a time that is none": ("clip_segment", segment(1, begun="yesterday")),
    "an event to come": ("clip_segment", segment(99)),
    "no event": ("clip_closed", clip([0], A)),
    "too many events": ("clip_closed", clip([1] * 1001, A)),
    "nothing": ("clip_closed", {}),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_makes_no_sense_is_kept_with_an_alarm_and_leads_to_nothing(warehouse: Warehouse, name: str) -> None:
    warehouse.refuse("no_permit")
    warehouse.teller.say(*WRONG[name])
    await warehouse.send()
    assert "malformed_fact" in await warehouse.causes()
    assert await warehouse.receiving.rows("SELECT 1 FROM clip UNION ALL SELECT 1 FROM clip_segment") == []


async def test_motion_is_found_by_the_hours_in_which_it_was(warehouse: Warehouse) -> None:
    night = datetime(2026, 11, 23, 2, tzinfo=UTC)
    told = {"station": GATE, "camera": "camera", "looks": 9, "most_pct": 2.5}
    for hours in (0, 6):
        at = night + timedelta(hours=hours)
        body = told | {"since": time_text(at - timedelta(seconds=20)), "until": time_text(at)}
        warehouse.teller.say("motion_seen", body, at=at)
    warehouse.teller.say("motion_seen", told | {"since": "?", "until": "?"}, at=night)
    await warehouse.send()
    async with transaction(warehouse.receiving.pool) as tx:
        wanted = MotionWanted(since=night - timedelta(hours=1), until=night + timedelta(hours=3))
        (shown,) = (await motion(tx, "nj01", wanted)).rows
        assert (shown.camera, shown.until, shown.looks, shown.most_pct) == ("camera", night, 9, 2.5)
        other = MotionWanted(since=wanted.since, until=wanted.until, agent="nj01.other")
        assert (await motion(tx, "nj01", other)).rows == []
    assert await warehouse.causes() == {"malformed_fact"}
