"""Configurations wanted of agents: signed, numbered, kept; the agent says what became of each."""

import json
from typing import Any

import yaml
from psycopg.types.json import Jsonb

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.joining.models import Configuration, NewConfiguration
from cloud.ledger.service import Appender, add_record, next_index
from cloud.world import World
from custody.permits import time_text
from proof import jws
from proof.keys import Signer
from wire.joining import DESIRED_TYPE, Wanted, content_hash
from wire.messages import to_body

_sql = load_queries(__file__)


async def set_configuration(
    tx: Tx, appender: Appender, world: World, key: Signer, *, agent: str, new: NewConfiguration, actor: str
) -> Configuration:
    """A new version for `agent` of the appender's site; it is on its way once the transaction is committed.

    Raises NotFoundError, ConflictError `agent_revoked`, InvalidError for what is no site file of that agent.
    """
    known = await one(tx, _sql.agent, agent=agent)
    if known is None or known["site"] != appender.site:
        raise NotFoundError("agent", agent)
    if known["revoked_at"] is not None:
        raise ConflictError("agent_revoked", f"{agent} was shut out")
    _must_be_of(agent, appender.site, new.site_file)
    version = (await one(tx, _sql.newest_version, agent=agent) or {})["version"] + 1
    at, settings = world.now(), {str(name): value for name, value in new.settings.items()}
    wanted = Wanted(agent=agent, version=version, at=time_text(at), site_file=new.site_file, settings=settings,
                    hash=content_hash(new.site_file, settings))  # fmt: skip
    payload = to_body(wanted)
    row = {"site": appender.site, "agent": agent, "version": version, "hash": wanted.hash, "reason": new.reason,
           "made_by": actor, "made_at": at}  # fmt: skip
    signed = jws.sign(payload, key, DESIRED_TYPE)
    await tx.execute(_sql.add_desired, {**row, "payload": Jsonb(payload), "jws": signed, "index": next_index(appender)})
    content = {"configuration": payload, "reason": new.reason}
    await add_record(
        tx, appender, kind="configuration_set", at=at, actor=actor, content=content, salt=world.salt()
    )  # fmt: skip
    await tx.execute(b"SELECT pg_notify('orders', %(agent)s)", {"agent": agent})
    return _shown({**row, "payload": payload, "outcome": None})


def _must_be_of(agent: str, site: str, text: str) -> None:
    """The agent looks at it wholly; here only at what the cloud can know, which is nothing of drivers."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidError("site_file_faults", f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or (content.get("site"), content.get("agent")) != (site, agent):
        raise InvalidError("site_file_faults", f"not a site file of {agent}: its site and agent are named in it")


async def configurations(tx: Tx, site: str, agent: str) -> list[Configuration]:
    """The newest configurations of `agent`."""
    return [_shown(row) for row in await rows(tx, _sql.configurations, agent=agent, site=site)]


async def newest_desired(tx: Tx, agent: str | None = None) -> list[Row]:
    """Rows of agent, version and jws: the newest of each living agent, or of that one."""
    return await rows(tx, _sql.newest_desired, agent=agent)


async def note_outcome(tx: Tx, agent: str, version: int, digest: str, outcome: str, index: int) -> None:
    """What the fact of entry `index` says became of a configuration."""
    values: dict[str, Any] = {"agent": agent, "version": version, "hash": digest, "outcome": outcome, "index": index}
    await tx.execute(_sql.set_outcome, values)


def _shown(row: Row) -> Configuration:
    payload = row["payload"]
    shown = {"site_file": payload["site_file"], "settings": payload["settings"], "faults": _faults(row.get("told"))}
    return Configuration.model_validate({**row, **shown})


def _faults(told: str | None) -> list[str]:
    """Why it is not at work, by the agent's own fact; nothing where that was erased."""
    body = json.loads(told)["body"] if told else {}
    problem = body.get("problem")
    return [str(fault) for fault in body.get("faults", [problem] if problem else [])]
