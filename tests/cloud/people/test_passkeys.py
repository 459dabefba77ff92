"""Passkeys over HTTP, by the software passkey; and their signatures over what is approved."""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.db.pool import transaction
from cloud.parts import RelyingParty
from cloud.people.access import COOKIE, HEADER
from cloud.people.errors import PasskeyError
from cloud.people.models import Person
from cloud.people.passkeys import check_assertion
from cloud.web.app import create_app
from custody.roles import Role
from proof.keys import b64, unb64
from proof.webauthn import verify_assertion
from simulators.passkey import SoftPasskey
from tests.cloud.api import PASSWORD, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import holds, verified

CHALLENGE = hashlib.sha256(b"what is approved").digest()
PARTY = RelyingParty()


def soft(seed: int = 1, origin: str = "http://localhost", **kind: Any) -> SoftPasskey:
    return SoftPasskey("localhost", origin, random=random.Random(seed).randbytes, **kind)


async def somebody(office: Office) -> tuple[Person, httpx.AsyncClient]:
    person = await office.person(Role.APPROVER)
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    return person, client


async def added(client: httpx.AsyncClient, key: SoftPasskey, name: str = "工作手机") -> httpx.Response:
    options = (await client.post("passkeys/begin")).json()
    return await client.post("passkeys", json={"name": name, "credential": key.register(options)})


async def signer(office: Office, key: SoftPasskey) -> Person:
    person, client = await somebody(office)
    assert (await added(client, key)).status_code == 201
    return person


async def checked(office: Office, person: Person, assertion: dict[str, Any], challenge: bytes = CHALLENGE) -> str:
    async with transaction(office.parts.pool) as tx:
        return await check_assertion(tx, office.parts.world, person, challenge, assertion, party=PARTY)


async def test_a_passkey_is_added_listed_and_removed_and_the_ledger_says_so(office: Office, clock: Clock) -> None:
    person, client = await somebody(office)
    key = soft()
    options = (await client.post("passkeys/begin")).json()
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["rp"] == {"id": "localhost", "name": "Sealtrail"}
    made = await client.post("passkeys", json={"name": "工作手机", "credential": key.register(options)})
    assert made.status_code == 201, made.text
    at = clock.at.isoformat().replace("+00:00", "Z")
    row = {"credential": key.credential, "name": "工作手机", "alg": "ES256", "added_at": at, "used_at": None}
    assert made.json() == row
    assert (await client.get("passkeys")).json() == {"rows": [row]}
    (record,) = await office.rows("SELECT content FROM record WHERE kind = 'passkey_added'")
    assert json.loads(record["content"]) == {
        "actor": person.id, "person": person.id, "credential": key.credential, "alg": "ES256", "rp_id": "localhost",
        "public_key": b64(key.public_key),
    }  # fmt: skip
    await holds(office)
    assert (await client.delete(f"passkeys/{key.credential}")).status_code == 204
    problem(await client.delete(f"passkeys/{key.credential}"), 404, "not_found")
    assert (await client.get("passkeys")).json() == {"rows": []}
    await holds(office)


async def test_a_second_passkey_is_told_of_the_first_and_one_is_never_added_twice(office: Office) -> None:
    _, client = await somebody(office)
    key = soft()
    await added(client, key)
    options = (await client.post("passkeys/begin")).json()
    assert [known["id"] for known in options["excludeCredentials"]] == [key.credential]
    answer = await client.post("passkeys", json={"name": "x", "credential": key.register(options)})
    problem(answer, 409, "passkey_exists")
    _, other = await somebody(office)
    problem(await added(other, key), 409, "passkey_exists")
    problem(await other.delete(f"passkeys/{key.credential}"), 404, "not_found")


async def test_a_challenge_is_good_once_and_for_five_minutes(office: Office, clock: Clock) -> None:
    person, client = await somebody(office)
    problem(await client.post("passkeys", json={"name": "x", "credential": {}}), 403, "passkey")
    options = (await client.post("passkeys/begin")).json()
    clock.advance(timedelta(minutes=5))
    late = {"name": "x", "credential": soft().register(options)}
    problem(await client.post("passkeys", json=late), 403, "passkey")
    client.cookies.set(COOKIE, await office.cookie(person))
    assert (await added(client, soft())).status_code == 201
    problem(await client.post("passkeys", json=late), 403, "passkey")


async def test_a_living_session_alone_adds_no_passkey_the_password_has_to_be_given_anew(
    office: Office, clock: Clock
) -> None:
    person, client = await somebody(office)
    clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    assert (await client.post("passkeys/begin")).is_success
    clock.advance(timedelta(seconds=1))
    problem(await client.post("passkeys/begin"), 403, "password_again")
    assert (await client.get("session")).is_success, "for all else the session lives on"
    again = await client.post("session", json={"username": person.username, "password": "another"})
    problem(again, 401, "wrong_password")
    problem(await client.post("passkeys/begin"), 403, "password_again")
    assert (await client.post("session", json={"username": person.username, "password": PASSWORD})).is_success
    assert (await added(client, soft())).status_code == 201


