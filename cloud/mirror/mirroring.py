"""The worker that keeps the mirror: it reads what the cloud knows and publishes what changed. It subscribes to nothing.

It stands in the cloud and not at the edge, because a gate's agent is to speak to one broker only, and what is shown is
then what the records say.
"""

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from cloud.db.pool import Pool, Tx, rows, transaction
from cloud.db.queries import load_queries
from cloud.errors import DatabaseGoneError, first_of
from cloud.fleet.reads import health
from cloud.ledger.service import site_ids
from cloud.mirror.discovery import CLASSES, Language, Mirrored, Topics, config, states
from wire.errors import LinkError
from wire.link import Connect, Link

OPEN = {"open": True, "closed": False}

_log = logging.getLogger(__name__)
_sql = load_queries(__file__)


async def read(tx: Tx, site: str) -> list[Mirrored]:
    """What is shown of the agents of a site."""
    moved = {(row["agent"], row["station"]): row for row in await rows(tx, _sql.moved, site=site)}
    measured: defaultdict[str, dict[tuple[str, str], float]] = defaultdict(dict)
    for row in await rows(tx, _sql.measured, site=site):
        if row["measures"] in CLASSES:
            measured[row["agent"]][row["device"], row["measures"]] = row["value"]
    found = []
    for agent in (await health(tx, site)).rows:
        stations: dict[str, dict[str, bool | None]] = {"gate": {}, "door": {}, "rack": {}}
        for one in agent.stations:
            newest = moved.get((agent.id, one.name))
            later = newest is not None and (agent.beat_at is None or newest["at"] > agent.beat_at)
            position = newest["position"] if newest is not None and later else one.position
            stations[one.kind][one.name] = OPEN.get(str(position))
        found.append(
            Mirrored(
                agent=agent.id, online=agent.online, software=agent.software, waiting=agent.waiting,
                free_bytes=agent.free_bytes, lost=tuple(agent.lost), gates=stations["gate"], doors=stations["door"],
                measured=measured[agent.id],
            )
        )  # fmt: skip
    return found


@dataclass(slots=True)
class Mirroring:
    """The worker. `run` ends only by being cancelled; `ready` is set once everything was published."""

    pool: Pool
    connect: Connect
    topics: Topics = field(default_factory=Topics)
    language: Language = "zh"
    sites: frozenset[str] = frozenset()
    """those that are mirrored; all, where it is empty"""
    every: timedelta = timedelta(seconds=2)
    retry: timedelta = timedelta(seconds=5)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Publishes until it is cancelled; a broker or database that went away is waited for."""
        while True:
            try:
                async with self.connect() as link:
                    await self._keep(link)
            except* (LinkError, DatabaseGoneError) as errors:
                _log.warning("%s; trying again", first_of(errors))
            await asyncio.sleep(self.retry.total_seconds())

    async def _keep(self, link: Link) -> None:
        """One connection: all of it once, then what changes. Everything is retained: a Home Assistant that starts later
        finds it.
        """
        said: dict[str, bytes] = {}
        await link.publish(self.topics.status, b"online", retain=True)
        try:
            while True:
                wanted = await self._wanted()
                for topic, payload in wanted.items():
                    if said.get(topic) != payload:
                        await link.publish(topic, payload, retain=True)
                        said[topic] = payload
                self.ready.set()
                await asyncio.sleep(self.every.total_seconds())
        finally:  # who takes leave has no last will
            with suppress(LinkError):
                await link.publish(self.topics.status, b"offline", retain=True)

    async def _wanted(self) -> dict[str, bytes]:
        """Topic → what is to be there; nothing where an agent was shut out."""
        wanted: dict[str, bytes] = {}
        async with transaction(self.pool) as tx:
            for row in await rows(tx, _sql.revoked):
                wanted[self.topics.config(row["id"])] = wanted[self.topics.state(row["id"])] = b""
            for site in sorted(await site_ids(tx)):
                if not self.sites or site in self.sites:
                    for shown in await read(tx, site):
                        wanted[self.topics.config(shown.agent)] = config(shown, self.topics, self.language)
                        wanted[self.topics.state(shown.agent)] = states(shown)
        return wanted
