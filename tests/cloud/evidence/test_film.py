"""Film brought to the cloud in pieces: whatever is cut off goes on, and what is here is what the agent signed."""

import asyncio

import obstore
import pytest
from obstore.store import LocalStore

from cloud.evidence import clip_routes
from cloud.media import uploads
from cloud.media.store import join_parts, read, write_part
from custody.roles import Role
from proof.bundle import read_bundle
from proof.keys import SigningKey
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.filming import FILM, bring, digest, head, piece, tell, token
from tests.cloud.evidence.test_bundles import told_of_its_log
from tests.cloud.evidence.test_life import verified
from tests.cloud.evidence.walk import Walk
from tests.cloud.receiving import LOG_KEY

NAME = digest(FILM)


@pytest.fixture
async def walk(office: Office, clock: Clock) -> Walk:
    await told_of_its_log(office)
    walk = Walk(office, clock, LOG_KEY)
    await walk.whole()
    return walk


async def test_a_segment_comes_in_pieces_and_is_kept_as_what_was_signed(office: Office, walk: Walk) -> None:
    visitor = await office.visitor()
    seq = await tell(walk, FILM)
    begun = await head(visitor, NAME)
    assert (begun.status_code, begun.headers["upload-offset"], begun.headers["upload-length"]) == (
        204, "0", str(len(FILM)),
    )  # fmt: skip
    assert (await piece(visitor, NAME, 0, FILM[:1000])).headers["upload-offset"] == "1000"
    problem(await piece(visitor, NAME, 0, FILM[:1000]), 409, "offset_differs")
    problem(await piece(visitor, NAME, 999, FILM[999:]), 409, "offset_differs")
    assert (await head(visitor, NAME)).headers["upload-offset"] == "1000"
    assert (await piece(visitor, NAME, 1000, FILM[1000:])).headers["upload-offset"] == str(len(FILM))
    assert (await head(visitor, NAME)).headers["upload-offset"] == str(len(FILM))
    assert (await piece(visitor, NAME, 0, b"again")).status_code == 204  # it is here, and stays as it is
    operator = await office.signed_in(Role.OPERATOR)
    shown = await operator.get(f"media/{NAME}")
    assert (shown.content, shown.headers["content-type"]) == (FILM, "video/mp4")
    assert shown.headers["content-length"] == str(len(FILM))
    (clip,) = (await operator.get("clips", params={"agent": AGENT, "seq": seq})).json()["rows"]
    assert [(one["sha256"], one["ready"]) for one in clip["segments"]] == [(NAME, True)]
    assert await office.rows("SELECT 1 FROM upload") == []


async def test_nothing_is_taken_that_no_fact_of_the_agent_names(office: Office, walk: Walk) -> None:
    visitor = await office.visitor()
    assert (await head(visitor, NAME)).status_code == 404
    problem(await piece(visitor, NAME, 0, FILM), 404, "not_found")
    await tell(walk, FILM)
    assert (await head(visitor, NAME, {"authorization": ""})).status_code == 401
    assert (await head(visitor, NAME, token("0" * 64))).status_code == 401
    assert (await head(visitor, NAME, token(NAME, key=SigningKey.from_seed(b"z" * 32)))).status_code == 401
    problem(await piece(visitor, NAME, 0, FILM + b"more"), 413, "too_large")


async def test_bytes_that_are_not_what_was_signed_are_thrown_away_with_an_alarm(office: Office, walk: Walk) -> None:
    visitor = await office.visitor()
    await tell(walk, FILM)
    false = FILM[:-1] + b"!"
    await piece(visitor, NAME, 0, false[:5000])
    problem(await piece(visitor, NAME, 5000, false[5000:]), 422, "digest_mismatch")
    (alarm,) = await office.rows("SELECT place, detail FROM alarm WHERE cause = 'segment_differs'")
    assert (alarm["place"], alarm["detail"]["sha256"]) == (AGENT, NAME)
    assert (await head(visitor, NAME)).headers["upload-offset"] == "0"
    await bring(visitor, FILM)
    assert await read(office.parts.media, NAME) == FILM


async def test_whoever_was_killed_before_the_end_goes_on_where_it_was(office: Office, walk: Walk) -> None:
    """The store has a piece that nobody noted; then all pieces are noted and nobody put them together."""
    visitor, media = await office.visitor(), office.parts.media
    await tell(walk, FILM)
    await piece(visitor, NAME, 0, FILM[:5000])
    await write_part(media, AGENT, NAME, 5000, b"half of a pie")
    assert (await head(visitor, NAME)).headers["upload-offset"] == "5000"
    await write_part(media, AGENT, NAME, 5000, FILM[5000:])
    await office.execute(
        "UPDATE upload SET received = %s, parts = parts || 5000::bigint WHERE sha256 = %s", len(FILM), NAME
    )
    assert (await head(visitor, NAME)).headers["upload-offset"] == str(len(FILM))
    assert await read(media, NAME) == FILM


