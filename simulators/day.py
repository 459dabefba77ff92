"""A warehouse day: people with their own rights act by the API, labels pass the gates, a cable and the power fail.

The order of the day is here, with what happens at the gates; the life of packages is in `custody_day.py`, what ends it
in `disposal_day.py`, and what is done when the gates are quiet in `night.py`.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from custody.decisions import Reason
from custody.things import Direction, Kind
from edge_agent.store import Reads
from proof.keys import SigningKey
from simulators.acting import Held
from simulators.crew import photo_of_a_seal
from simulators.custody_day import CustodyDay
from simulators.disposal_day import DisposalDay
from simulators.doorwork import Doorwork
from simulators.floor import GATE, Floor
from simulators.frames import Conditions, On
from simulators.gatework import in_time
from simulators.night import Night
from simulators.warehouse import AGENT, DOOR
from wire.labels import Label, write_label

PACKAGES = 8
DEAR_FEN = 6_000_000
"""What the first package is worth: above it a leader has to approve too."""
SHOP_CODE = Held("WIFI:T:WPA;S:Shop guest;P:welcome;;", "Shop guest", On.BOX)
DUSK, SHAKY = Conditions(light=0.35), Conditions(motion_px=4, motion_deg=20)
BLURRED, GLARE = Conditions(blur_sigma_px=1.2), Conditions(glare=0.4)


class Day:
    """The play. Raises WrongResultError as soon as something goes otherwise than it must."""

    def __init__(self, floor: Floor, forger: SigningKey) -> None:
        self._floor = floor
        self._warehouse, self._people, self._work = floor.warehouse, floor.people, floor.work
        self._teller, self._crew = floor.teller, floor.crew
        self._forger = forger
        self._door = Doorwork(floor)
        self._boxes: list[Held] = []
        self._ids: list[str] = []

    async def run(self) -> None:
        """From the first case to the last review."""
        await self.intake()
        await self.first_passages()
        await self.refusals()
        await self.release()
        custody = CustodyDay(self._floor)
        await custody.run()
        await DisposalDay(self._floor).run(custody.to_dispose)
        await Night(self._floor).run(custody)
        await self.cable()

    @property
    def returned(self) -> str:
        """The package that went out and came back."""
        return self._ids[0]

    async def intake(self) -> None:
        """A case, its items, sealed packages with labels, and passes for the keepers."""
        people, number = self._people, self._floor.number
        await asyncio.gather(*(one.take_passkey() for one in (people.approver, people.leader, people.supervisor)))
        seal = await people.keeper.photograph(photo_of_a_seal(number))
        case = await people.inspector.post("/cases", number=number, title="无证运输卷烟 / cigarettes without a licence")
        self._ids, items = [], 0
        for place in range(PACKAGES):
            made = [
                await people.inspector.post(
                    "/items",
                    case_id=case["id"],
                    name=f"卷烟 硬盒 {place + 1}",
                    quantity=5 + part,
                    unit="条",
                    value_fen=0 if place else DEAR_FEN,
                )
                for part in range(1 + place % 2)
            ]
            items += len(made)
            sealed = await self._crew.do(
                "seal", [one["id"] for one in made], people.keeper, people.second_keeper,
                seal_number=f"{number}-{place}", photos=[seal], weight_g=5000 + place,
            )  # fmt: skip
            self._ids += sealed["made"]
        self._teller.step("case", number=number, items=items)
        self._boxes = [await self._floor.label(people.keeper, thing) for thing in self._ids]
        self._teller.step("sealed", packages=PACKAGES)
        await self._crew.do("handover", self._ids, people.inspector, people.keeper, differences=[])
        self._teller.step("handover", packages=PACKAGES)
        self._floor.passes = [
            await self._floor.label(people.keeper, person.id, On.CARD)
            for person in (people.keeper, people.second_keeper)
        ]
        self._teller.step("passes")

    async def first_passages(self) -> None:
        """Into the store, in vain; into the warehouse: nobody there, then one, then two boxes in one picture."""
        await self._door.refused("door_refused", self._floor.passes[1])
        await self._floor.permit(Direction.IN, self._ids[:3])
        await self._work.refused("too_few", Reason.TOO_FEW_PEOPLE, [self._boxes[0]], leave=False)
        await self._work.allowed("pass_shown", [self._boxes[0], self._floor.passes[0]], approach=False)
        await self._work.allowed(
            "two_at_once", [self._boxes[1], self._boxes[2], self._floor.passes[0]], conditions=DUSK
        )

    async def refusals(self) -> None:
        """One of each kind that a label or a permit can be refused for."""
        work, keeper = self._work, self._floor.passes[0]
        box = self._boxes[3]
        now = datetime.now(UTC)
        expired_at = now + timedelta(seconds=8)
        await asyncio.gather(
            self._floor.permit(Direction.IN, [self._ids[4]], stations=["gate-b"]),
            self._floor.permit(Direction.IN, [self._ids[5]], not_before=now + timedelta(days=1)),
            self._floor.permit(Direction.IN, [self._ids[6]], not_after=expired_at),
        )
        await work.refused("forged", Reason.FORGED_LABEL, [self._forged(box)])
        await work.refused("unknown", Reason.UNKNOWN_LABEL, [SHOP_CODE], conditions=SHAKY)
        await work.refused("other_site", Reason.OTHER_SITE, [await self._of_another_site()], conditions=GLARE)
        await work.refused("no_permit", Reason.NO_PERMIT, [box, keeper])
        await work.refused("copied", Reason.COPIED_LABEL, [box, box])
        await self._floor.permit(Direction.IN, [self._ids[3]], stations=[GATE, DOOR])
        await work.refused("wrong_direction", Reason.WRONG_DIRECTION, [box, keeper], direction=Direction.OUT)
        await work.refused("wrong_gate", Reason.WRONG_GATE, [self._boxes[4], keeper])
        await work.refused("not_yet", Reason.NOT_YET_VALID, [self._boxes[5], keeper], conditions=DUSK)
        await asyncio.sleep(max(0.0, (expired_at - datetime.now(UTC)).total_seconds() + 1))
        await work.refused("expired", Reason.EXPIRED, [self._boxes[6], keeper], conditions=BLURRED)

    async def release(self) -> None:
        """Out of the warehouse and back: approval, two people, a hold, a permit used twice."""
        people, work = self._people, self._work
        await self._floor.reach(self._ids[:3], "arrived")
        await self._door.let_in("door_permit", self._floor.passes[0], "permit")
        await self._crew.do("place", self._ids[:3], people.keeper, slot=self._floor.furniture.floor)
        self._teller.step("placed", packages=3)
        await self._door.leave_open("door_left_open")
        await self._floor.must_refuse(Reason.WRONG_STATE, self._floor.permit(Direction.OUT, [self._ids[1]]))
        self._teller.step("api_refusal", result=Reason.WRONG_STATE.value)
        due = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        await self._crew.do(
            "approve_release", self._ids[:2], people.case_handler, people.approver, people.leader,
            purpose="court", due_at=due, reason="庭审出示 / shown in court",
        )  # fmt: skip
        lent = await people.keeper.get(f"/packages/{self._ids[0]}")
        self._teller.step("lent", due=lent["custody"]["due_at"][:10])
        await asyncio.gather(*(self._floor.permit(Direction.OUT, [thing]) for thing in self._ids[:2]))
        leaving = [self._boxes[0], *self._floor.passes]
        await work.allowed("out", leaving, direction=Direction.OUT, conditions=SHAKY)
        await people.approver.post("/holds", things=[self._ids[1]], reason="行政复议 / under administrative review")
        await self._held(self._ids[1])
        self._teller.step("hold")
        held = [self._boxes[1], *self._floor.passes]
        await work.refused("legal_hold", Reason.LEGAL_HOLD, held, direction=Direction.OUT)
        await work.refused("spent", Reason.ALREADY_SPENT, leaving, direction=Direction.OUT)
        await self._floor.permit(Direction.IN, [self._ids[0]])
        await work.allowed("return", [self._boxes[0], self._floor.passes[0]])
        await self._floor.reach(self._ids[:1], "returned")
        await self._crew.do(
            "shelve", self._ids[:1], people.keeper, people.bookkeeper, slot=self._floor.furniture.floor,
            seal_intact=True,
        )  # fmt: skip
        self._teller.step("shelved")

    async def cable(self) -> None:
        """Without the cloud, then without power, then together again."""
        warehouse, work, keeper = self._warehouse, self._work, self._floor.passes[0]
        await self._floor.permit(Direction.IN, [self._ids[7]])
        warehouse.cut()
        work.online = False
        self._teller.step("cut")
        await work.allowed("offline_in", [self._boxes[7], keeper], conditions=DUSK)
        await work.refused("offline_spent", Reason.ALREADY_SPENT, [self._boxes[2], keeper])
        await warehouse.edge.kill()
        await warehouse.stage.clock_error_ms.set(None)  # after a power cut, with no network, nobody vouches for it
        await warehouse.edge.start()
        await warehouse.edge.ready()
        self._teller.step("power")
        await work.refused("clock", Reason.CLOCK_NOT_TRUSTWORTHY, [self._boxes[3], keeper])
        warehouse.mend()
        for decided in work.offline:
            async with in_time(lambda seq=decided.seq: f"fact {seq} of the time offline did not arrive"):  # type: ignore[misc]  # a lambda with a default
                await work.screen.passage(AGENT, decided.seq)
        self._teller.step("mend", facts=len(work.offline))
        work.online = True
        await warehouse.stage.clock_error_ms.set(12)
        await work.allowed("clock_good", [self._boxes[3], keeper])

    def _forged(self, box: Held) -> Held:
        return Held(write_label(Label(Kind.PACKAGE, box.caption, 1), self._forger), box.caption)

    async def _of_another_site(self) -> Held:
        stranger = self._people.stranger
        case = await stranger.post("/cases", number=f"SZ {datetime.now(UTC):%Y%m%d%H%M%S%f}", title="另一仓库的案件")
        item = await stranger.post("/items", case_id=case["id"], name="卷烟", quantity=1, unit="条")
        return await self._floor.label(stranger, item["id"])

    async def _held(self, thing: str) -> None:
        """Waits until the agent knows of the hold."""

        async def known() -> bool:
            reads = Reads(self._warehouse.journal)
            try:
                return any(row[0] == thing and row[1] for row in reads.rows("holds"))
            finally:
                reads.close()

        await self._floor.until(f"the hold on {thing} is not known to {AGENT}", known)
