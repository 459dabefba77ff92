"""Claims, certificates and configurations over HTTP: what people ask, and what devices ask with their own keys."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloud.db.pool import Row, transaction
from cloud.errors import ConflictError, ForbiddenError
from cloud.joining import claims, desired, issuing
from cloud.joining.errors import SecondPersonError, WrongClaimError
from cloud.joining.models import (
    AgentId,
    Asking,
    CertificateRow,
    CertificateRows,
    ClaimRow,
    ClaimRows,
    Configuration,
    ConfigurationRows,
    Confirming,
    Joined,
    MadeClaim,
    NewClaim,
    NewConfiguration,
    Renewed,
    Renewing,
    Revoked,
    Revoking,
)
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import Joining, Parts, PartsIn
from cloud.people.access import CallerIn, ReadSite, acting
from cloud.people.errors import ThrottledError
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.people.throttle import Throttle
from wire.joining import Identity, claim_link, shown_code
from wire.messages import to_body
from wire.topics import site_of

router = APIRouter(tags=["fleet"])

Admin = Annotated[Person, acting(Right.ADD_AGENT)]
AnId = Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")]
AnAgent = Annotated[AgentId, Path()]


@router.post("/claims", operation_id="make_claim", status_code=201)
async def post_claim(body: NewClaim, person: Admin, parts: PartsIn) -> MadeClaim:
    """Lets one device ask, once and within minutes, to become an agent of my site; somebody else confirms it."""
    joining = issuing.joining_of(parts)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        claim, code = await claims.make_claim(
            tx, appender, parts.world, agent=body.agent, again=body.again, person=person
        )
        await close_ledger(tx, appender)
    link = claim_link(joining.url, code, joining.pin)
    return MadeClaim.model_validate({**claim, "code": shown_code(code), "link": link, "pin": joining.pin})


@router.get("/claims", operation_id="list_claims")
async def get_claims(site: ReadSite, parts: PartsIn) -> ClaimRows:
    """The newest claims of a site."""
    async with transaction(parts.pool) as tx:
        return ClaimRows(rows=[ClaimRow.model_validate(row) for row in await claims.list_claims(tx, site)])


@router.post("/claims/{id:path}/confirm", operation_id="confirm_claim")
async def post_confirm(id: AnId, body: Confirming, caller: CallerIn, parts: PartsIn) -> CertificateRow:
    """Lets the device in that shows this fingerprint. Somebody else has made the claim; a machine confirms nothing."""
    joining, person = issuing.joining_of(parts), caller.person
    _must_stand_there(caller.secret, person)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        serial = await claims.confirm(
            tx, appender, parts.world, joining, claim_id=id, typed=body.fingerprint, person=person
        )
        (row,) = [row for row in await issuing.living_certificates(tx, person.site) if row["serial"] == serial]
        await close_ledger(tx, appender)
    return _certificate(row, parts.world.now())


def _must_stand_there(secret: str | None, person: Person) -> None:
    if secret is None:
        raise SecondPersonError("a token is nobody who stands before the device")
    if claims.CONFIRMERS.isdisjoint(person.roles):
        raise ForbiddenError(f"confirming needs one of {', '.join(sorted(claims.CONFIRMERS))}")


@router.post("/claims/{id:path}/refuse", operation_id="refuse_claim", status_code=204)
async def post_refuse(id: AnId, caller: CallerIn, parts: PartsIn) -> None:
    """Nobody joins by this claim."""
    _must_stand_there(caller.secret, caller.person)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, caller.person.site)
        await claims.refuse(tx, appender, parts.world, claim_id=id, person=caller.person)
        await close_ledger(tx, appender)


@router.post(
    "/enrolments",
    operation_id="enrol",
    responses={202: {"model": Joined, "description": "Waiting for somebody to confirm"}, 429: {"description": "Wait"}},
)
async def post_enrolment(body: Asking, request: Request, response: Response, parts: PartsIn) -> Joined:
    """A device asks to join, again and again until somebody confirmed it; what it sends is signed by its own keys."""
    joining = issuing.joining_of(parts)
    throttles: tuple[Throttle, Throttle] = request.app.state.claim_throttles
    address = request.client.host if request.client else ""
    tries = list(zip(throttles, (("claim", address), ("claim", "")), strict=True))
    for throttle, key in tries:
        if (wait := throttle.wait(key)) is not None:
            raise ThrottledError(wait)
    asked = claims.read_enrolment(body.request)
    try:
        async with transaction(parts.pool) as tx:
            claim = await claims.find_claim(tx, asked)
    except WrongClaimError:
        for throttle, key in tries:
            throttle.failed(key)
        raise
    return await _ask(parts, joining, asked, claim, response)


async def _ask(parts: Parts, joining: Joining, asked: claims.Asked, claim: Row, response: Response) -> Joined:
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, claim["site"])
        claim = await claims.find_claim(tx, asked)  # as it is under the lock
        contested, given = claims.is_contested(claim, asked), None
        if contested:
            await claims.contest(tx, appender, parts.world, asked, claim)
        else:
            given = await claims.ask(tx, appender, parts.world, joining, asked, claim)
        await close_ledger(tx, appender)
    if contested:
        raise ConflictError("claim_taken", "another device came with this code before")
    told = {"agent": claim["agent"], "fingerprint": asked.fingerprint}
    if given is None:
        response.status_code = 202
        return Joined(state="waiting", **told)
    identity = Identity(
        agent=claim["agent"], serial=given["serial"], certificate=given["pem"], authority=joining.authority.pem,
        cloud_keys=[parts.cloud_key.public.text], label_keys=[parts.label_key.public.text],
        broker_host=joining.broker_host, broker_port=joining.broker_port,
    )  # fmt: skip
    return Joined(state="joined", identity=to_body(identity), **told)


@router.post("/renewals", operation_id="renew_certificate")
async def post_renewal(body: Renewing, parts: PartsIn) -> Renewed:
    """An agent asks for its next certificate, by both keys of its present identity."""
    joining = issuing.joining_of(parts)
    async with transaction(parts.pool) as tx:
        said = await issuing.renewing(tx, body.request)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, site_of(said.agent))
        said = await issuing.renewing(tx, body.request)  # nobody shut it out meanwhile
        serial, pem = await issuing.renew(tx, appender, parts.world, joining, said)
        await close_ledger(tx, appender)
    return Renewed(serial=serial, certificate=pem)


@router.get("/certificates", operation_id="list_certificates")
async def get_certificates(site: ReadSite, parts: PartsIn) -> CertificateRows:
    """The agents' newest certificates, and how long each is good."""
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        return CertificateRows(rows=[_certificate(row, now) for row in await issuing.living_certificates(tx, site)])


