"""A passkey made by a real browser: added by the web process, and its signature checked as an offline verifier does."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from cloud.db.pool import Pool, open_pool, transaction
from cloud.keys import CLOUD, LABEL, write_key
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.parts import RelyingParty
from cloud.people.errors import PasskeyError
from cloud.people.models import Person
from cloud.people.passkeys import check_assertion
from cloud.people.passwords import Passwords
from cloud.people.service import add_person
from cloud.world import real_world
from custody.roles import Role
from proof.keys import unb64
from proof.webauthn import verify_assertion
from simulators.broker import free_port
from tests.cloud.conftest import DEPLOYMENT, SITE, Database, database, new_name, server, template
from tests.system.web import PASSWORD, WebProcess, open_browser, web_environment

__all__ = ["database", "new_name", "server", "template"]

pytestmark = pytest.mark.browser

CHALLENGE = hashlib.sha256(b"what is approved").digest()
ADD = """async () => {
  const post = (path, body) => fetch(`/api/v1/${path}`, {method: "POST", body: JSON.stringify(body),
    headers: {"content-type": "application/json", "x-sealtrail": "1"}});
  await post("session", {username: "wang.fang", password: "correct horse battery"});
  const asked = PublicKeyCredential.parseCreationOptionsFromJSON(await (await post("passkeys/begin")).json());
  const made = await navigator.credentials.create({publicKey: asked});
  const answer = await post("passkeys", {name: "Chromium", credential: made.toJSON()});
  return [answer.status, await answer.json()];
}"""
SIGN = """async (challenge) => {
  const options = await (await fetch(`/api/v1/passkeys/options?challenge=${challenge}`)).json();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({publicKey})).toJSON();
}"""


@dataclass
class Desk:
    """The web process without pages, one person, and a browser whose authenticator verifies its user."""

    pool: Pool
    person: Person
    party: RelyingParty
    page: Page
    authenticator: Any

    async def check(self, assertion: dict[str, Any]) -> str:
        async with transaction(self.pool) as tx:
            return await check_assertion(tx, real_world(), self.person, CHALLENGE, assertion, party=self.party)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    world, port = real_world(), free_port()
    for name in (CLOUD, LABEL):
        write_key(tmp_path / "keys", name, world.random(32))
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(database.app))
        async with transaction(pool) as tx:
            await add_site(tx, site=SITE, name_zh="南京", name_en="Nanjing", deployment=DEPLOYMENT, at=world.now())
            appender = await open_ledger(tx, SITE)
            person = await add_person(
                tx, appender, world, username="wang.fang", name="王芳",
                password_hash=await Passwords(time_cost=1, memory_kib=64).hash(PASSWORD), roles=[Role.APPROVER],
                actor="test",
            )  # fmt: skip
            await close_ledger(tx, appender)
        environment = web_environment(database, tmp_path, port)
        del environment["SEALTRAIL_CLOUD_CONSOLE_DIR"]
        web = WebProcess(environment, port, tmp_path / "web.log")
        stack.push_async_callback(web.stop)
        await web.start()
        browser = await stack.enter_async_context(open_browser())
        address = f"http://localhost:{port}"
        page, authenticator = await with_authenticator(browser, f"{address}/healthz")
        yield Desk(pool, person, RelyingParty(origins=(address,)), page, authenticator)


async def with_authenticator(browser: Browser, url: str) -> tuple[Page, Any]:
    """A page at `url`, and what switches its authenticator's user verification."""
    page = await browser.new_page()
    await page.goto(url)
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    made = await session.send(
        "WebAuthn.addVirtualAuthenticator", {"options": options | {"isUserVerified": True}}
    )  # its user always touches it

    async def verifies(verified: bool) -> None:
        told = {"authenticatorId": made["authenticatorId"], "isUserVerified": verified}
        await session.send("WebAuthn.setUserVerified", told)

    return page, verifies


async def test_a_browsers_passkey_is_added_and_its_signature_holds_offline(desk: Desk) -> None:
    status, made = await desk.page.evaluate(ADD)
    assert (status, made["name"], made["alg"]) == (201, "Chromium", "ES256"), made
    for _ in range(2):  # its count goes up
        assertion = await desk.page.evaluate(SIGN, CHALLENGE.hex())
        assert await desk.check(assertion) == made["credential"]
    async with transaction(desk.pool) as tx:
        rows = await (await tx.execute(b"SELECT content FROM record WHERE kind = 'passkey_added'")).fetchall()
    told, said = json.loads(rows[0]["content"]), assertion["response"]
    client_data, data, signature = (unb64(said[n]) for n in ("clientDataJSON", "authenticatorData", "signature"))
    verify_assertion(unb64(told["public_key"]), CHALLENGE, client_data, data, signature, rp_id=told["rp_id"])
    with pytest.raises(PasskeyError, match="copied"):
        await desk.check(assertion)


async def test_a_browser_that_did_not_verify_its_user_signs_nothing(desk: Desk) -> None:
    await desk.page.evaluate(ADD)
    await desk.authenticator(False)
    name = await desk.page.evaluate(f"async (challenge) => ({SIGN})(challenge).then(() => 'signed', (e) => e.name)",
                                    CHALLENGE.hex())  # fmt: skip
    assert name == "NotAllowedError"
