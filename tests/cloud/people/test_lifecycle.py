"""What becomes of an account: changed, disabled, enabled, each by another, each a record."""

import json

import pytest

from cloud.people.access import COOKIE, HEADER
from cloud.people.models import Person
from custody.roles import Role
from tests.cloud.api import PASSWORD, Office, problem
from tests.cloud.people.derived import holds, verified


async def content(office: Office, kind: str) -> dict[str, object]:
    rows = await office.rows("SELECT content FROM record WHERE kind = %s ORDER BY index DESC LIMIT 1", kind)
    told: dict[str, object] = json.loads(rows[0]["content"])
    return told


async def test_other_roles_count_from_the_next_request_on_and_are_recorded(office: Office) -> None:
    admin, person = await office.signed_in(Role.ADMIN), await office.person(Role.AUDITOR)
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    case = {"number": "1", "title": "x"}
    problem(await client.post("cases", json=case), 403, "forbidden")
    answer = await admin.post(f"people/{person.id}/roles", json={"roles": ["inspector"], "name": "李伟"})
    assert (answer.json()["roles"], answer.json()["name"]) == (["inspector"], "李伟")
    assert (await client.post("cases", json=case)).status_code == 201
    told = await content(office, "person_changed")
    assert (told["person"], told["roles"], told["name"]) == (person.id, ["inspector"], "李伟")
    assert told["actor"] != person.id
    await holds(office)


async def test_what_changes_nothing_is_no_record(office: Office) -> None:
    admin, person = await office.signed_in(Role.ADMIN), await office.person(Role.AUDITOR, Role.KEEPER)
    for same in ({}, {"roles": ["keeper", "auditor"]}, {"name": person.name}):
        assert (await admin.post(f"people/{person.id}/roles", json=same)).status_code == 200
    assert await office.rows("SELECT FROM record WHERE kind = 'person_changed'") == []


async def test_whoever_is_disabled_is_out_at_once_and_comes_back_only_by_an_administrator(office: Office) -> None:
    admin, person = await office.signed_in(Role.ADMIN), await office.person(Role.KEEPER, username="li.wei")
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    token = (await client.post("tokens", json={"name": "scale"})).json()["token"]
    machine = await office.visitor()
    machine.headers["authorization"] = f"Bearer {token}"
    assert (await machine.get("session")).status_code == 200
    assert (await admin.post(f"people/{person.id}/disable")).json()["disabled_at"]
    problem(await client.get("session"), 401, "not_signed_in")
    problem(await machine.get("session"), 401, "not_signed_in")
    right = {"username": "li.wei", "password": PASSWORD}
    problem(await client.post("session", json=right), 401, "wrong_password")
    await holds(office)
    problem(await admin.post(f"people/{person.id}/disable"), 409, "disabled_already")
    names = [row["username"] for row in (await admin.get("people")).json()["rows"]]
    assert "li.wei" not in names
    shown = {row["username"]: row for row in (await admin.get("people?disabled=true")).json()["rows"]}
    assert shown["li.wei"]["disabled_at"] is not None
    assert (await admin.post(f"people/{person.id}/enable")).json()["disabled_at"] is None
    problem(await admin.post(f"people/{person.id}/enable"), 409, "enabled_already")
    problem(await client.get("session"), 401, "not_signed_in")  # the old session does not come back to life
    problem(await machine.get("session"), 401, "not_signed_in")
    assert (await client.post("session", json=right)).status_code == 200
    await holds(office)


@pytest.mark.parametrize("what", ["roles", "disable", "enable"])
async def test_nobody_changes_their_own_account(office: Office, what: str) -> None:
    admin = await office.signed_in(Role.ADMIN)
    me = (await admin.get("session")).json()["id"]
    body = {"roles": ["admin", "keeper"]} if what == "roles" else None
    problem(await admin.post(f"people/{me}/{what}", json=body), 403, "own_account")


@pytest.mark.parametrize("what", ["roles", "disable", "enable"])
async def test_who_is_no_administrator_changes_nobody(office: Office, what: str) -> None:
    client = await office.signed_in(*(role for role in Role if role is not Role.ADMIN))
    person = await office.person(Role.KEEPER)
    body = {"roles": ["auditor"]} if what == "roles" else None
    problem(await client.post(f"people/{person.id}/{what}", json=body), 403, "forbidden")


@pytest.mark.parametrize(("body", "field"), [({"roles": []}, "body.roles"), ({"password": "x"}, "body.password")])
async def test_a_wrong_change_is_answered_with_the_field(office: Office, body: dict[str, object], field: str) -> None:
    admin, person = await office.signed_in(Role.ADMIN), await office.person(Role.KEEPER)
    answer = problem(await admin.post(f"people/{person.id}/roles", json=body), 422, "invalid")
    assert [fault["field"] for fault in answer["errors"]] == [field]
    problem(await admin.post("people/nj01/U-0000000000/disable"), 404, "not_found")


@pytest.mark.parametrize(
    "trick",
    [
        "UPDATE person SET disabled_at = NULL, disabled_by = NULL",
        "UPDATE person SET disabled_by = 'nj01/U-0000000000' WHERE disabled_at IS NOT NULL",
        "UPDATE person SET disabled_at = added_at WHERE disabled_at IS NULL",
        "UPDATE person SET issuer = 'https://evil.example', subject = username",
        "UPDATE person SET roles = '{admin}' WHERE disabled_at IS NOT NULL",
    ],
)
async def test_tampering_with_an_account_is_found(office: Office, trick: str) -> None:
    admin, person = await office.signed_in(Role.ADMIN), await gone(office)
    await admin.post(f"people/{person.id}/roles", json={"roles": ["auditor"]})
    await admin.post(f"people/{person.id}/disable")
    await holds(office)
    await office.execute(trick)
    found = await verified(office)
    assert (found.ok, found.fault) == (False, "row_differs"), found
    assert (found.row or "").startswith("person nj01/U-")


async def gone(office: Office) -> Person:
    return await office.person(Role.KEEPER, username="li.wei")