def _certificate(row: Row, now: datetime) -> CertificateRow:
    left, life = row["not_after"] - now, row["not_after"] - row["not_before"]
    return CertificateRow.model_validate({**row, "days_left": max(left.days, 0), "overdue": left <= life / 6})


@router.post("/agents/{agent}/revoke", operation_id="revoke_agent")
async def post_revoke(agent: AnAgent, body: Revoking, person: Admin, parts: PartsIn) -> Revoked:
    """Shuts an agent of my site out, for ever: its keys and certificates end now, the broker hears within seconds."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        index, serials = await issuing.revoke_agent(
            tx, appender, parts.world, agent=agent, reason=body.reason, note=body.note, actor=person.id
        )
        await close_ledger(tx, appender)
    return Revoked(agent=agent, certificates=serials, index=index)


@router.post("/agents/{agent}/configurations", operation_id="set_configuration", status_code=201)
async def post_configuration(agent: AnAgent, body: NewConfiguration, person: Admin, parts: PartsIn) -> Configuration:
    """Wants a configuration of an agent of my site. It looks at it wholly first, and goes back where it fails."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        made = await desired.set_configuration(
            tx, appender, parts.world, parts.cloud_key, agent=agent, new=body, actor=person.id
        )
        await close_ledger(tx, appender)
    return made


@router.get("/agents/{agent}/configurations", operation_id="list_configurations")
async def get_configurations(agent: AnAgent, site: ReadSite, parts: PartsIn) -> ConfigurationRows:
    """What was wanted of an agent, newest first, and what it said became of it."""
    async with transaction(parts.pool) as tx:
        return ConfigurationRows(rows=await desired.configurations(tx, site, agent))
