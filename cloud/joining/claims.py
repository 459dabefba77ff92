"""Claims: one person lets a device ask, the device shows what it asked with, another person confirms.

The code is for the device alone; the fingerprint is shown by the device alone. Who confirms types it off, so that what
was asked with the code is what stands before them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cloud.alarms.service import raise_alarm
from cloud.authority import Request, read_request
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.fleet.service import add_agent, add_agent_key, keys_of
from cloud.joining.errors import SecondPersonError, WrongClaimError
from cloud.joining.issuing import issue
from cloud.ledger.service import Appender, add_record, next_index
from cloud.parts import Joining
from cloud.people.models import Person
from cloud.world import World
from custody.permits import time_text
from custody.roles import Role
from proof import jws
from proof.errors import ProofError
from proof.keys import VerifyKey
from wire.errors import MessageError
from wire.joining import ENROLMENT_TYPE, Enrolment, code_hash, fingerprint, new_code, normal_code
from wire.messages import body_of
from wire.topics import site_of, valid_agent

GOOD_FOR = timedelta(minutes=15)
CONTESTED = "claim_contested"
CONFIRMERS = frozenset({Role.ADMIN, Role.KEEPER, Role.OPERATOR, Role.LEADER})
"""Who stands before the device. Not in the rule pack: under packs of before nobody could confirm."""

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A device's request, its signatures checked."""

    code: str
    csr: str
    key: Request
    public_key: VerifyKey

    @property
    def fingerprint(self) -> str:
        """What the device shows."""
        return fingerprint(self.key.spki, self.public_key)


async def make_claim(
    tx: Tx, appender: Appender, world: World, *, agent: str, again: bool, person: Person
) -> tuple[Row, str]:
    """A claim for `agent` and its code. Raises InvalidError, ConflictError, NotFoundError."""
    if not valid_agent(agent) or site_of(agent) != appender.site:
        raise InvalidError("bad_agent_id", f"{agent!r} is no agent id of {appender.site}: {appender.site}.<name>")
    await _must_fit(tx, agent, again)
    code, at, ends = new_code(world.random(8)), world.now(), world.now() + GOOD_FOR
    claim = {
        "id": world.new_id(appender.site, "J"), "site": appender.site, "agent": agent, "again": again,
        "made_by": person.id, "made_at": at, "expires_at": ends, "index": next_index(appender),
    }  # fmt: skip
    await tx.execute(_sql.add_claim, {**claim, "code": code_hash(code)})
    content = {"claim": claim["id"], "agent": agent, "again": again, "expires_at": time_text(ends)}
    await _record(tx, appender, world, "claim_made", at, person.id, content)
    return claim, code


async def _must_fit(tx: Tx, agent: str, again: bool) -> None:
    known = await one(tx, _sql.agent, agent=agent)
    if known is not None and known["revoked_at"] is not None:
        raise ConflictError("agent_revoked", f"{agent} was shut out; a device that comes instead has another name")
    if known is not None and not again:
        raise ConflictError("agent_exists", f"{agent} is there already; ask for it again to give it a new certificate")
    if known is None and again:
        raise NotFoundError("agent", agent)


def read_enrolment(token: str) -> Asked:
    """The request in `token`, signed by both keys it names. Raises InvalidError `bad_request`, WrongClaimError."""
    try:
        said = body_of(Enrolment, jws.verify(token, _named_in(token).get, ENROLMENT_TYPE))
        key = VerifyKey.from_text(said.public_key)
    except (ProofError, MessageError) as error:
        raise InvalidError("bad_request", f"not a request to join: {error}") from error
    try:
        code = normal_code(said.code)
    except MessageError as error:
        raise WrongClaimError(str(error)) from error
    return Asked(code, said.csr, read_request(said.csr), key)


def _named_in(token: str) -> dict[str, VerifyKey]:
    """The key that the request names: only to find what its signature is then verified with."""
    unread: dict[str, Any] = jws.unverified(token)
    key = VerifyKey.from_text(str(unread.get("public_key")))
    return {key.kid: key}


async def find_claim(tx: Tx, asked: Asked) -> Row:
    """The claim with that code. Raises WrongClaimError."""
    row = await one(tx, _sql.claim_by_code, code=code_hash(asked.code))
    if row is None:
        raise WrongClaimError("no claim has this code")
    return row


