"""Passes on phones: what a gate reads instead of a printed pass, good for a minute, so that a picture of it is not."""

from datetime import timedelta

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.people.models import Pass, Person
from cloud.world import World
from custody.rule_pack import RulePack
from proof.keys import Signer
from wire.labels import write_pass

LASTS_S = 60
"""Where the rule pack says nothing (section `gate`, `pass_lasts_s`)."""

_sql = load_queries(__file__)


async def make_pass(tx: Tx, world: World, pack: RulePack, key: Signer, person: Person) -> Pass:
    """A pass for `person`, who is living and asks for it themselves; of the issue of their newest printed one."""
    row = await one(tx, _sql.newest_issue, person=person.id) or {"issue": 1}
    lasts = timedelta(seconds=int(pack.section("gate").get("pass_lasts_s", LASTS_S)))
    expires_at = (world.now() + lasts).replace(microsecond=0)
    return Pass(text=write_pass(person.id, row["issue"], expires_at, key), expires_at=expires_at)
