"""Rule packs over HTTP: what is in force at my site, what was, the text of each, and bringing up a new one.

A pack is brought up here and checked; it comes into force by the act `adopt_rules`, which two people sign.
"""

from datetime import datetime
from typing import Annotated, Any

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from cloud.db.pool import Tx, transaction
from cloud.errors import InvalidError, NotFoundError
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import Parts, PartsIn
from cloud.people.access import Reader, ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import adoptions, keep_pack, pack_in_force, pack_named
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack, start_faults
from custody.rule_pack import RulePack

router = APIRouter(tags=["rules"], route_class=IdempotentRoute)


class NewPack(BaseModel):
    """A pack as its file is written (YAML)."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=500_000)


class Pack(BaseModel):
    """A rule pack; `content` is all that it says."""

    hash: str
    name: str
    version: str
    effective_from: datetime | None
    content: dict[str, Any]


class Adoption(BaseModel):
    """A pack that two people put in force, by the ledger entry `index`."""

    index: int
    hash: str
    name: str
    version: str
    effective_from: datetime


class Rules(BaseModel):
    """What is in force at my site now, and what two people put in force before, oldest first."""

    in_force: Pack
    adopted: list[Adoption]


def _shown(pack: RulePack) -> Pack:
    told = {name: getattr(pack, name) for name in ("hash", "name", "version", "effective_from")}
    return Pack(**told, content=dict(pack.content))


@router.get("/rules", operation_id="get_rules")
async def get_rules(site: ReadSite, parts: PartsIn) -> Rules:
    """The rules of my site."""
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, site, parts.world.now(), parts.pack)
        return Rules(in_force=_shown(pack), adopted=[Adoption(**row) for row in await adoptions(tx, site)])


@router.get("/rules/{pack_hash}", operation_id="get_rule_pack")
async def get_pack(pack_hash: str, person: Reader, parts: PartsIn) -> Pack:
    """A pack by its hash, whether it is in force or not."""
    async with transaction(parts.pool) as tx:
        return _shown(await _named(tx, parts, pack_hash))


@router.post("/rules", operation_id="bring_up_rules", status_code=201)
async def post_pack(body: NewPack, person: Annotated[Person, may(Right.PROPOSE_RULES)], parts: PartsIn) -> Pack:
    """Brings up a pack and checks it; every fault is told at once. It is not in force by that."""
    pack = read_pack(body.text, parts.world.now())
    async with transaction(parts.pool) as tx:
        await keep_pack(tx, pack, parts.world.now())
    return _shown(pack)


def read_pack(text: str, now: datetime) -> RulePack:
    """The pack that `text` is. Raises InvalidError `rule_pack_faults`, naming all of them."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidError("rule_pack_faults", f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise InvalidError("rule_pack_faults", "not a mapping")
    try:
        pack = parse_rule_pack(content)
    except RulePackError as error:
        raise InvalidError("rule_pack_faults", str(error)) from error
    if faults := start_faults(pack, now):
        raise InvalidError("rule_pack_faults", "; ".join(map(str, faults)))
    return pack


async def _named(tx: Tx, parts: Parts, name: str) -> RulePack:
    pack = parts.pack if name == parts.pack.hash else await pack_named(tx, name)
    if pack is None:
        raise NotFoundError("rule pack", name)
    return pack
