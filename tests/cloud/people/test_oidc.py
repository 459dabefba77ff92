"""Signing in by an OpenID provider that is a process of its own, written by others (oidc-provider-mock)."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cloud.parts import Directory, Parts
from cloud.people.access import HEADER
from cloud.people.passwords import Passwords
from cloud.web.app import create_app
from custody.roles import Role
from simulators.broker import free_port
from tests.cloud.api import API, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import holds
from tests.system.waiting import until_now

CALLBACK = f"http://test{API}/oidc/callback"
LI: dict[str, Any] = {"preferred_username": "Li.Wei", "name": "李伟", "roles": ["keeper", "gardener"], "site": "nj01"}


@dataclass
class Bureau:
    """The office, the provider beside it, and a browser between them."""

    office: Office
    issuer: str
    clock: Clock
    web: httpx.AsyncClient

    async def tells(self, subject: str, **claims: Any) -> None:
        """What the directory tells of somebody from now on."""
        answer = await self.web.put(f"{self.issuer}/users/{subject}", json=claims)
        assert answer.is_success, answer.text

    async def goes(self, browser: httpx.AsyncClient, subject: str = "li", *, fresh: bool = False) -> httpx.URL:
        """The browser is sent to the directory, signs in there; where the directory sends it back to."""
        away = await browser.get("oidc/login", params={"fresh": fresh})
        assert away.status_code == 307, away.text
        answer = await self.web.post(away.headers["location"], data={"sub": subject})
        assert answer.status_code == 302, answer.text
        back = httpx.URL(answer.headers["location"])
        assert str(back).startswith(CALLBACK)
        return back

    async def sign_in(self, subject: str = "li") -> tuple[httpx.AsyncClient, httpx.Response]:
        """A new browser, and what came of it."""
        browser = await self.office.visitor()
        browser.headers[HEADER] = "1"
        return browser, await browser.get(await self.goes(browser, subject))


@contextmanager
def provider(folder: Path) -> Iterator[str]:
    """The issuer of a provider of its own."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    with (folder / "openid.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    issuer = f"http://127.0.0.1:{port}"
    try:
        until_now(lambda: answers(issuer), "the OpenID provider answers")
        yield issuer
    finally:
        process.terminate()
        process.wait(240)


