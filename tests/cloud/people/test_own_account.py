"""An account is its person's own: its password, the first one that another set, and where it is signed in."""

import json
import re
from datetime import timedelta

import httpx
import pytest

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.access import COOKIE, HEADER
from cloud.people.errors import PasswordRefusedError
from cloud.people.models import Person
from cloud.people.passwords import must_be_good
from cloud.people.service import Identity, add_person
from cloud.web.app import API, openapi
from custody.roles import Role
from tests.cloud.api import PASSWORD, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import holds, verified

FIRST, MINE = "given on a slip of paper", "thought of by myself"
OPEN = {"get_me", "sign_out", "change_password"}
"""What somebody may do by a password that another set."""


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password_length"),
        ("x" * 201, "password_length"),
        ("aaaaaaaaaaaa", "password_repeats"),
        ("abcabcabcabc", "password_repeats"),
        ("123456789012", "password_repeats"),
        ("zxcvbnm98765", "password_repeats"),
        ("Li.Wei123456", "password_named"),
        ("Sealtrail2026", "password_named"),
        ("1QAZ2wsx3edc", "password_common"),
        ("Password!2026", "password_common"),
        ("woaini!1314520", "password_common"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str, code: str) -> None:
    with pytest.raises(PasswordRefusedError) as refused:
        must_be_good(password, "li.wei")
    assert refused.value.code == code


@pytest.mark.parametrize("password", [PASSWORD, "一二三四五六七八九十零百", "839201746581", "li.wei has three cats"])
def test_which_characters_a_password_has_is_no_rule(password: str) -> None:
    must_be_good(password, "li.wei")


async def browser(office: Office, username: str, password: str, name: str = "Firefox") -> httpx.AsyncClient:
    client = await office.visitor()
    client.headers.update({HEADER: "1", "user-agent": name})
    signed_in = await client.post("session", json={"username": username, "password": password})
    assert signed_in.status_code == 200, signed_in.text
    return client


async def newcomer(office: Office) -> tuple[httpx.AsyncClient, Person]:
    """An administrator, and whom they just made an account for."""
    admin = await office.signed_in(Role.ADMIN)
    new = {"username": "zhao", "name": "赵敏", "password": FIRST, "roles": ["admin"]}
    return admin, Person.model_validate((await admin.post("people", json=new)).json())


async def test_another_password_is_set_by_the_old_one_and_ends_the_other_sessions(office: Office) -> None:
    person = await office.person(Role.KEEPER, username="li.wei")
    here, there = [await browser(office, "li.wei", PASSWORD) for _ in range(2)]
    assert (await here.get("account")).json()["password_at"] is None
    assert (await here.post("password", json={"old": PASSWORD, "new": MINE})).status_code == 204
    problem(await there.get("session"), 401, "not_signed_in")
    account = (await here.get("account")).json()
    assert (account["password_by"], account["password_due"]) == (person.id, False)
    assert account["password_at"] is not None
    gone = await there.post("session", json={"username": "li.wei", "password": PASSWORD})
    problem(gone, 401, "wrong_password")
    await browser(office, "li.wei", MINE)
    (record,) = await office.rows("SELECT content FROM record WHERE kind = 'password_changed'")
    assert json.loads(record["content"]) == {"actor": person.id, "person": person.id}
    await holds(office)


async def test_who_does_not_know_the_old_password_sets_none_and_has_to_wait(office: Office, clock: Clock) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    client = await browser(office, "li.wei", PASSWORD)
    for _ in range(5):
        problem(await client.post("password", json={"old": "x", "new": MINE}), 403, "old_password")
    answer = await client.post("password", json={"old": PASSWORD, "new": MINE})
    problem(answer, 429, "throttled")
    assert answer.headers["retry-after"] == "60"
    assert (await client.get("session")).is_success, "the session lives on"
    clock.advance(timedelta(seconds=60))
    assert (await client.post("password", json={"old": PASSWORD, "new": MINE})).is_success


