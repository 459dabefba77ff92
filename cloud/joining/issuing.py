"""Certificates of agents: given, renewed by the agent itself, ended. Each is a record with the whole certificate."""

from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.authority import Authority, read_request, serial_text
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError, NotSignedInError
from cloud.fleet.service import keys_of
from cloud.joining.errors import NoAuthorityError
from cloud.ledger.key_history import lives, record_end
from cloud.ledger.service import Appender, add_record, next_index
from cloud.parts import Joining, Parts
from cloud.world import World
from proof import jws
from proof.errors import EncodingError, ProofError
from proof.keys import unb64
from wire.errors import MessageError
from wire.joining import RENEWAL_TYPE, Renewal
from wire.messages import body_of

Why = Literal["enrolled", "renewed"]
SUPERSEDED = "superseded"
LIST_LASTS = timedelta(days=7)
"""A broker takes nobody by a list that is older: it is signed anew long before."""
LIST_AGAIN = timedelta(days=1)

_sql = load_queries(__file__)


def joining_of(parts: Parts) -> Joining:
    """What certificates are given with. Raises NoAuthorityError."""
    if parts.joining is None:
        raise NoAuthorityError("no certificate authority, or SEALTRAIL_CLOUD_AGENTS_BROKER_HOST is not set")
    return parts.joining


async def tell_authority(tx: Tx, appender: Appender, world: World, authority: Authority, actor: str) -> int | None:
    """The log tells of the authority whose certificates follow; returns the entry, None where it told before."""
    values = {"site": appender.site, "fingerprint": authority.fingerprint, "certificate": authority.pem}
    if await one(tx, _sql.add_authority, **values, index=next_index(appender)) is None:
        return None
    content = {"fingerprint": authority.fingerprint, "certificate": authority.pem}
    return await add_record(
        tx, appender, kind="authority_added", at=world.now(), actor=actor, content=content, salt=world.salt()
    )


async def issue(
    tx: Tx,
    appender: Appender,
    world: World,
    joining: Joining,
    *,
    agent: str,
    key: ec.EllipticCurvePublicKey,
    why: Why,
    at: datetime,
    actor: str,
    claim: str | None = None,
    replaces: str | None = None,
) -> tuple[int, str]:
    """A certificate for `agent` with `key` from `at` on; returns its entry and serial."""
    await tell_authority(tx, appender, world, joining.authority, actor)
    made = joining.authority.client(agent, key, at, joining.life)
    pem, serial = made.public_bytes(serialization.Encoding.PEM).decode(), serial_text(made.serial_number)
    row = {"serial": serial, "site": appender.site, "agent": agent, "pem": pem, "not_before": made.not_valid_before_utc,
           "not_after": made.not_valid_after_utc, "why": why, "claim": claim, "replaces": replaces}  # fmt: skip
    await tx.execute(_sql.add_certificate, {**row, "index": next_index(appender)})
    content = {"agent": agent, "serial": serial, "certificate": pem, "why": why, "claim": claim, "replaces": replaces}
    index = await add_record(
        tx, appender, kind="certificate_issued", at=at, actor=actor, content=content, salt=world.salt()
    )
    return index, serial


async def renewing(tx: Tx, token: str) -> Renewal:
    """The request in `token`, signed by a key of the agent it names. Raises NotSignedInError."""
    try:
        agent = str(jws.unverified(token).get("agent"))
        known = (await keys_of(tx, [agent])).get(agent, {})
        said = body_of(Renewal, jws.verify(token, known.get, RENEWAL_TYPE))
    except (ProofError, MessageError) as error:
        raise NotSignedInError(f"not a request of a living agent: {error}") from error
    return said


async def renew(tx: Tx, appender: Appender, world: World, joining: Joining, said: Renewal) -> tuple[str, str]:
    """Serial and PEM of the new certificate; asked again with the same key, the same one.

    Raises ConflictError, NotSignedInError for a proof that is none, InvalidError.
    """
    request = read_request(said.csr)
    living = {row["serial"]: row for row in await rows(tx, _sql.living_certificates, site=None, agent=said.agent)}
    present = living.get(said.serial)
    if present is None:
        raise ConflictError("certificate_revoked", f"{said.serial} is no living certificate of {said.agent}")
    if present["not_after"] <= world.now():
        raise ConflictError("certificate_expired", "it has ended: the device has to join again, with a new claim")
    _must_prove(present, said)
    for row in living.values():
        if _spki(row["pem"]) == request.spki and row["serial"] != said.serial:
            return row["serial"], row["pem"]
    if _spki(present["pem"]) == request.spki:
        raise InvalidError("same_key", "a new certificate is for a new key")
    for serial in living.keys() - {said.serial}:  # one that never came to be used
        await revoke_one(tx, appender, world, serial=serial, agent=said.agent, why=SUPERSEDED, actor=said.agent)
    _, serial = await issue(
        tx, appender, world, joining, agent=said.agent, key=request.key, why="renewed", at=world.now(),
        actor=said.agent,
        replaces=said.serial,
    )  # fmt: skip
    row = await one(tx, _sql.certificate, serial=serial) or {}
    return serial, str(row["pem"])


