"""A site's floor plan: drawn by those who furnish, each time an entry, and never over another's drawing (W13)."""

import json
from typing import Any

import pytest

from cloud.evidence.plans import _sql
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.warehouse import made

MARKS = [
    {"kind": "gate", "name": "nj01.gate-a gate-a", "x": 5000, "y": 10_000},
    {"kind": "zone", "name": "nj01/Z-1", "x": 0, "y": 2500},
]
JPEG = b"\xff\xd8\xff\xe0 a plan"


async def test_a_plan_is_drawn_on_a_picture_and_is_what_the_ledger_says(office: Office) -> None:
    admin, reader = await office.signed_in(Role.ADMIN), await office.signed_in(Role.AUDITOR)
    empty = await reader.get("plan")
    assert empty.json() == {"picture": None, "marks": [], "index": None, "at": None, "drawn_by": None}
    assert "etag" not in empty.headers
    sent = await admin.post("photos", content=JPEG, headers={"content-type": "image/jpeg"})
    picture = sent.json()["sha256"]
    drawn = made(await admin.post("plan", json={"picture": picture, "marks": MARKS}))
    read = await reader.get("plan")
    assert read.json() == drawn
    assert (read.json()["picture"], read.json()["marks"]) == (picture, MARKS)
    assert read.headers["etag"] == f'"{drawn["index"]}"'
    assert (await reader.get(f"media/{picture}")).content == JPEG
    [record] = await office.rows("SELECT index, content FROM record WHERE kind = 'plan_drawn'")
    said = json.loads(record["content"])
    assert (record["index"], said["picture"], said["marks"]) == (drawn["index"], picture, MARKS)


async def test_nobody_draws_over_what_they_have_not_seen(office: Office) -> None:
    one, other = await office.signed_in(Role.ADMIN), await office.signed_in(Role.KEEPER)
    first = made(await one.post("plan", json={"marks": MARKS}))
    problem(await other.post("plan", json={"marks": []}), 412, "changed")
    seen = {"If-Match": f'"{first["index"]}"'}
    second = made(await other.post("plan", json={"marks": []}, headers=seen))
    problem(await one.post("plan", json={"marks": MARKS}, headers=seen), 412, "changed")
    assert (await one.get("plan")).json() == second


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"picture": "ab" * 32}, "unknown_picture"),
        ({"marks": [*MARKS, {**MARKS[0], "x": 1}]}, "placed_twice"),
        ({"marks": [{**MARKS[0], "x": 10_001}]}, "invalid"),
        ({"marks": [{**MARKS[0], "kind": "person"}]}, "invalid"),
        ({"marks": [{**MARKS[0], "name": "a\u0000b"}]}, "invalid"),
        ({"marks": [MARKS[0]] * 501}, "invalid"),
        ({"picture": "x.svg"}, "invalid"),
    ],
)
async def test_what_is_no_plan_is_refused_and_recorded_nowhere(office: Office, body: dict[str, Any], code: str) -> None:
    admin = await office.signed_in(Role.ADMIN)
    problem(await admin.post("plan", json=body), 422, code)
    assert await office.rows("SELECT index FROM record WHERE kind = 'plan_drawn'") == []


async def test_a_picture_is_a_jpeg_and_only_who_furnishes_draws(office: Office) -> None:
    admin, auditor = await office.signed_in(Role.ADMIN), await office.signed_in(Role.AUDITOR)
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    problem(await admin.post("photos", content=drawn, headers={"content-type": "image/jpeg"}), 422, "not_a_jpeg")
    problem(await auditor.post("plan", json={"marks": []}), 403, "forbidden")
    problem(await (await office.visitor()).get("plan"), 401, "not_signed_in")


async def test_the_newest_plan_is_found_without_reading_what_came_since(office: Office) -> None:
    """Migration 0040."""
    admin = await office.signed_in(Role.ADMIN)
    made(await admin.post("plan", json={"marks": MARKS}))
    await office.as_owner(
        "INSERT INTO record SELECT site, index + n, 'case_opened', at, actor, salt, content FROM record,"
        " generate_series(1, 20000) n WHERE kind = 'plan_drawn'"
    )
    await office.as_owner("ANALYZE record")
    plan = await office.rows(f"EXPLAIN {newest('nj01')}")
    assert "record_plan" in str(plan)


def newest(site: str) -> str:
    return _sql.newest.decode().replace("%(site)s", f"'{site}'")
