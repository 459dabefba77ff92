"""One person lets a device ask, another confirms what stands before them; whatever else comes is turned away."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import NameOID

from custody.roles import Role
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.joining.devices import LIFE, PIN, Device, certificate, csr_of, join, open_office, pem_of
from tests.cloud.people.derived import holds
from wire.joining import ENROLMENT_TYPE, Enrolment, read_claim
from wire.messages import to_body


async def test_a_device_joins_by_a_claim_of_one_and_the_confirmation_of_another(office: Office, tmp_path: Path) -> None:
    authority = open_office(office, tmp_path)
    admin, keeper = await office.signed_in(Role.ADMIN), await office.signed_in(Role.KEEPER)
    visitor, device = await office.visitor(), Device()
    made = await admin.post("claims", json={"agent": "nj01.gate-a"})
    assert made.status_code == 201, made.text
    claim = made.json()
    scanned = read_claim(claim["link"])
    assert (scanned.url, scanned.pin) == ("https://cloud.test", PIN)
    assert scanned.code == claim["code"].replace("-", "")
    waiting = await visitor.post("enrolments", json=device.asking(claim["code"].lower().replace("-", " ")))
    assert (waiting.status_code, waiting.json()["state"]) == (202, "waiting")
    assert waiting.json()["fingerprint"] == device.fingerprint
    (row,) = (await keeper.get("claims")).json()["rows"]
    assert row["asked_at"]
    assert row["ended"] is None
    assert device.fingerprint not in (await keeper.get("claims")).text, "who confirms has to look at the device"
    done = await keeper.post(f"claims/{claim['id']}/confirm", json={"fingerprint": device.fingerprint.lower()})
    assert done.status_code == 200, done.text
    answer = await visitor.post("enrolments", json=device.asking(claim["code"]))
    identity = answer.json()["identity"]
    given = certificate(identity["certificate"])
    given.verify_directly_issued_by(authority.certificate)
    assert [one.value for one in given.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["nj01.gate-a"]
    assert given.public_key() == device.tls.public_key()
    assert given.not_valid_after_utc - office.parts.world.now() == LIFE
    assert (identity["broker_host"], identity["broker_port"]) == ("broker.test", 8883)
    assert identity["cloud_keys"] == [office.parts.cloud_key.public.text]
    assert identity["authority"] == authority.pem
    kinds = [row["kind"] for row in await office.rows("SELECT kind FROM record ORDER BY index")]
    assert kinds[-7:] == [
        "person_added", "claim_made", "enrolment_asked", "agent_added", "key_born", "authority_added",
        "certificate_issued",
    ]  # fmt: skip
    await holds(office)


async def test_of_a_code_only_its_hash_is_kept(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    admin = await office.signed_in(Role.ADMIN)
    code = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()["code"]
    kept = str(await office.rows("SELECT * FROM claim")) + str(await office.rows("SELECT content FROM record"))
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_whoever_made_the_claim_does_not_confirm_it_nor_does_a_machine(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    admin, visitor, device = await office.signed_in(Role.ADMIN), await office.visitor(), Device()
    claim = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()
    typed = {"fingerprint": device.fingerprint}
    keeper = await office.signed_in(Role.KEEPER)
    problem(await keeper.post(f"claims/{claim['id']}/confirm", json=typed), 409, "nobody_asked")
    await visitor.post("enrolments", json=device.asking(claim["code"]))
    problem(await admin.post(f"claims/{claim['id']}/confirm", json=typed), 403, "second_person_needed")
    auditor = await office.signed_in(Role.AUDITOR)
    problem(await auditor.post(f"claims/{claim['id']}/confirm", json=typed), 403, "forbidden")
    token = (await keeper.post("tokens", json={"name": "a machine"})).json()["token"]
    machine = await office.visitor()
    machine.headers["Authorization"] = f"Bearer {token}"
    problem(await machine.post(f"claims/{claim['id']}/confirm", json=typed), 403, "second_person_needed")
    stranger = await office.signed_in(Role.KEEPER)
    wrong = {"fingerprint": Device().fingerprint}
    problem(await stranger.post(f"claims/{claim['id']}/confirm", json=wrong), 422, "fingerprint_differs")
    assert await office.rows("SELECT id FROM agent") == []
    assert (await visitor.post("enrolments", json=device.asking(claim["code"]))).status_code == 202
    problem(await keeper.post("claims", json={"agent": "nj01.gate-b"}), 403, "forbidden")
    await holds(office)


async def test_a_second_device_with_the_same_code_is_turned_away_and_told_of(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    admin, visitor = await office.signed_in(Role.ADMIN), await office.visitor()
    claim = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()
    first, second = Device(), Device(journal=SigningKey.from_seed(b"t" * 32))
    assert (await visitor.post("enrolments", json=first.asking(claim["code"]))).status_code == 202
    problem(await visitor.post("enrolments", json=second.asking(claim["code"])), 409, "claim_taken")
    assert (await visitor.post("enrolments", json=first.asking(claim["code"]))).status_code == 202
    assert await office.rows("SELECT cause, place FROM alarm") == [{"cause": "claim_contested", "place": "nj01.gate-a"}]
    other = (await admin.post("claims", json={"agent": "nj01.gate-b"})).json()
    told = {row["id"]: row["contested"] for row in (await admin.get("claims")).json()["rows"]}
    assert told == {claim["id"]: True, other["id"]: False}
    await holds(office)


async def test_a_claim_ends_by_its_time_and_by_a_refusal(office: Office, clock: Clock, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    admin, keeper = await office.signed_in(Role.ADMIN), await office.signed_in(Role.KEEPER)
    visitor, device = await office.visitor(), Device()
    claim = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()
    await visitor.post("enrolments", json=device.asking(claim["code"]))
    assert (await keeper.post(f"claims/{claim['id']}/refuse")).status_code == 204
    problem(await visitor.post("enrolments", json=device.asking(claim["code"])), 409, "claim_refused")
    typed = {"fingerprint": device.fingerprint}
    problem(await keeper.post(f"claims/{claim['id']}/confirm", json=typed), 409, "claim_ended")
    late = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()
    assert (await visitor.post("enrolments", json=device.asking(late["code"]))).status_code == 202
    clock.advance(timedelta(minutes=15))
    problem(await visitor.post("enrolments", json=device.asking(late["code"])), 409, "claim_expired")
    problem(await keeper.post(f"claims/{late['id']}/confirm", json=typed), 409, "claim_expired")
    assert await office.rows("SELECT id FROM agent") == []
    await holds(office)


async def test_guessing_is_slow(office: Office, clock: Clock, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    admin, visitor, device = await office.signed_in(Role.ADMIN), await office.visitor(), Device()
    claim = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()
    for _ in range(5):
        problem(await visitor.post("enrolments", json=device.asking("AAAA-AAAA-AAAA")), 403, "wrong_claim")
    waiting = await visitor.post("enrolments", json=device.asking(claim["code"]))
    problem(waiting, 429, "throttled")
    assert waiting.headers["Retry-After"] == "60"
    clock.advance(timedelta(minutes=1))
    assert (await visitor.post("enrolments", json=device.asking(claim["code"]))).status_code == 202


@pytest.mark.parametrize("spoil", ["tls", "journal", "noise"])
async def test_a_request_that_either_key_did_not_sign_is_none(office: Office, tmp_path: Path, spoil: str) -> None:
    open_office(office, tmp_path)
    admin, visitor, device = await office.signed_in(Role.ADMIN), await office.visitor(), Device()
    code = (await admin.post("claims", json={"agent": "nj01.gate-a"})).json()["code"]
    other = Device(journal=SigningKey.from_seed(b"o" * 32))
    head, _, signature = device.asking(code)["request"].split(".")
    if spoil == "journal":
        body = {"request": ".".join((head, other.asking(code)["request"].split(".")[1], signature))}
    elif spoil == "tls":
        body = forged_csr(device, code)
    else:
        body = {"request": "a.b.c"}
    problem(await visitor.post("enrolments", json=body), 422, "bad_request")
    assert await office.rows("SELECT id FROM claim WHERE request IS NOT NULL") == []


def forged_csr(device: Device, code: str) -> dict[str, str]:
    """A request by the journal's own key whose PKCS#10 part somebody else's key signed."""
    lines = pem_of(csr_of(device.tls)).splitlines()
    der = bytearray(base64.b64decode("".join(lines[1:-1])))
    der[-1] ^= 1
    pem = "\n".join([lines[0], base64.b64encode(bytes(der)).decode(), lines[-1], ""])
    said = Enrolment(code=code, csr=pem, public_key=device.journal.public.text)
    return {"request": jws.sign(to_body(said), device.journal, ENROLMENT_TYPE)}


async def test_an_agent_that_is_known_joins_again_only_when_that_was_asked_for(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    problem(await joined.admin.post("claims", json={"agent": "nj01.gate-a"}), 409, "agent_exists")
    problem(await joined.admin.post("claims", json={"agent": "nj01.gate-b", "again": True}), 404, "not_found")
    problem(await joined.admin.post("claims", json={"agent": "sz01.gate-b"}), 422, "bad_agent_id")
    again = (await joined.admin.post("claims", json={"agent": "nj01.gate-a", "again": True})).json()
    fresh = Device(journal=joined.device.journal)
    await joined.visitor.post("enrolments", json=fresh.asking(again["code"]))
    done = await joined.keeper.post(f"claims/{again['id']}/confirm", json={"fingerprint": fresh.fingerprint})
    assert done.status_code == 200, done.text
    assert len(await office.rows("SELECT serial FROM certificate")) == 2
    assert len(await office.rows("SELECT kid FROM key_life WHERE role = 'agent'")) == 1, "its journal's key is the same"
    await holds(office)


async def test_without_an_authority_nobody_joins(office: Office) -> None:
    admin = await office.signed_in(Role.ADMIN)
    problem(await admin.post("claims", json={"agent": "nj01.gate-a"}), 409, "no_authority")
