"""Who is there: births and last wills as the broker passes them on."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import Tx, one, storable
from cloud.db.queries import load_queries
from wire.messages import Birth, to_body

_sql = load_queries(__file__)


async def note_presence(tx: Tx, agent: str, birth: Birth, seen_at: datetime | None) -> bool | None:
    """Keeps what `agent` (or the broker for it) says; None for `seen_at` when it was said an unknown time ago.

    Returns whether it came (True) or went (False); None where nothing changed or no such agent is known.
    """
    before = await one(tx, _sql.lock_presence, agent=agent)
    if before is None:
        return None
    said = Jsonb(_storable(to_body(birth))) if birth.online else None
    await tx.execute(_sql.set_presence, {"agent": agent, "online": birth.online, "seen_at": seen_at, "birth": said})
    return birth.online if birth.online != before["online"] else None


def _storable(said: dict[str, Any]) -> dict[str, Any]:
    return {name: storable(value) if isinstance(value, str) else value for name, value in said.items()}