async def test_a_passkey_shows_as_well_as_the_password_that_it_is_they(office: Office, clock: Clock) -> None:
    _, client = await somebody(office)
    key = soft()
    problem(await client.post("passkeys/proof/begin"), 403, "passkey")
    await added(client, key)
    clock.advance(timedelta(minutes=5))
    problem(await client.post("passkeys/begin"), 403, "password_again")
    options = (await client.post("passkeys/proof/begin")).json()
    assert [known["id"] for known in options["allowCredentials"]] == [key.credential]
    stranger = {"assertion": soft(2).sign(unb64(options["challenge"]))}
    problem(await client.post("passkeys/proof", json=stranger), 403, "passkey")
    options = (await client.post("passkeys/proof/begin")).json()
    proof = {"assertion": key.sign(unb64(options["challenge"]))}
    assert (await client.post("passkeys/proof", json=proof)).status_code == 204
    problem(await client.post("passkeys/proof", json=proof), 403, "passkey")
    assert (await added(client, soft(3), "平板")).status_code == 201


async def test_what_was_asked_as_a_proof_adds_no_passkey(office: Office, clock: Clock) -> None:
    """Or a borrowed session could ask for a challenge by the one, and answer it by the other."""
    _, client = await somebody(office)
    await added(client, soft())
    options = (await client.post("passkeys/begin")).json()
    clock.advance(timedelta(minutes=4))
    asked = (await client.post("passkeys/proof/begin")).json()
    made = soft(2).register({**options, "challenge": asked["challenge"]})
    problem(await client.post("passkeys", json={"name": "x", "credential": made}), 403, "passkey")


async def test_how_old_the_password_may_be_is_a_setting(office: Office, clock: Clock) -> None:
    person = await office.person(Role.APPROVER)
    app = create_app(replace(office.parts, fresh_sign_in=timedelta(seconds=30)), passwords=office.passwords)
    strict = replace(office, app=app)
    client = await strict.visitor()
    client.cookies.set(COOKIE, await strict.cookie(person))
    client.headers[HEADER] = "1"
    clock.advance(timedelta(seconds=30))
    problem(await client.post("passkeys/begin"), 403, "password_again")


async def test_what_was_asked_of_a_fresh_session_another_of_the_same_person_cannot_answer(
    office: Office, clock: Clock
) -> None:
    """Whoever borrowed an older session does not know the challenge."""
    person, borrowed = await somebody(office)
    clock.advance(timedelta(minutes=6))
    fresh = await office.visitor()
    fresh.cookies.set(COOKIE, await office.cookie(person))
    fresh.headers[HEADER] = "1"
    options = (await fresh.post("passkeys/begin")).json()
    forged = soft(2).register(options | {"challenge": b64(b"\0" * 32)})
    problem(await borrowed.post("passkeys", json={"name": "x", "credential": forged}), 403, "passkey")
    assert await office.rows("SELECT FROM passkey") == []


@pytest.mark.parametrize(
    "key",
    [
        soft(verifies=False),
        soft(origin="http://localhost:1"),
        soft(origin="https://evil.example"),
        SoftPasskey("evil.example", "http://localhost", random=random.Random(1).randbytes),
    ],
    ids=["user not verified", "another port", "another site", "another relying party"],
)
async def test_a_registration_that_is_not_ours_adds_nothing(office: Office, key: SoftPasskey) -> None:
    _, client = await somebody(office)
    problem(await added(client, key), 403, "passkey")
    assert await office.rows("SELECT FROM passkey") == []


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": 1},
        {"id": "AA", "rawId": "AA", "type": "public-key"},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "A", "attestationObject": ""}},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "é", "attestationObject": 5}},
    ],
)
async def test_noise_instead_of_a_registration_is_refused(office: Office, credential: dict[str, Any]) -> None:
    _, client = await somebody(office)
    await client.post("passkeys/begin")
    problem(await client.post("passkeys", json={"name": "x", "credential": credential}), 403, "passkey")


async def test_a_cut_registration_is_refused_wherever_it_is_cut(office: Office) -> None:
    _, client = await somebody(office)
    for part in ("clientDataJSON", "attestationObject"):
        whole = unb64(soft().register((await client.post("passkeys/begin")).json())["response"][part])
        for length in range(0, len(whole), 11):
            made = soft().register((await client.post("passkeys/begin")).json())
            made["response"][part] = b64(whole[:length])
            problem(await client.post("passkeys", json={"name": "x", "credential": made}), 403, "passkey")


async def test_a_machine_has_no_passkeys(office: Office) -> None:
    _, client = await somebody(office)
    token = (await client.post("tokens", json={"name": "scale"})).json()["token"]
    machine = await office.visitor()
    machine.headers["authorization"] = f"Bearer {token}"
    problem(await machine.post("passkeys/begin"), 403, "forbidden")
    problem(await machine.delete("passkeys/AA"), 403, "forbidden")


