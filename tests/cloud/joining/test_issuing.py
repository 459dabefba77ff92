"""Certificates are renewed by both keys of the identity that is good, and end at once for whoever is shut out."""

from datetime import timedelta
from pathlib import Path

from cryptography import x509

from cloud.db.pool import transaction
from cloud.joining.issuing import revocation_list
from cloud.joining.watching import OVERDUE
from cloud.watching import Watching
from custody.roles import Role
from proof.keys import SigningKey
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.joining.devices import LIFE, Device, certificate, flipped, join, new_key, open_office, voice
from tests.cloud.people.derived import holds
from tests.cloud.receiving import Receiving

AGENT = "nj01.gate-a"


async def test_an_agent_renews_by_both_its_keys_and_the_old_one_ends_when_the_new_one_is_used(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    open_office(office, tmp_path)
    joined, fresh = await join(office), new_key()
    clock.advance(LIFE * 0.7)
    asked = joined.device.renewing(AGENT, joined.serial, fresh)
    answer = await joined.visitor.post("renewals", json=asked)
    assert answer.status_code == 200, answer.text
    renewed = answer.json()
    assert certificate(renewed["certificate"]).public_key() == fresh.public_key()
    again = await joined.visitor.post("renewals", json=joined.device.renewing(AGENT, joined.serial, fresh))
    assert again.json() == renewed, "an answer that was lost is given again"
    assert [row["serial"] for row in await office.rows("SELECT serial FROM certificate WHERE revoked_at IS NULL")] == [
        joined.serial, renewed["serial"],
    ]  # fmt: skip
    teller = voice(joined)
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
    body = {"serial": renewed["serial"], "before": joined.serial, "not_after": "2027-01-01T00:00:00.000000Z"}
    teller.say("certificate_rotated", body, at=clock.at)
    await receiving.take(teller, teller.batch(1, 1))
    (old,) = await office.rows("SELECT revoked_why, revoked_by FROM certificate WHERE serial = %s", joined.serial)
    assert old == {"revoked_why": "superseded", "revoked_by": AGENT}
    late = joined.device.renewing(AGENT, joined.serial, new_key())
    problem(await joined.visitor.post("renewals", json=late), 409, "certificate_revoked")
    await holds(office)


async def test_one_stolen_key_renews_nothing(office: Office, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    journal_only = Device(journal=joined.device.journal)
    tls_only = Device(journal=SigningKey.from_seed(b"t" * 32), tls=joined.device.tls)
    for thief in (journal_only, tls_only):
        problem(await joined.visitor.post("renewals", json=thief.renewing(AGENT, joined.serial, new_key())), 401,
                "not_signed_in")  # fmt: skip
    asked = joined.device.renewing(AGENT, joined.serial, new_key(), proof="AAAA")
    problem(await joined.visitor.post("renewals", json=asked), 401, "not_signed_in")
    same = joined.device.renewing(AGENT, joined.serial, joined.device.tls)
    problem(await joined.visitor.post("renewals", json=same), 422, "same_key")
    problem(await joined.visitor.post("renewals", json={"request": f"a.{flipped('AAAA')}.c"}), 401, "not_signed_in")
    assert len(await office.rows("SELECT serial FROM certificate")) == 1


async def test_a_certificate_that_ended_is_not_renewed(office: Office, clock: Clock, tmp_path: Path) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    clock.advance(LIFE)
    asked = joined.device.renewing(AGENT, joined.serial, new_key())
    problem(await joined.visitor.post("renewals", json=asked), 409, "certificate_expired")


async def test_a_certificate_that_is_not_renewed_in_time_is_an_alarm_until_it_is(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    open_office(office, tmp_path)
    joined = await join(office)
    watching = Watching(office.parts.pool, office.parts.world, office.parts.pack)
    clock.advance(LIFE * 0.8)
    await watching.look()
    assert await office.rows("SELECT cause FROM alarm") == []
    clock.advance(LIFE * 0.05)
    await watching.look()
    await watching.look()
    (alarm,) = await office.rows("SELECT cause, place, detail, occurrences FROM alarm WHERE cleared_at IS NULL")
    assert (alarm["cause"], alarm["place"], alarm["occurrences"]) == (OVERDUE, AGENT, 1)
    assert alarm["detail"]["days_left"] == 13
    (row,) = (await (await office.signed_in(Role.AUDITOR)).get("certificates")).json()["rows"]
    assert (row["agent"], row["days_left"], row["overdue"]) == (AGENT, 13, True)
    await joined.visitor.post("renewals", json=joined.device.renewing(AGENT, joined.serial, new_key()))
    clock.advance(timedelta(minutes=2))
    await watching.look()
    assert await office.rows("SELECT cause FROM alarm WHERE cleared_at IS NULL") == []
    (row,) = (await (await office.signed_in(Role.AUDITOR)).get("certificates")).json()["rows"]
    assert (row["days_left"], row["overdue"]) == (89, False)
    await holds(office)


async def test_who_is_shut_out_is_in_the_list_its_facts_in_quarantine_and_it_never_comes_back(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    authority = open_office(office, tmp_path)
    joined = await join(office)
    teller = voice(joined)
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
    teller.chatter(2)
    await receiving.take(teller, teller.batch(1, 1))
    assert await receiving.facts(AGENT) == [1]
    problem(await joined.keeper.post(f"agents/{AGENT}/revoke", json={"reason": "stolen"}), 403, "forbidden")
    problem(await joined.admin.post(f"agents/{AGENT}/revoke", json={"reason": "because"}), 422, "invalid")
    done = await joined.admin.post(f"agents/{AGENT}/revoke", json={"reason": "stolen", "note": "门口被撬"})
    assert (done.status_code, done.json()["certificates"]) == (200, [joined.serial])
    problem(await joined.admin.post(f"agents/{AGENT}/revoke", json={"reason": "lost"}), 409, "agent_revoked")
    await receiving.take(teller, teller.batch(2, 2))
    assert await receiving.facts(AGENT) == [1]
    assert [reason for reason, _ in await receiving.quarantined()] == ["unknown_agent"]
    asked = joined.device.renewing(AGENT, joined.serial, new_key())
    problem(await joined.visitor.post("renewals", json=asked), 401, "not_signed_in")
    problem(await joined.admin.post("claims", json={"agent": AGENT, "again": True}), 409, "agent_revoked")
    assert (await joined.admin.get("certificates")).json()["rows"] == []
    async with transaction(office.parts.pool) as tx:
        signed = x509.load_pem_x509_crl((await revocation_list(tx, office.parts.world, authority))["pem"].encode())
    assert signed.is_signature_valid(authority.certificate_key)
    assert signed.get_revoked_certificate_by_serial_number(int(joined.serial, 16)) is not None
    await holds(office)


async def test_a_list_is_signed_anew_when_it_says_more_or_grows_old(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    authority = open_office(office, tmp_path)
    joined = await join(office)

    async def newest() -> tuple[int, x509.CertificateRevocationList]:
        async with transaction(office.parts.pool) as tx:
            row = await revocation_list(tx, office.parts.world, authority)
        return row["number"], x509.load_pem_x509_crl(row["pem"].encode())

    first, signed = await newest()
    assert (await newest())[0] == first
    await joined.admin.post(f"agents/{AGENT}/revoke", json={"reason": "lost"})
    second, more = await newest()
    assert second == first + 1
    assert more.last_update_utc > signed.last_update_utc, "a broker takes the later of two, and goes by seconds"
    clock.advance(timedelta(days=1, seconds=2))
    assert (await newest())[0] == second + 1
    clock.advance(LIFE)
    assert list((await newest())[1]) == [], "what ended by itself needs no line"
