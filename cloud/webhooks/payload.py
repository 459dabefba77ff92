"""What is sent of a ledger entry: the entry as the log has it, what it is about, and its content where that holds no
personal data (the same list as for redacted bundles). Who wants more asks the API, with the rights of who asks.
"""

import json
from datetime import datetime
from typing import Any

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import BrokenRecordsError
from cloud.evidence.redaction import withheld
from custody.permits import time_text

_sql = load_queries(__file__, "payload.sql")


async def body_of(tx: Tx, site: str, index: int, kind: str) -> bytes:
    """The body of the event `kind` for the entry `index`: the same bytes whenever it is asked for.

    Raises BrokenRecordsError where the log has no such entry.
    """
    row = await one(tx, _sql.entry, site=site, index=index)
    if row is None:
        raise BrokenRecordsError(f"the log of {site} has no entry {index}")
    content = None if row["content"] is None else json.loads(row["content"])
    if content is not None and withheld(row["kind"], content):
        content = None
    data: dict[str, Any] = {
        "site": site, "origin": row["origin"], "index": index, "kind": row["kind"], "entry": row["entry"],
        "things": row["things"], "content": content,
    }  # fmt: skip
    if row["agent"] is not None:
        data |= {"agent": row["agent"], "seq": row["seq"]}
    if row["cause"] is not None:
        alarm = {"name": f"{site}/A-{row['alarm']}", "cause": row["cause"], "place": row["place"]}
        data["alarm"] = {**alarm, "severity": row["severity"]}
    return _body(kind, row["at"], data)


def trial_body(site: str, webhook: str, at: datetime) -> bytes:
    """The body of an event that tells nothing."""
    return _body("webhook.test", at, {"site": site, "webhook": webhook})


def _body(kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    whole = {"type": kind, "timestamp": time_text(at), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