@pytest.mark.parametrize(
    ("new", "code"),
    [(PASSWORD, "password_same"), ("1qaz2wsx3edc", "password_common"), ("li.wei654321", "password_named")],
)
async def test_a_poor_password_is_refused_with_the_reason(office: Office, new: str, code: str) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    client = await browser(office, "li.wei", PASSWORD)
    problem(await client.post("password", json={"old": PASSWORD, "new": new}), 422, code)
    admin = await office.signed_in(Role.ADMIN)
    if code != "password_same":
        account = {"username": "li.wei", "name": "x", "password": new, "roles": ["keeper"]}
        problem(await admin.post("people", json=account), 422, code)


async def test_with_a_first_password_nothing_is_done_but_setting_another(office: Office) -> None:
    _, person = await newcomer(office)
    assert person.password_due
    visitor, client = await office.visitor(), await browser(office, "zhao", FIRST)
    assert (await client.get("session")).json()["password_due"] is True
    let_in, asked = set(), 0
    for path, item in openapi(examples=False)["paths"].items():
        for method, operation in item.items():
            if not path.startswith(API):
                continue
            url = re.sub(r"\{\w+\}", "1", path.removeprefix(f"{API}/"))
            stranger = await visitor.request(method, url, json={})
            if stranger.status_code != 401 or stranger.json()["code"] != "not_signed_in" or "/media" in path:
                continue  # not for people who are signed in
            asked += 1
            if operation["operationId"] == "sign_out":
                continue
            answer = await client.request(method, url, json={})
            if answer.status_code == 403 and answer.json()["code"] == "password_due":
                continue
            let_in.add(operation["operationId"])
    assert asked > 100
    assert let_in == OPEN - {"sign_out"}
    assert (await client.post("password", json={"old": FIRST, "new": MINE})).is_success
    assert (await client.get("people")).is_success
    assert (await client.get("session")).json()["password_due"] is False
    await holds(office)


async def test_with_a_first_password_one_can_sign_out(office: Office) -> None:
    await newcomer(office)
    assert (await (await browser(office, "zhao", FIRST)).delete("session")).status_code == 204


async def test_a_password_that_was_lost_is_reset_by_another_and_is_good_for_setting_ones_own(office: Office) -> None:
    admin = await office.signed_in(Role.ADMIN)
    person = await office.person(Role.KEEPER, username="li.wei")
    client = await browser(office, "li.wei", PASSWORD)
    token = (await client.post("tokens", json={"name": "scale"})).json()["token"]
    machine = await office.visitor()
    machine.headers["authorization"] = f"Bearer {token}"
    assert (await machine.get("tokens")).is_success
    answer = await admin.post(f"people/{person.id}/password", json={"password": FIRST})
    assert (answer.status_code, answer.json()["password_due"]) == (200, True)
    problem(await client.get("session"), 401, "not_signed_in")
    problem(await machine.get("tokens"), 403, "password_due")
    again = await browser(office, "li.wei", FIRST)
    problem(await again.get("account"), 403, "password_due")
    assert (await again.post("password", json={"old": FIRST, "new": MINE})).is_success
    assert (await machine.get("tokens")).is_success, "the machine's token is theirs again"
    (record,) = await office.rows("SELECT content FROM record WHERE kind = 'password_reset'")
    told = json.loads(record["content"])
    assert told == {"actor": (await admin.get("session")).json()["id"], "person": person.id}
    await holds(office)


async def test_who_may_reset_what(office: Office) -> None:
    admin, keeper = await office.signed_in(Role.ADMIN), await office.signed_in(Role.KEEPER)
    me, new = (await admin.get("session")).json()["id"], {"password": FIRST}
    problem(await admin.post(f"people/{me}/password", json=new), 403, "own_account")
    problem(await keeper.post(f"people/{me}/password", json=new), 403, "forbidden")
    problem(await admin.post("people/nj01/U-0000000000/password", json=new), 404, "not_found")
    external = await from_directory(office)
    problem(await admin.post(f"people/{external.id}/password", json=new), 409, "no_password")
    assert await office.rows("SELECT FROM record WHERE kind = 'password_reset'") == []


