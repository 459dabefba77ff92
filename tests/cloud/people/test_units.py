"""Province, city, county: read down, never write down."""

import psycopg
import pytest

from cloud.db.pool import transaction
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.people.models import Unit
from cloud.people.units import add_unit, list_units, place_site
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import DEPLOYMENT, Database
from tests.cloud.people.derived import holds, verified

PLACES = {"js00": "js", "nj01": "js-nj", "nj02": "js-nj", "sz01": "js-sz", "zj00": "zj", "none": None}


def unit(name: str, parent: str | None = None) -> Unit:
    return Unit(id=name, parent=parent, name_zh=f"{name}局", name_en=name)


@pytest.fixture
async def organised(office: Office) -> Office:
    """Two provinces, one with two cities; each unit has a site, one city two; one site belongs nowhere."""
    world = office.parts.world
    async with transaction(office.parts.pool) as tx:
        for site in sorted(set(PLACES) - {"nj01"}):
            await add_site(tx, site=site, name_zh=site, name_en=site, deployment=DEPLOYMENT, at=world.now())
    for new in (unit("js"), unit("zj"), unit("js-nj", "js"), unit("js-sz", "js")):
        async with transaction(office.parts.pool) as tx:
            await add_unit(tx, world, new, "test")
    for site, place in PLACES.items():
        if place is not None:
            async with transaction(office.parts.pool) as tx:
                appender = await open_ledger(tx, site)
                await place_site(tx, appender, world, place, "test")
                await close_ledger(tx, appender)
    return office


READS = [
    "cases", "items", "packages", "permits", "passages", "alarms", "agents", "people", "items/{site}/I-0",
    "history/{site}/I-0", "cases/{site}/C-0", "packages/{site}/P-0", "permits/{site}/L-0", "labels/{site}/I-0.svg",
    "sites/{site}/checkpoint", f"media/{'0' * 64}",
]  # fmt: skip


@pytest.mark.parametrize(
    ("home", "reads"),
    [
        ("js00", {"js00", "nj01", "nj02", "sz01"}),
        ("nj01", {"nj01", "nj02"}),
        ("sz01", {"sz01"}),
        ("zj00", {"zj00"}),
        ("none", {"none"}),
    ],
)
async def test_who_may_read_what(organised: Office, home: str, reads: set[str]) -> None:
    client = await organised.signed_in(Role.AUDITOR, site=home)
    assert {row["id"] for row in (await client.get("sites")).json()["rows"]} == reads
    for other in (*PLACES, "nowhere"):
        answer = await client.get(f"cases?site={other}")
        assert answer.status_code == (200 if other in reads else 403), other


async def test_every_read_route_reads_down_and_neither_up_nor_aside(organised: Office) -> None:
    province = await organised.signed_in(Role.AUDITOR, site="js00")
    county = await organised.signed_in(Role.AUDITOR, site="nj01")
    for path in READS:
        answer = await province.get(path.format(site="nj01"), params={"site": "nj01"})
        assert answer.status_code == 200 or answer.json()["code"] == "not_found", (path, answer.text)
        for other in ("js00", "sz01", "zj00"):
            problem(await county.get(path.format(site=other), params={"site": other}), 403, "forbidden")


async def test_the_province_sees_what_the_county_has(organised: Office) -> None:
    county = await organised.signed_in(Role.INSPECTOR, site="nj01")
    case = (await county.post("cases", json={"number": "1", "title": "假烟"})).json()["id"]
    province = await organised.signed_in(Role.AUDITOR, site="js00")
    assert [row["id"] for row in (await province.get("cases?site=nj01")).json()["rows"]] == [case]
    assert (await province.get(f"cases/{case}?site=nj01")).json()["title"] == "假烟"
    assert (await province.get("cases")).json()["rows"] == []
    problem(await province.get(f"cases/{case}"), 404, "not_found")


