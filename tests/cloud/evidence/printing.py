"""A desk with a label printer, as the cloud hears of it: things to be printed, and an agent that tells how it went."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.telling import Teller
from tests.cloud.api import Office
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.receiving import Receiving

DESK = "nj01.desk-a"
PRINTER = "labels"
SIZE = {"width_mm": 40, "height_mm": 30}


@dataclass
class Printing:
    """The warehouse's item and package have labels; `teller` is the agent of the desk."""

    office: Office
    receiving: Receiving
    store: Warehouse
    teller: Teller = field(default_factory=lambda: Teller(DESK))
    sent: int = 0

    async def send(self, *things: str, **change: Any) -> list[str]:
        """Labels are sent to the printer; the orders."""
        asked = {"things": list(things), "agent": DESK, "printer": PRINTER, **SIZE, **change}
        orders: list[str] = made(await self.store.keeper.post("labels/print", json=asked))["orders"]
        return orders

    async def tell(self, kind: str, body: dict[str, Any], at: datetime | None = None) -> int:
        """The agent says something, and it arrives; its seq."""
        seq = self.teller.say(kind, body, device=PRINTER, at=at or self.office.parts.world.now())
        await self.receiving.take(self.teller, self.teller.batch(self.sent + 1, seq))
        self.sent = seq
        return seq

    async def printed(
        self, order: str, *outcomes: tuple[str, str], problem: str | None = None, issue: int = 1
    ) -> None:  # fmt: skip
        """The order ended so: thing and outcome of each label."""
        labels = [{"label": thing, "issue": issue, "outcome": outcome} for thing, outcome in outcomes]
        await self.tell(
            "labels_printed", {"order": order, "printer": PRINTER, "labels": labels, "problem": problem}
        )  # fmt: skip

    async def state(self, state: str, trouble: str = "idle", roll: int | None = 500) -> None:
        """The printer says how it is."""
        await self.tell(
            "printer_changed",
            {"printer": PRINTER, "state": state, "before": None, "trouble": "none" if state == "ready" else trouble,
             "order": None, "problem": None, "roll": roll},
        )  # fmt: skip

    async def jobs(self, **asked: Any) -> list[dict[str, Any]]:
        """Print jobs as the page asks for them, newest first."""
        rows: list[dict[str, Any]] = (await self.store.keeper.get("labels/jobs", params=asked)).json()["rows"]
        return rows

    async def printer(self) -> dict[str, Any]:
        """The printer as the page shows it."""
        (row,) = (await self.store.keeper.get("printers")).json()["rows"]
        told: dict[str, Any] = row
        return told


async def printing(office: Office) -> Printing:
    """A new one."""
    made_ = Printing(office, Receiving(office.parts.pool, office.parts.world, "nj01"), await warehouse(office))
    await made_.receiving.know(made_.teller)
    return made_