async def ask(tx: Tx, appender: Appender, world: World, joining: Joining, asked: Asked, claim: Row) -> Row | None:
    """A device asks, or asks again: its certificate once it was confirmed, None while it waits.

    Raises ConflictError `claim_expired`, `claim_refused`. One that comes after another with the same code is for
    the caller to refuse: see `is_contested`.
    """
    at = world.now()
    if claim["ended"] == "refused":
        raise ConflictError("claim_refused", "somebody at the console refused this device")
    if claim["expires_at"] <= at:
        raise ConflictError("claim_expired", "the claim code was good for minutes, and they are over")
    if claim["ended"] == "confirmed":
        return await one(tx, _sql.certificate_of_claim, claim=claim["id"])
    if claim["request"] is None:
        public = {"public_key": asked.public_key.raw, "fingerprint": asked.fingerprint}
        values = {"id": claim["id"], "request": asked.csr, **public, "at": at, "index": next_index(appender)}
        await tx.execute(_sql.set_asked, values)
        content = {"claim": claim["id"], "agent": claim["agent"], "request": asked.csr,
                   "public_key": asked.public_key.text, "fingerprint": asked.fingerprint}  # fmt: skip
        await _record(tx, appender, world, "enrolment_asked", at, "device", content)
    return None


def is_contested(claim: Row, asked: Asked) -> bool:
    """Whether another device came with this code before."""
    return claim["request"] is not None and claim["fingerprint"] != asked.fingerprint


async def contest(tx: Tx, appender: Appender, world: World, asked: Asked, claim: Row) -> None:
    """Two devices with one code: one of them has it from somebody it should not have it from."""
    detail = {"claim": claim["id"], "first": claim["fingerprint"], "second": asked.fingerprint}
    await raise_alarm(
        tx, appender, world, cause=CONTESTED, place=claim["agent"], severity="major", detail=detail, at=world.now()
    )


async def confirm(
    tx: Tx, appender: Appender, world: World, joining: Joining, *, claim_id: str, typed: str, person: Person
) -> str:
    """`person` saw `typed` on the device: it is an agent from now on; returns its certificate's serial.

    Raises NotFoundError, SecondPersonError, ConflictError, InvalidError `fingerprint_differs`.
    """
    claim = await _open_claim(tx, world, appender.site, claim_id)
    if claim["made_by"] == person.id:
        raise SecondPersonError(f"{person.id} made this claim")
    if claim["request"] is None:
        raise ConflictError("nobody_asked", "no device came with this code yet")
    if _plain(typed) != _plain(claim["fingerprint"]):
        raise InvalidError("fingerprint_differs", "that is not what the device that asked shows: refuse it")
    await _must_fit(tx, claim["agent"], claim["again"])
    at, key = world.now(), VerifyKey.from_raw(claim["public_key"])
    agent = claim["agent"]
    if not claim["again"]:
        await add_agent(tx, appender, world, agent=agent, public_key=key, at=at, actor=person.id)
    elif key.kid not in (await keys_of(tx, [agent])).get(agent, {}):
        await add_agent_key(tx, appender, world, agent=agent, key=key, actor=person.id)
    index, serial = await issue(
        tx, appender, world, joining, agent=agent, key=read_request(claim["request"]).key, why="enrolled", at=at,
        actor=person.id, claim=claim["id"],
    )  # fmt: skip
    ended = {"id": claim["id"], "how": "confirmed", "by": person.id, "at": at, "index": index}
    await tx.execute(_sql.end_claim, ended)
    return serial


async def refuse(tx: Tx, appender: Appender, world: World, *, claim_id: str, person: Person) -> None:
    """Nobody joins by this claim. Raises NotFoundError, ConflictError."""
    claim, at = await _open_claim(tx, world, appender.site, claim_id), world.now()
    ended = {"id": claim["id"], "how": "refused", "by": person.id, "at": at, "index": next_index(appender)}
    await tx.execute(_sql.end_claim, ended)
    content = {"claim": claim["id"], "agent": claim["agent"]}
    await _record(tx, appender, world, "claim_refused", at, person.id, content)


async def list_claims(tx: Tx, site: str) -> list[Row]:
    """The newest claims of `site`."""
    return await rows(tx, _sql.claims, site=site)


async def _open_claim(tx: Tx, world: World, site: str, claim_id: str) -> Row:
    claim = await one(tx, _sql.claim, id=claim_id, site=site)
    if claim is None:
        raise NotFoundError("claim", claim_id)
    if claim["ended"] is not None:
        raise ConflictError("claim_ended", f"it was {claim['ended']} already")
    if claim["expires_at"] <= world.now():
        raise ConflictError("claim_expired", "the claim code was good for minutes, and they are over")
    return claim


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").upper()


async def _record(
    tx: Tx, appender: Appender, world: World, kind: str, at: datetime, actor: str, content: dict[str, Any]
) -> None:
    await add_record(tx, appender, kind=kind, at=at, actor=actor, content=content, salt=world.salt())