def _must_prove(present: Row, said: Renewal) -> None:
    """Raises NotSignedInError unless the present TLS key signed the request as well."""
    key = x509.load_pem_x509_certificate(present["pem"].encode()).public_key()
    der = x509.load_pem_x509_csr(said.csr.encode()).public_bytes(serialization.Encoding.DER)
    try:
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise InvalidSignature
        key.verify(unb64(said.proof), der, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, EncodingError) as error:
        raise NotSignedInError("the request is not signed by the key of the present certificate") from error


def _spki(pem: str) -> bytes:
    return (
        x509.load_pem_x509_certificate(pem.encode())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


async def revoke_one(
    tx: Tx, appender: Appender, world: World, *, serial: str, agent: str, why: str, actor: str
) -> int | None:
    """Ends a certificate; returns the entry, None where it had ended before."""
    values: dict[str, Any] = {"serial": serial, "at": world.now(), "why": why, "by": actor}
    if await one(tx, _sql.revoke, **values, index=next_index(appender)) is None:
        return None
    content = {"agent": agent, "serial": serial, "why": why}
    index = await add_record(
        tx, appender, kind="certificate_revoked", at=values["at"], actor=actor, content=content, salt=world.salt()
    )
    await tx.execute(_sql.notify_access, {"agent": agent})
    return index


async def revoke_agent(
    tx: Tx, appender: Appender, world: World, *, agent: str, reason: str, note: str, actor: str
) -> tuple[int, list[str]]:
    """Shuts `agent` out: its keys and certificates end now; returns the entry and the serials.

    Raises NotFoundError, ConflictError `agent_revoked`.
    """
    known = await one(tx, _sql.agent, agent=agent)
    if known is None or known["site"] != appender.site:
        raise NotFoundError("agent", agent)
    at = world.now()
    if await one(tx, _sql.revoke_agent, agent=agent, at=at) is None:
        raise ConflictError("agent_revoked", f"{agent} was shut out already")
    content = {"agent": agent, "reason": reason, "note": note}
    index = await add_record(
        tx, appender, kind="agent_revoked", at=at, actor=actor, content=content, salt=world.salt()
    )  # fmt: skip
    for life in await lives(tx, appender.site):
        if (life["role"], life["owner"], life["ended"]) == ("agent", agent, None):
            await record_end(
                tx, appender, world, role="agent", owner=agent, kid=life["kid"], why="revoked", actor=actor
            )
    serials = [row["serial"] for row in await rows(tx, _sql.unrevoked, agent=agent)]
    for serial in serials:
        await revoke_one(tx, appender, world, serial=serial, agent=agent, why=reason, actor=actor)
    await tx.execute(_sql.notify_access, {"agent": agent})
    return index, serials


async def living_certificates(tx: Tx, site: str) -> list[Row]:
    """The newest living certificate of each agent of `site`."""
    found = await rows(tx, _sql.living_certificates, site=site, agent=None)
    return list({row["agent"]: row for row in found}.values())


async def revocation_list(tx: Tx, world: World, authority: Authority) -> Row:
    """The newest list of revoked certificates: signed anew where more are, or where it is a day old."""
    await tx.execute(_sql.lock_lists)
    at = world.now().replace(microsecond=0)
    revoked = {row["serial"]: row["revoked_at"] for row in await rows(tx, _sql.revoked, at=at)}
    newest = await one(tx, _sql.newest_list)
    if newest is not None and newest["authority"] == authority.fingerprint:
        if newest["serials"] == list(revoked) and at < newest["this_update"] + LIST_AGAIN:
            return newest
        at = max(at, newest["this_update"] + timedelta(seconds=1))  # a broker takes the later of two lists
    number = newest["number"] + 1 if newest else 1
    signed = authority.revoked(
        {int(serial, 16): _whole(when) for serial, when in revoked.items()}, number, at, at + LIST_LASTS
    )
    row = {
        "number": number, "this_update": at, "next_update": at + LIST_LASTS, "serials": list(revoked),
        "authority": authority.fingerprint, "pem": signed.public_bytes(serialization.Encoding.PEM).decode(),
    }  # fmt: skip
    await tx.execute(_sql.add_list, row)
    return row


async def revoked_since(tx: Tx, since: datetime) -> dict[str, str]:
    """Serial → agent of what was revoked since then."""
    return {row["serial"]: row["agent"] for row in await rows(tx, _sql.revoked_since, since=since)}


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
