"""Alarms that come and go."""

from dataclasses import dataclass
from typing import Any

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from tests.cloud.api import Office


@dataclass
class Trouble:
    """Raises and ends alarms as workers do."""

    office: Office

    async def up(self, cause: str, place: str, severity: Any = "major") -> int:
        """It is raised; returns the entry."""
        parts = self.office.parts
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            await raise_alarm(
                tx, appender, parts.world, cause=cause, place=place, severity=severity, detail={},
                at=parts.world.now(),
            )  # fmt: skip
            await close_ledger(tx, appender)
        query = "SELECT index FROM alarm WHERE cause = %s AND place = %s AND cleared_at IS NULL"
        (row,) = await self.office.rows(query, cause, place)
        return int(row["index"])

    async def over(self, cause: str, place: str) -> None:
        """It ends."""
        parts = self.office.parts
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            await clear_alarm(tx, appender, parts.world, cause=cause, place=place, at=parts.world.now())
            await close_ledger(tx, appender)