async def from_directory(office: Office) -> Person:
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        person = await add_person(
            tx, appender, office.parts.world, username="sun", name="孙丽", password_hash=None, roles=[Role.KEEPER],
            actor="directory", identity=Identity("https://id.example", "1"),
        )  # fmt: skip
        await close_ledger(tx, appender)
    return person


async def test_who_signs_in_by_a_directory_has_no_password_here(office: Office) -> None:
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(await from_directory(office)))
    client.headers[HEADER] = "1"
    assert (await client.get("account")).json()["external"] is True
    problem(await client.post("password", json={"old": "x", "new": MINE}), 409, "no_password")


async def test_my_sessions_are_listed_and_ended(office: Office, clock: Clock) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    here = await browser(office, "li.wei", PASSWORD, "Firefox")
    clock.advance(timedelta(minutes=10))
    phone, tablet = [await browser(office, "li.wei", PASSWORD, name) for name in ("Safari", "x" * 999)]
    clock.advance(timedelta(seconds=59))
    rows = (await phone.get("sessions")).json()["rows"]
    assert [(row["browser"], row["this"]) for row in rows] == [
        ("Safari", True), ("x" * 300, False), ("Firefox", False),
    ]  # fmt: skip
    assert rows[0]["seen_at"] == rows[0]["since"], "noted once a minute"
    clock.advance(timedelta(seconds=1))
    rows = (await phone.get("sessions")).json()["rows"]
    assert (rows[0]["seen_at"], rows[0]["since"]) == ("2026-11-22T03:11:00Z", "2026-11-22T03:10:00Z")
    assert rows[2]["since"] == rows[2]["seen_at"] == "2026-11-22T03:00:00Z"
    assert (await phone.delete(f"sessions/{rows[2]['id']}")).status_code == 204
    problem(await here.get("session"), 401, "not_signed_in")
    problem(await phone.delete(f"sessions/{rows[2]['id']}"), 404, "not_found")
    problem(await phone.delete("sessions/nonsense"), 404, "not_found")
    assert (await phone.delete("sessions")).status_code == 204
    problem(await tablet.get("session"), 401, "not_signed_in")
    assert len((await phone.get("sessions")).json()["rows"]) == 1


async def test_nobody_sees_or_ends_the_sessions_of_another_and_a_machine_none(office: Office) -> None:
    mine, others = [await office.signed_in(Role.KEEPER) for _ in range(2)]
    ((row,),) = (await others.get("sessions")).json().values()
    problem(await mine.delete(f"sessions/{row['id']}"), 404, "not_found")
    await mine.delete("sessions")
    assert (await others.get("session")).is_success
    token = (await mine.post("tokens", json={"name": "scale"})).json()["token"]
    machine = await office.visitor()
    machine.headers["authorization"] = f"Bearer {token}"
    problem(await machine.get("sessions"), 403, "forbidden")
    problem(await machine.delete("sessions"), 403, "forbidden")
    problem(await machine.post("password", json={"old": PASSWORD, "new": MINE}), 403, "forbidden")


async def test_who_signs_in_again_in_the_same_browser_leaves_no_session_behind(office: Office) -> None:
    await office.person(Role.KEEPER, username="li.wei")
    client = await browser(office, "li.wei", PASSWORD)
    await client.post("session", json={"username": "li.wei", "password": PASSWORD})
    assert len((await client.get("sessions")).json()["rows"]) == 1


@pytest.mark.parametrize(
    "trick",
    [
        "UPDATE person SET password_due = false",
        "UPDATE person SET password_by = id, password_at = added_at WHERE password_due",
        "UPDATE person SET password_at = NULL WHERE password_due",
    ],
)
async def test_tampering_with_who_set_a_password_is_found(office: Office, clock: Clock, trick: str) -> None:
    admin, person = await newcomer(office)
    clock.advance(timedelta(hours=1))
    assert (await admin.post(f"people/{person.id}/password", json={"password": MINE})).is_success
    await holds(office)
    await office.execute(trick)
    found = await verified(office)
    assert (found.ok, found.fault, found.row) == (False, "row_differs", f"person {person.id}"), found