async def test_of_two_who_bring_the_same_piece_one_counts(office: Office, walk: Walk) -> None:
    visitor = await office.visitor()
    await tell(walk, FILM)
    answers = await asyncio.gather(*(piece(visitor, NAME, 0, FILM[:9000]) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [204, 409, 409, 409]
    await piece(visitor, NAME, 9000, FILM[9000:])
    assert await read(office.parts.media, NAME) == FILM


async def test_a_site_has_no_more_film_than_it_may(office: Office, walk: Walk) -> None:
    visitor, other = await office.visitor(), FILM + b"another"
    await tell(walk, FILM, other)
    object.__setattr__(office.parts, "film_quota", len(FILM) + 100)
    await bring(visitor, FILM)
    problem(await piece(visitor, digest(other), 0, other[:10]), 507, "no_room")
    assert len(await office.rows("SELECT 1 FROM alarm WHERE cause = 'film_no_room'")) == 1


async def test_a_segment_larger_than_any_is_not_begun(office: Office, walk: Walk) -> None:
    visitor = await office.visitor()
    seq = await tell(walk)
    huge = uploads.MAX_SEGMENT_BYTES + 1
    body = walk.teller.facts[-1].body | {"sha256": NAME, "bytes": huge, "begun": "2026-11-22T03:00:00.000000Z",
                                         "ended": "2026-11-22T03:00:00.000000Z", "error_ms": 1, "frames": 1,
                                         "width": 1, "height": 1, "clip": seq}  # fmt: skip
    walk.teller.say("clip_segment", body)
    await walk.send()
    problem(await piece(visitor, NAME, 0, FILM), 413, "too_large")


async def test_a_piece_is_no_larger_than_any_other_request(office: Office, walk: Walk) -> None:
    large = bytes(clip_routes.MAX_PIECE_BYTES + 1)
    await tell(walk, large)
    assert (await piece(await office.visitor(), digest(large), 0, large)).status_code == 413


async def test_the_ledger_is_verified_with_its_film_and_says_what_is_not_here_yet(office: Office, walk: Walk) -> None:
    other = FILM + b"another"
    await tell(walk, FILM, other)
    await bring(await office.visitor(), FILM)
    await walk.sign()
    found = await verified(office)
    assert found.ok, found
    assert found.doubts == ("1 segments of film that clips name were not brought up yet",)
    await bring(await office.visitor(), other)
    assert (await verified(office)).doubts == ()
    await office.as_owner("UPDATE clip_segment SET camera = 'another' WHERE sha256 = %s", NAME)
    assert (await verified(office)).fault == "row_differs"
    await office.as_owner("UPDATE clip_segment SET camera = 'camera' WHERE sha256 = %s", NAME)
    await office.as_owner("UPDATE clip SET segments = '{}'")
    assert (await verified(office)).fault == "row_differs"


async def test_film_that_was_changed_in_the_store_is_found(office: Office, walk: Walk) -> None:
    await tell(walk, FILM)
    await bring(await office.visitor(), FILM)
    await walk.sign()
    await write_part(office.parts.media, AGENT, NAME, 0, FILM[::-1])
    other = digest(FILM[::-1])
    assert not await join_parts(office.parts.media, AGENT, NAME, [0])
    assert other != NAME
    kept = [one["path"] for page in obstore.list(office.parts.media) for one in page]
    await asyncio.to_thread(obstore.put, office.parts.media, next(one for one in kept if "stills" in one), FILM[::-1])
    assert (await verified(office)).fault == "still_differs"


@pytest.mark.parametrize("media", [True, False])
async def test_a_bundle_of_a_package_has_its_film_or_names_it(office: Office, walk: Walk, media: bool) -> None:
    await tell(walk, FILM)
    await bring(await office.visitor(), FILM)
    await walk.sign()
    (package,) = await office.rows("SELECT id FROM package")
    supervisor = await office.signed_in(Role.SUPERVISOR)
    answer = await supervisor.get(f"bundles/{package['id']}", params={"media": media})
    assert answer.status_code == 200, answer.text
    files = read_bundle(answer.content).files
    assert any(NAME.encode() in data for name, data in files.items() if name.startswith("contents/"))
    assert (files.get(f"media/{NAME}.mp4") == FILM) is media


def test_a_folder_takes_film_in_pieces_too(tmp_path: str) -> None:
    async def through() -> bytes:
        store = LocalStore(tmp_path, mkdir=True)
        for offset in range(0, len(FILM), 100_000):
            await write_part(store, AGENT, NAME, offset, FILM[offset : offset + 100_000])
        assert await join_parts(store, AGENT, NAME, range(0, len(FILM), 100_000))
        return await read(store, NAME)

    assert asyncio.run(through()) == FILM