async def test_the_province_changes_nothing_in_the_county(organised: Office) -> None:
    province = await organised.signed_in(*Role, site="js00")
    county = await organised.signed_in(Role.INSPECTOR, site="nj01")
    case = (await county.post("cases", json={"number": "1", "title": "假烟"})).json()["id"]
    new = {"case_id": case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    problem(await province.post("items?site=nj01", json=new), 422, "site_of_act")
    problem(await province.post("items", json=new), 404, "not_found")
    problem(await province.post("cases?site=nj01", json={"number": "2", "title": "x"}), 422, "site_of_act")
    made = await province.post("cases", json={"number": "2", "title": "x"})
    assert made.json()["id"].startswith("js00/")
    person = await organised.person(Role.KEEPER, site="nj01")
    problem(await province.post(f"people/{person.id}/disable"), 404, "not_found")
    for site in ("nj01", "js00"):
        await holds(organised, site)


async def test_a_person_may_belong_to_another_unit_than_their_site(organised: Office) -> None:
    admin = await organised.signed_in(Role.ADMIN, site="js00")
    person = await organised.person(Role.AUDITOR, site="js00")
    assert (await admin.post(f"people/{person.id}/roles", json={"unit": "js-sz"})).json()["unit"] == "js-sz"
    client = await organised.visitor()
    client.cookies.set("sealtrail_session", await organised.cookie(person))
    assert {row["id"] for row in (await client.get("sites")).json()["rows"]} == {"js00", "sz01"}
    await holds(organised, "js00")


async def test_nobody_gives_a_unit_above_or_beside_their_own(organised: Office) -> None:
    admin = await organised.signed_in(Role.ADMIN, site="nj01")
    person = await organised.person(Role.KEEPER, site="nj01")
    new = {"username": "zhao", "name": "赵敏", "password": "long enough for it", "roles": ["auditor"]}
    for other in ("js", "js-sz", "zj", "nowhere"):
        problem(await admin.post(f"people/{person.id}/roles", json={"unit": other}), 403, "forbidden")
        problem(await admin.post("people", json={**new, "unit": other}), 403, "forbidden")
    assert (await admin.post("people", json={**new, "unit": "js-nj"})).json()["unit"] == "js-nj"
    await holds(organised)


async def test_units_are_listed_below_their_parents(organised: Office) -> None:
    client = await organised.signed_in(Role.AUDITOR, site="none")
    rows = (await client.get("units")).json()["rows"]
    assert [(row["id"], row["parent"]) for row in rows] == [
        ("js", None), ("js-nj", "js"), ("js-sz", "js"), ("zj", None),
    ]  # fmt: skip


async def test_a_unit_is_added_once_under_one_that_is_there(organised: Office) -> None:
    world = organised.parts.world
    with pytest.raises(ConflictError, match="already"):
        async with transaction(organised.parts.pool) as tx:
            await add_unit(tx, world, unit("js", "zj"), "test")
    with pytest.raises(NotFoundError):
        async with transaction(organised.parts.pool) as tx:
            await add_unit(tx, world, unit("ah", "nowhere"), "test")
    async with transaction(organised.parts.pool) as tx:
        assert len(await list_units(tx)) == 4


@pytest.mark.parametrize(
    ("trick", "fault", "row"),
    [
        ("UPDATE unit SET parent = 'zj' WHERE id = 'js-nj'", "row_differs", "unit js-nj"),
        ("UPDATE unit SET name_zh = 'x' WHERE id = 'js'", "row_differs", "unit js"),
        ("INSERT INTO unit SELECT 'xx', NULL, 'x', 'x', now()", "row_without_entry", "unit xx"),
        ("UPDATE site SET unit = 'js' WHERE id = 'nj01'", "row_differs", "site nj01"),
        ("UPDATE site SET unit = NULL WHERE id = 'nj01'", "row_missing", "site nj01"),
    ],
)
async def test_moving_a_unit_or_a_site_in_the_tables_is_found(
    organised: Office, database: Database, trick: str, fault: str, row: str
) -> None:
    await holds(organised)
    with psycopg.connect(database.owner) as owner:  # the application's role cannot change units
        owner.execute(trick.encode())
    found = await verified(organised)
    assert (found.ok, found.fault, found.row) == (False, fault, row), found
