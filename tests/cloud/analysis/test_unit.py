"""All sites of a unit in one view (L6): who may look at which, what lies side by side, what stands out among them."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.service import raise_alarm
from cloud.analysis.asking import Measure, share
from cloud.analysis.roll_up import MOST_SITES, together, unit_analysis
from cloud.db.pool import transaction
from cloud.errors import InvalidError
from cloud.ledger.service import close_ledger, open_ledger
from custody.roles import Role
from tests.cloud.analysis.people import client_of
from tests.cloud.api import Office, problem
from tests.cloud.people.test_units import PLACES, organised

__all__ = ["organised"]


async def alarms(office: Office, site: str, *places: str) -> list[int]:
    """One at each of `places`; returns the entries, the newest first."""
    parts = office.parts
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, site)
        for number, place in enumerate(places):
            await raise_alarm(
                tx, appender, parts.world, cause=f"rule.r{number}", place=place, severity="major", detail={},
                at=parts.world.now(),
            )  # fmt: skip
        await close_ledger(tx, appender)
    query = "SELECT index FROM alarm WHERE site = %s ORDER BY index DESC"
    return [row["index"] for row in await office.rows(query, site)]


async def look(office: Office, unit: str, home: str = "js00") -> dict[str, Any]:
    client = await client_of(office, await office.person(Role.LEADER, site=home))
    answer = await client.get("analysis/unit", params={"unit": unit})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.parametrize(
    ("home", "sees"),
    [
        ("js00", {"js": {"js00", "nj01", "nj02", "sz01"}, "js-nj": {"nj01", "nj02"}, "js-sz": {"sz01"}}),
        ("nj01", {"js-nj": {"nj01", "nj02"}}),
        ("none", {}),
    ],
)
async def test_read_down_and_neither_up_nor_aside(organised: Office, home: str, sees: dict[str, set[str]]) -> None:
    client = await organised.signed_in(Role.SUPERVISOR, site=home)
    for unit in ("js", "js-nj", "js-sz", "zj", "nowhere"):
        for way in ("analysis/unit", "analysis/unit.csv"):
            answer = await client.get(way, params={"unit": unit})
            if unit not in sees:
                problem(answer, 403, "forbidden")
                assert not any(f'"{site}"' in answer.text for site in PLACES if site != home)
        if unit in sees:
            told = (await client.get("analysis/unit", params={"unit": unit})).json()
            assert {row["id"] for row in told["sites"]} == sees[unit]


async def test_whoever_is_judged_does_not_look(organised: Office) -> None:
    problem(await (await organised.visitor()).get("analysis/unit", params={"unit": "js"}), 401, "not_signed_in")
    keeper = await organised.signed_in(Role.KEEPER, site="js00")
    problem(await keeper.get("analysis/unit", params={"unit": "js"}), 403, "forbidden")


async def test_a_unit_has_sites_but_not_too_many(organised: Office) -> None:
    parts = organised.parts
    now, pack = parts.world.now(), parts.pack
    place = {"id": "nj01", "name_zh": "x", "name_en": "x", "unit": "js-nj"}
    for sites, code in (([], "no_sites"), ([(place, pack)] * (MOST_SITES + 1), "too_many_sites")):
        with pytest.raises(InvalidError) as refused:
            await unit_analysis(parts.pool, "js", sites, now - timedelta(days=1), now, now)
        assert refused.value.code == code


async def test_a_site_that_stands_out_is_found_with_its_newest_entries(organised: Office) -> None:
    newest = await alarms(organised, "nj01", *[f"nj01.gate-{n}" for n in range(14)])
    await alarms(organised, "sz01", "sz01.gate-a")
    told = await look(organised, "js")
    (found,) = told["findings"]
    assert (found["kind"], found["aspect"], found["subject"], found["site"]) == ("hot_spots", "site", "nj01", "nj01")
    assert (found["hits"], found["n"]) == (14, 15)
    assert found["basis"]["zh"]
    assert found["basis"]["en"]
    assert [int(each["id"]) for each in found["evidence"]] == newest[:14]
    assert all(each["alarm"] for each in found["evidence"]), "the alarm's page shows it"
    spots = next(row for row in told["sections"] if row["kind"] == "hot_spots")
    (figure,) = spots["figures"]
    assert {site: value["value"] for site, value in figure["sites"].items()} == {
        "js00": 0, "nj01": 14, "nj02": 0, "sz01": 1,
    }  # fmt: skip
    assert figure["together"]["value"] == 15
    assert figure["together"]["low"] < 15 < figure["together"]["high"]
    assert set(spots["few"]) == {"js00", "nj02", "sz01"}
    assert {row["id"]: row["findings"] for row in told["sites"]}["nj01"] == 1
    assert (await look(organised, "js-nj", "nj01"))["findings"] == [], "nothing is said of two sites"


async def test_what_stands_out_at_one_door_names_its_site_and_no_person_is_laid_beside_another(
    organised: Office,
) -> None:
    await alarms(organised, "nj02", *["nj02.gate-a:north"] * 12, "nj02.gate-a:south", "nj02.gate-a:west")
    told = await look(organised, "js-nj", "js00")
    (found,) = told["findings"]
    assert (found["site"], found["aspect"], found["subject"]) == ("nj02", "place", "nj02.gate-a:north")
    alone = await client_of(organised, await organised.person(Role.LEADER, site="js00"))
    (same,) = (await alone.get("analysis", params={"site": "nj02"})).json()["findings"]
    assert found["key"] == same["key"]
    assert found["chance"] == pytest.approx(2 * same["chance"]), "twice as much was looked at"
    assert found["rank"] <= same["rank"]
    subjects = {figure["subject"] for row in told["sections"] for figure in row["figures"]}
    assert not any("/U-" in subject for subject in subjects)


async def test_the_table_has_a_row_for_each_site_and_one_for_all(organised: Office) -> None:
    await alarms(organised, "nj01", "nj01.gate-a")
    await alarms(organised, "nj02", "nj02.gate-a", "nj02.gate-b")
    client = await client_of(organised, await organised.person(Role.LEADER, site="nj01"))
    answer = await client.get("analysis/unit.csv", params={"unit": "js-nj", "bom": True})
    assert answer.headers["content-disposition"].startswith('attachment; filename="analysis-js-nj-')
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    spots = {row["site"]: row["value"] for row in rows if row["kind"] == "hot_spots"}
    assert spots == {"nj01": "1.0", "nj02": "2.0", "": "3.0"}


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=6))
def test_sites_together_are_as_one_site_with_all_of_it(counts: list[tuple[int, int]]) -> None:
    parts = [(min(pair), max(pair)) for pair in counts]
    whole = share("all", sum(hits for hits, _ in parts), sum(n for _, n in parts))
    told = together([share("all", hits, n) for hits, n in parts])
    assert told is not None
    assert (told.value, told.low, told.high, told.n) == (whole.value, whole.low, whole.high, whole.n)


def test_medians_are_not_added_up_and_what_was_wholly_counted_has_no_interval() -> None:
    assert together([Measure("stored", "hours", 3.0, 9), Measure("stored", "hours", 5.0, 7)]) is None
    told = together([Measure("all", "percent", 50.0, 10, hits=5), Measure("all", "percent", 100.0, 30, hits=30)])
    assert told is not None
    assert (told.value, told.n, told.low, told.high) == (87.5, 40, None, None)
