"""Who may look, at what, and for how long."""

import csv
import io
from datetime import timedelta

from custody.roles import Role
from tests.cloud.analysis.people import client_of, lens, moment
from tests.cloud.analysis.trouble import Trouble
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock


async def test_whoever_is_judged_does_not_look_and_a_visitor_is_told_nothing(office: Office) -> None:
    problem(await (await office.visitor()).get("analysis"), 401, "not_signed_in")
    problem(await (await office.signed_in(Role.KEEPER)).get("analysis"), 403, "forbidden")
    supervisor = await office.signed_in(Role.SUPERVISOR)
    problem(await supervisor.get("analysis", params={"site": "xz09"}), 403, "forbidden")


async def test_a_period_has_a_beginning_an_end_and_a_longest(office: Office, clock: Clock) -> None:
    who = await office.signed_in(Role.LEADER)
    since = moment(clock.at)
    problem(await who.get("analysis", params={"since": since, "until": since}), 422, "no_span")
    problem(await who.get("analysis", params={"since": moment(clock.at + timedelta(days=1))}), 422, "no_span")
    long_ago = moment(clock.at - timedelta(days=401))
    problem(await who.get("analysis", params={"since": long_ago}), 422, "period_too_long")


async def test_the_table_has_all_of_it_and_no_cell_is_a_formula(office: Office, clock: Clock) -> None:
    look, trouble = await lens(office), Trouble(office)
    for number in range(9):
        await trouble.up(f"rule.r{number}", "=HYPERLINK(1)")
    for place in ("gate-a", "gate-b"):
        await trouble.up("door_forced", place)
    told = await look.whole()
    assert [row["kind"] for row in told["findings"]] == ["hot_spots"]
    answer = await (await client_of(office, look.person)).get("analysis.csv", params={"bom": True})
    assert answer.headers["content-disposition"] == 'attachment; filename="analysis-nj01-20260824-20261122.csv"'
    assert answer.text.startswith("\ufeffwhat,kind,")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert len(rows) == 1 + sum(len(section["figures"]) for section in told["sections"])
    assert (rows[0]["what"], rows[0]["subject"], rows[0]["hits"]) == ("finding", "'=HYPERLINK(1)", "9")
    assert rows[0]["evidence"].count("entry:") == 9
    problem(await (await office.signed_in(Role.KEEPER)).get("analysis.csv"), 403, "forbidden")


async def test_an_empty_site_says_what_is_missing(office: Office) -> None:
    told = await (await lens(office)).whole()
    assert told["findings"] == []
    assert all(row["absent"] for row in told["sections"]), told["sections"]
    assert all(row["basis"]["zh"] and row["basis"]["en"] for row in told["sections"])