def answers(issuer: str) -> bool:
    try:
        return httpx.get(f"{issuer}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with provider(tmp_path_factory.mktemp("openid")) as started:
        yield started


@pytest.fixture
async def bureau(issuer: str, office: Office, clock: Clock) -> AsyncIterator[Bureau]:
    clock.at = datetime.now(UTC)  # the provider has a clock of its own
    directory = Directory(issuer=issuer, client_id="sealtrail", client_secret="hush", redirect_uri=CALLBACK)
    async with httpx.AsyncClient(timeout=240) as web:
        made = Bureau(asked(office, directory), issuer, clock, web)
        await made.tells("li", **LI)
        yield made


def asked(office: Office, directory: Directory) -> Office:
    """The same office with `directory`."""
    parts: Parts = replace(office.parts, directory=directory)
    return replace(office, app=create_app(parts, passwords=Passwords(time_cost=1, memory_kib=64)), parts=parts)


async def test_the_first_sign_in_makes_an_account_and_the_ledger_says_so(bureau: Bureau) -> None:
    browser, answer = await bureau.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    me = (await browser.get("session")).json()
    assert (me["username"], me["name"], me["roles"], me["site"]) == ("li.wei", "李伟", ["keeper"], "nj01")
    (row,) = await bureau.office.rows("SELECT content FROM record WHERE kind = 'person_added'")
    told = json.loads(row["content"])
    assert (told["issuer"], told["subject"], told["actor"]) == (bureau.issuer, "li", "directory")
    again, _ = await bureau.sign_in()
    assert (await again.get("session")).json()["id"] == me["id"]
    assert len(await bureau.office.rows("SELECT FROM person")) == 1
    wrong = await again.post("session", json={"username": "li.wei", "password": "None"})
    problem(wrong, 401, "wrong_password")  # there is no password to be guessed
    await holds(bureau.office)


async def test_the_directory_is_asked_by_code_with_pkce_state_and_nonce(bureau: Bureau) -> None:
    browser = await bureau.office.visitor()
    assert (await browser.get("oidc")).json() == {"issuer": bureau.issuer}
    away = await browser.get("oidc/login")
    asked = {name: value for name, (value,) in parse_qs(urlsplit(away.headers["location"]).query).items()}
    (login,) = await bureau.office.rows("SELECT nonce, verifier FROM oidc_login")
    cookie = away.headers["set-cookie"]
    assert asked.pop("state") in cookie
    assert {"HttpOnly", "SameSite=lax", f"Path={API}/oidc"} <= set(cookie.split("; "))
    assert asked == {
        "response_type": "code", "client_id": "sealtrail", "redirect_uri": CALLBACK, "scope": "openid profile",
        "nonce": login["nonce"], "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(login["verifier"]),
    }  # fmt: skip


async def test_a_passkey_asks_for_a_sign_in_that_the_directory_says_is_new(bureau: Bureau) -> None:
    """A directory that knows its browser would else let it through without a password (max_age, auth_time)."""
    now = int(bureau.clock.at.timestamp())
    for told in (now - 300, None):  # the ordinary way in is open all the same
        await bureau.tells("li", **LI | {"auth_time": told})
        browser, _ = await bureau.sign_in()
        problem(await browser.post("passkeys/begin"), 403, "directory_again")
    away = await browser.get("oidc/login?fresh=true")
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    for told in (now - 300, None):
        await bureau.tells("li", **LI | {"auth_time": told})
        problem(await browser.get(await bureau.goes(browser, fresh=True)), 401, "not_proven_anew")
    problem(await browser.post("passkeys/begin"), 403, "directory_again")
    await bureau.tells("li", **LI | {"auth_time": now})
    answer = await browser.get(await bureau.goes(browser, fresh=True))
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?again=1")
    assert (await browser.post("passkeys/begin")).is_success
    bureau.clock.advance(timedelta(minutes=5))
    problem(await browser.post("passkeys/begin"), 403, "directory_again")


async def test_what_the_directory_changes_is_changed_here_and_recorded(bureau: Bureau) -> None:
    await bureau.sign_in()
    await bureau.tells("li", **LI | {"roles": ["auditor", "keeper"], "name": "李伟二"})
    browser, _ = await bureau.sign_in()
    me = (await browser.get("session")).json()
    assert (me["name"], set(me["roles"])) == ("李伟二", {"keeper", "auditor"})
    await bureau.sign_in()
    assert len(await bureau.office.rows("SELECT FROM record WHERE kind = 'person_changed'")) == 1
    await holds(bureau.office)


async def test_whoever_has_no_role_any_more_is_out_and_comes_back_with_one(bureau: Bureau) -> None:
    before, _ = await bureau.sign_in()
    await bureau.tells("li", **LI | {"roles": ["gardener"]})
    _, answer = await bureau.sign_in()
    problem(answer, 401, "no_role")
    problem(await before.get("session"), 401, "not_signed_in")
    await holds(bureau.office)
    await bureau.tells("li", **LI)
    browser, _ = await bureau.sign_in()
    assert (await browser.get("session")).json()["roles"] == ["keeper"]
    kinds = [row["kind"] for row in await bureau.office.rows("SELECT kind FROM record ORDER BY index")]
    assert kinds == ["person_added", "person_disabled", "person_enabled"]
    await holds(bureau.office)


async def test_whom_an_administrator_disabled_the_directory_does_not_bring_back(bureau: Bureau) -> None:
    browser, _ = await bureau.sign_in()
    person = (await browser.get("session")).json()["id"]
    admin = await bureau.office.signed_in(Role.ADMIN)
    assert (await admin.post(f"people/{person}/disable")).is_success
    _, answer = await bureau.sign_in()
    problem(answer, 401, "account_disabled")
    problem(await browser.get("session"), 401, "not_signed_in")
    await holds(bureau.office)


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "another"}, "wrong_audience"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"exp": 1}, "id_token_expired"),
        ({"nonce": "another"}, "wrong_nonce"),
        ({"azp": "another"}, "wrong_audience"),
        ({"roles": []}, "no_role"),
        ({"roles": "gardener"}, "no_role"),
        ({"roles": [{"a": 1}, 5]}, "no_role"),
        ({"site": "nowhere"}, "bad_claims"),
        ({"site": None}, "bad_claims"),
        ({"site": {"a": "\x00"}}, "bad_claims"),
        ({"name": "a\x00b"}, "bad_claims"),
        ({"preferred_username": "没有"}, "bad_claims"),
    ],
)
async def test_a_token_that_is_not_for_us_lets_nobody_in(bureau: Bureau, claims: dict[str, Any], code: str) -> None:
    await bureau.tells("li", **LI | claims)
    browser, answer = await bureau.sign_in()
    problem(answer, 401, code)
    problem(await browser.get("session"), 401, "not_signed_in")
    assert await bureau.office.rows("SELECT FROM person") == []


async def test_a_token_that_expired_on_the_way_is_refused_by_our_clock(bureau: Bureau) -> None:
    bureau.clock.advance(timedelta(hours=1, seconds=120))
    _, answer = await bureau.sign_in()
    problem(answer, 401, "id_token_expired")