async def test_the_options_for_signing_name_my_passkeys(office: Office) -> None:
    _, client = await somebody(office)
    problem(await client.get(f"passkeys/options?challenge={CHALLENGE.hex()}"), 403, "passkey")
    key = soft()
    await added(client, key)
    options = (await client.get(f"passkeys/options?challenge={CHALLENGE.hex()}")).json()
    assert (options["challenge"], options["rpId"]) == (b64(CHALLENGE), "localhost")
    assert options["userVerification"] == "required"
    assert [known["id"] for known in options["allowCredentials"]] == [key.credential]
    problem(await client.get("passkeys/options?challenge=xy"), 422, "invalid")


async def test_an_approval_is_signed_and_can_be_checked_from_the_record_alone(office: Office, clock: Clock) -> None:
    key = soft()
    person = await signer(office, key)
    assertion = key.sign(CHALLENGE)
    assert await checked(office, person, assertion) == key.credential
    (row,) = await office.rows("SELECT sign_count, used_at FROM passkey")
    assert row == {"sign_count": 1, "used_at": clock.at}
    (record,) = await office.rows("SELECT content FROM record WHERE kind = 'passkey_added'")
    told, said = json.loads(record["content"]), assertion["response"]
    client_data, data, signature = (unb64(said[n]) for n in ("clientDataJSON", "authenticatorData", "signature"))
    verify_assertion(unb64(told["public_key"]), CHALLENGE, client_data, data, signature, rp_id=told["rp_id"])
    await holds(office)


async def test_a_copy_is_betrayed_by_its_count(office: Office) -> None:
    key = soft()
    person = await signer(office, key)
    copied = replace_count(key)
    await checked(office, person, key.sign(CHALLENGE))
    with pytest.raises(PasskeyError, match="copied"):
        await checked(office, person, copied.sign(CHALLENGE))
    await checked(office, person, key.sign(CHALLENGE))


def replace_count(key: SoftPasskey) -> SoftPasskey:
    """A copy of the same secret, made now."""
    copy = soft()
    assert copy.public_key == key.public_key
    copy.count = key.count
    return copy


async def test_a_passkey_that_does_not_count_may_sign_again(office: Office) -> None:
    key = soft(counts=False)
    person = await signer(office, key)
    for _ in range(2):
        assert await checked(office, person, key.sign(CHALLENGE)) == key.credential


Spoil = Callable[[SoftPasskey], dict[str, Any]]


def other_id(key: SoftPasskey) -> dict[str, Any]:
    return key.sign(CHALLENGE) | {"id": "\x00"}


def without_signature(key: SoftPasskey) -> dict[str, Any]:
    signed = key.sign(CHALLENGE)
    del signed["response"]["signature"]
    return signed


def unverified(key: SoftPasskey) -> dict[str, Any]:
    key.verifies = False
    return key.sign(CHALLENGE)


def elsewhere(key: SoftPasskey) -> dict[str, Any]:
    key.origin = "http://localhost:1"
    return key.sign(CHALLENGE)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda key: key.sign(b"something else"), "another challenge"),
        (unverified, "did not verify"),
        (elsewhere, "none of this console's"),
        (without_signature, "no signature"),
        (other_id, "base64url"),
        (lambda key: {}, "no assertion"),
        (lambda key: {"id": key.credential, "response": 5}, "no assertion"),
        (lambda key: soft(2).sign(CHALLENGE), "not a living passkey"),
        (lambda key: soft(2).sign(CHALLENGE) | {"id": key.credential}, "not signed by"),
    ],
)
async def test_what_is_no_signature_of_mine_is_refused(office: Office, spoil: Spoil, why: str) -> None:
    key = soft()
    person = await signer(office, key)
    with pytest.raises(PasskeyError, match=why):
        await checked(office, person, spoil(key))


async def test_a_colleagues_passkey_and_a_removed_one_sign_nothing_of_mine(office: Office) -> None:
    mine, theirs = soft(1), soft(2)
    person, client = await somebody(office)
    await added(client, mine)
    other = await signer(office, theirs)
    with pytest.raises(PasskeyError, match="not a living passkey"):
        await checked(office, person, theirs.sign(CHALLENGE))
    assert await checked(office, other, theirs.sign(CHALLENGE)) == theirs.credential
    await client.delete(f"passkeys/{mine.credential}")
    with pytest.raises(PasskeyError, match="not a living passkey"):
        await checked(office, person, mine.sign(CHALLENGE))


@pytest.mark.parametrize(
    "trick",
    [
        "UPDATE passkey SET public_key = '\\x00'",
        "UPDATE passkey SET removed_at = NULL",
        "UPDATE passkey p SET person = (SELECT min(id) FROM person WHERE id <> p.person)",
        "UPDATE passkey SET rp_id = 'evil.example'",
    ],
)
async def test_tampering_with_a_passkey_is_found(office: Office, trick: str) -> None:
    _, client = await somebody(office)
    await added(client, soft())
    await client.delete(f"passkeys/{soft().credential}")
    await office.person(Role.KEEPER)
    await holds(office)
    await office.execute(trick)
    found = await verified(office)
    assert (found.ok, found.fault) == (False, "row_differs"), found
    assert found.row == f"passkey {soft().credential}"
