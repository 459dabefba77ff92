from datetime import timedelta

import pytest

from cloud.people.access import COOKIE, HEADER
from cloud.people.roles import Right
from cloud.people.service import SESSION_LASTS
from custody.roles import Role
from tests.cloud.api import PASSWORD, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.receiving import PACK


async def test_who_signs_in_is_known_by_the_cookie_until_they_sign_out(office: Office) -> None:
    person = await office.person(Role.KEEPER, username="li.wei")
    client = await office.visitor()
    answer = await client.post("session", json={"username": "li.wei", "password": PASSWORD})
    assert answer.json() == {"person": person.model_dump(mode="json")}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert (await client.get("session")).json() == {
        "id": person.id, "site": "nj01", "username": "li.wei", "name": "Li.Wei", "roles": ["keeper"], "unit": None,
        "password_due": False,
    }  # fmt: skip
    assert (await client.delete("session", headers={HEADER: "1"})).status_code == 204
    problem(await client.get("session", headers={"cookie": f"{COOKIE}={_value(cookie)}"}), 401, "not_signed_in")


def _value(cookie: str) -> str:
    return cookie.split(";")[0].partition("=")[2]


@pytest.mark.parametrize("username", ["li.wei", "nobody", "x\x1f", "李"])
async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(office: Office, username: str) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    answer = await (await office.visitor()).post("session", json={"username": username, "password": "wrong"})
    body = problem(answer, 401, "wrong_password")
    assert username not in str(body)


async def test_five_failures_make_the_sixth_wait_and_say_how_long(office: Office, clock: Clock) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    client = await office.visitor()
    for _ in range(5):
        assert (await client.post("session", json={"username": "li.wei", "password": "x"})).status_code == 401
    right = {"username": "li.wei", "password": PASSWORD}
    answer = await client.post("session", json=right)
    problem(answer, 429, "throttled")
    assert answer.headers["retry-after"] == "60"
    other = await client.post("session", json={"username": "wang", "password": "x"})
    assert other.status_code == 401
    clock.advance(timedelta(seconds=60))
    assert (await client.post("session", json=right)).status_code == 200


async def test_a_session_ends_after_twelve_hours(office: Office, clock: Clock) -> None:
    client = await office.signed_in(Role.AUDITOR)
    clock.advance(SESSION_LASTS - timedelta(seconds=1))
    assert (await client.get("session")).status_code == 200
    clock.advance(timedelta(seconds=1))
    problem(await client.get("session"), 401, "not_signed_in")


async def test_a_disabled_account_is_signed_out_at_once(office: Office, clock: Clock) -> None:
    client = await office.signed_in(Role.ADMIN)
    await office.execute("UPDATE person SET disabled_at = %s", clock.at)
    problem(await client.get("session"), 401, "not_signed_in")


async def test_a_change_by_cookie_needs_the_consoles_header(office: Office) -> None:
    client = await office.signed_in(Role.ADMIN)
    del client.headers[HEADER]
    problem(await client.post("tokens", json={"name": "scale"}), 403, "foreign_request")
    problem(await client.delete("session"), 403, "foreign_request")
    assert (await client.get("session")).status_code == 200


async def test_a_token_has_its_makers_rights_needs_no_header_and_can_be_revoked(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    made = (await client.post("tokens", json={"name": "weighbridge"})).json()
    machine = await office.visitor()
    machine.headers["authorization"] = f"Bearer {made['token']}"
    assert (await machine.post("cases", json={"number": "1", "title": "x"})).status_code == 201
    problem(await machine.post("tokens", json={"name": "another"}), 403, "forbidden")
    assert (await client.get("tokens")).json() == {"rows": [{"id": made["id"], "name": "weighbridge"}]}
    stored = await office.rows("SELECT hash::text FROM api_token")
    assert made["token"] not in str(stored)
    assert (await client.delete(f"tokens/{made['id']}")).status_code == 204
    problem(await machine.get("session"), 401, "not_signed_in")
    problem(await client.delete(f"tokens/{made['id']}"), 404, "not_found")
    problem(await client.delete("tokens/nonsense"), 404, "not_found")


async def test_nobody_revokes_the_token_of_another(office: Office) -> None:
    one, other = await office.signed_in(Role.ADMIN), await office.signed_in(Role.ADMIN)
    made = (await one.post("tokens", json={"name": "mine"})).json()
    problem(await other.delete(f"tokens/{made['id']}"), 404, "not_found")


async def test_an_admin_makes_accounts_and_the_ledger_says_so(office: Office) -> None:
    admin = await office.signed_in(Role.ADMIN)
    new = {"username": "zhao", "name": "赵敏", "password": PASSWORD, "roles": ["keeper", "inspector"]}
    person = (await admin.post("people", json=new)).json()
    assert person["id"].startswith("nj01/U-")
    assert "password" not in person
    problem(await admin.post("people", json=new), 409, "username_taken")
    signed = await (await office.visitor()).post("session", json={"username": "zhao", "password": PASSWORD})
    assert signed.json()["person"]["roles"] == ["keeper", "inspector"]
    content = await office.rows("SELECT content FROM record WHERE kind = 'person_added' ORDER BY index DESC LIMIT 1")
    assert "赵敏" in content[0]["content"]
    assert PASSWORD not in content[0]["content"]
    assert [row["username"] for row in (await admin.get("people")).json()["rows"]] == ["person1", "zhao"]


async def test_nobody_keeps_the_goods_and_approves(office: Office) -> None:
    admin = await office.signed_in(Role.ADMIN)
    new = {"username": "zhao", "name": "赵敏", "password": PASSWORD, "roles": ["keeper", "approver"]}
    body = problem(await admin.post("people", json=new), 422, "roles_clash")
    assert "approver and keeper" in body["detail"]
    person = await office.person(Role.KEEPER)
    problem(await admin.post(f"people/{person.id}/roles", json={"roles": ["keeper", "bookkeeper"]}), 422, "roles_clash")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "body.password"),
        ({"roles": []}, "body.roles"),
        ({"roles": ["king"]}, "body.roles.0"),
        ({"username": "Not A Name"}, "body.username"),
        ({"name": "a\x00b"}, "body.name"),
        ({"extra": 1}, "body.extra"),
    ],
)
async def test_a_wrong_account_is_answered_with_the_field(
    office: Office, change: dict[str, object], field: str
) -> None:
    admin = await office.signed_in(Role.ADMIN)
    new = {"username": "zhao", "name": "赵敏", "password": PASSWORD, "roles": ["keeper"]} | change
    assert [fault["field"] for fault in problem(await admin.post("people", json=new), 422, "invalid")["errors"]] == [
        field
    ]


async def test_who_is_no_admin_makes_no_accounts(office: Office) -> None:
    client = await office.signed_in(*(role for role in Role if role is not Role.ADMIN))
    new = {"username": "zhao", "name": "赵敏", "password": PASSWORD, "roles": ["keeper"]}
    problem(await client.post("people", json=new), 403, "forbidden")


def test_every_act_has_a_role_and_reading_roles_change_no_evidence() -> None:
    for act in Right:
        assert any(PACK.may(frozenset({role}), act) for role in Role)
        assert PACK.may(frozenset({Role.AUDITOR, Role.OPERATOR}), act) == (
            act in {Right.EXPORT_BUNDLE, Right.CLEAR_ALARM, Right.HANDLE_ALARM, Right.WATCH_LIVE, Right.ANALYSE}
        )