async def test_a_sign_in_ends_in_the_browser_where_it_began(bureau: Bureau) -> None:
    victim, thief = await bureau.office.visitor(), await bureau.office.visitor()
    problem(await victim.get(await bureau.goes(thief)), 401, "wrong_state")
    for wrong in ("?state=invented&code=x", "?code=x", ""):
        problem(await victim.get(f"oidc/callback{wrong}"), 401, "wrong_state")
    problem(await victim.get("oidc/callback?state=%00"), 422, "invalid")
    assert await bureau.office.rows("SELECT FROM session") == []


async def test_a_code_and_a_state_are_good_once(bureau: Bureau) -> None:
    browser = await bureau.office.visitor()
    back = await bureau.goes(browser)
    assert (await browser.get(back)).status_code == 303
    problem(await browser.get(back), 401, "wrong_state")
    again = await bureau.goes(browser)
    replayed = again.copy_set_param("code", back.params["code"])
    problem(await browser.get(replayed), 401, "code_refused")


async def test_a_sign_in_that_takes_too_long_is_begun_again(bureau: Bureau) -> None:
    browser = await bureau.office.visitor()
    back = await bureau.goes(browser)
    bureau.clock.advance(timedelta(minutes=10))
    problem(await browser.get(back), 401, "wrong_state")


async def test_a_no_of_the_directory_is_told(bureau: Bureau) -> None:
    browser = await bureau.office.visitor()
    away = await browser.get("oidc/login")
    answer = await bureau.web.post(away.headers["location"], data={"action": "deny"})
    (state,) = parse_qs(urlsplit(away.headers["location"]).query)["state"]
    back = httpx.URL(answer.headers["location"]).copy_set_param("state", state)  # this provider forgets it in its no
    body = problem(await browser.get(back), 401, "directory_refused")
    assert "access_denied" in body["detail"]


async def test_a_person_is_taken_to_the_sign_in_page_with_the_reason(bureau: Bureau) -> None:
    browser = await bureau.office.visitor()
    browser.headers["accept"] = "text/html,application/xhtml+xml"
    answer = await browser.get("oidc/callback?state=invented")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?problem=wrong_state")


async def test_a_username_that_is_taken_is_not_taken_over(bureau: Bureau) -> None:
    await bureau.office.person(Role.ADMIN, username="li.wei")
    _, answer = await bureau.sign_in()
    problem(answer, 409, "username_taken")


async def test_roles_that_nobody_has_together_the_directory_does_not_give_either(bureau: Bureau) -> None:
    await bureau.tells("li", **LI | {"roles": ["keeper", "approver"]})
    _, answer = await bureau.sign_in()
    problem(answer, 422, "roles_clash")


async def test_whoever_moves_is_not_moved_silently(bureau: Bureau) -> None:
    await bureau.sign_in()
    await bureau.tells("li", **LI | {"site": "js00"})
    _, answer = await bureau.sign_in()
    problem(answer, 401, "other_site")


async def test_roles_may_have_other_names_at_a_path_and_the_site_be_the_only_one(bureau: Bureau) -> None:
    kept = bureau.office.parts.directory
    assert kept is not None
    other = replace(kept, roles_claim="realm_access.roles", roles={"仓管": Role.KEEPER}, site_claim="none", site="nj01")
    bureau.office = asked(bureau.office, other)
    await bureau.tells("li", **LI | {"realm_access": {"roles": ["仓管", "admin"]}})
    browser, _ = await bureau.sign_in()
    assert (await browser.get("session")).json()["roles"] == ["keeper"]


async def test_without_a_directory_there_is_none_to_sign_in_by(office: Office) -> None:
    browser = await office.visitor()
    assert (await browser.get("oidc")).json() == {"issuer": None}
    problem(await browser.get("oidc/login"), 404, "not_found")
    problem(await browser.get("oidc/callback?state=x&code=y"), 404, "not_found")


async def test_a_directory_that_is_gone_or_another_is_said_so(office: Office, bureau: Bureau) -> None:
    kept = bureau.office.parts.directory
    assert kept is not None
    other_name = bureau.issuer.replace("127.0.0.1", "localhost")
    for issuer in (f"http://127.0.0.1:{free_port()}", f"{bureau.issuer}/users", f"{other_name}/"):
        browser = await asked(office, replace(kept, issuer=issuer)).visitor()
        problem(await browser.get("oidc/login"), 503, "directory_gone")


async def test_a_directory_that_goes_between_the_two_visits_is_said_so(bureau: Bureau, tmp_path: Path) -> None:
    kept = bureau.office.parts.directory
    assert kept is not None
    with provider(tmp_path) as bureau.issuer:
        bureau.office = asked(bureau.office, replace(kept, issuer=bureau.issuer))
        browser = await bureau.office.visitor()
        back = await bureau.goes(browser)
    problem(await browser.get(back), 503, "directory_gone")
