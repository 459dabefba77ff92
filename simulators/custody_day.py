"""The life of packages in the warehouse, a few of each kind: what came by a file is sealed, handed over, put into slots
at the desk and at the rack, weighed, opened, divided, missed, found and corrected.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from custody.decisions import Reason
from custody.things import Direction
from simulators.acting import Held
from simulators.crew import photo_of_a_seal
from simulators.doorwork import Doorwork
from simulators.errors import WrongResultError
from simulators.floor import PLACES, RACK, SLOW_S, Floor
from simulators.gatework import in_time
from simulators.stage import RackSet
from simulators.warehouse import AGENT

PACKAGES = 8
HEADERS = "外部编号,案件编号,案件名称,物品名称,数量,单位,价值(元)"
ALARM_G = 900
"""So much heavier than when it was sealed: far more than the rules let pass."""


class CustodyDay:
    """From the file of the field app to the correction. Of its packages, in their order: one goes into the rack, one
    into it by the records only, one is opened and sealed anew, one is divided, and the others are `to_dispose`.
    """

    def __init__(self, floor: Floor) -> None:
        self._floor, self._people, self._crew = floor, floor.people, floor.crew
        self._case = f"{floor.number}-F"
        self._items: list[str] = []
        self._ids: list[str] = []
        self._boxes: list[Held] = []
        self.case = ""
        self.opened = datetime.now(UTC)

    async def run(self) -> None:
        """All of it, in its order."""
        await self.bring_in()
        await self.seal()
        await self.hand_over()
        await self.arrive()
        await self.rack()
        await self.without_goods()
        await self.place_others()
        await self.open_and_seal_anew()
        await self.divide()
        await self.miss_and_find()
        await self.correct()
        await self.hold()

    @property
    def racked(self) -> str:
        """The package that was put into the rack before the eyes of its sensors."""
        return self._ids[0]

    @property
    def phantom(self) -> str:
        """The package that the records have in the rack, while it stands on the floor."""
        return self._ids[1]

    @property
    def to_dispose(self) -> Sequence[Held]:
        """The packages that nothing else happens to, with their labels."""
        return self._boxes[4:]

    async def bring_in(self) -> None:
        """The field app registered items without a network and sends its file twice: they are there once."""
        rows = [f"{self._case}-{n},{self._case},田野登记案件,卷烟 软盒 {n},6,条,{n + 1}00.50" for n in range(PACKAGES)]
        file = "\r\n".join([HEADERS, *rows]).encode("gbk")
        inspector, key = self._people.inspector, f"field-{self._case}"
        first = await inspector.import_file("field-app", file, key)
        again = await inspector.import_file("field-app", file, key)
        anew = await inspector.import_file("field-app", file, f"{key}-2")
        if (first["charset"], first["made"], anew["made"], anew["unchanged"]) != ("gbk", PACKAGES, 0, PACKAGES):
            raise WrongResultError(f"The file was not taken in once and only once: {first}, then {anew}.")
        if again["items"] != first["items"]:
            raise WrongResultError("The same file under the same key was answered otherwise.")
        self._items = [row["thing"] for row in first["items"]]
        self.case = (await inspector.get(f"/items/{self._items[0]}"))["case_id"]
        self._floor.teller.step("imported", items=PACKAGES)

    async def seal(self) -> None:
        """Each item into a package of its own, by two people, photographed and weighed."""
        people, photo = self._people, await self._people.keeper.photograph(photo_of_a_seal(self._case))
        for n, item in enumerate(self._items):
            sealed = await self._crew.do(
                "seal", [item], people.keeper, people.second_keeper,
                seal_number=f"{self._case}-{n}", photos=[photo], weight_g=3000 + n,
            )  # fmt: skip
            self._ids += sealed["made"]
        self._boxes = [await self._floor.label(people.keeper, thing) for thing in self._ids]
        self._floor.teller.step("sealed", packages=len(self._ids))

    async def hand_over(self) -> None:
        """Between the two signatures the packages are in nobody's hands, and everybody sees that."""
        people = self._people
        answer = await people.inspector.post("/acts", action="handover", things=self._ids, details={"differences": []})
        waiting = await people.keeper.get("/acts", mine=True)
        held = (await people.auditor.get(f"/packages/{self._ids[0]}"))["custody"]["act"]
        if answer["status"] != "waiting" or held != answer["act"] or held not in [one["id"] for one in waiting["rows"]]:
            raise WrongResultError(f"The handover that waits for the keeper is not to be seen: {answer}.")
        self._floor.teller.step("limbo", packages=len(self._ids))
        signed = await self._crew.sign(people.keeper, answer["act"])
        if signed is None or signed["status"] != "done":
            raise WrongResultError(f"The keeper signed, and the handover is not done: {signed}.")
        self._crew.done["handover"] += 1
        self._floor.teller.step("handover", packages=len(self._ids))

    async def arrive(self) -> None:
        """Through the gate, as many at once as two hands carry."""
        await self._floor.permit(Direction.IN, self._ids)
        for first in range(0, PACKAGES, 3):
            carried = self._boxes[first : first + 3]
            await self._floor.work.allowed("arrive", [*carried, self._floor.passes[0]])
        await self._floor.reach(self._ids, "arrived")

    async def rack(self) -> None:
        """Sent as a task, which opens the door; put there while the cable is out; the sensor agrees, and the records
        follow.
        """
        floor, name, rack = self._floor, PLACES[0], self._floor.warehouse.stage.racks[RACK]
        slot = floor.furniture.rack[name]
        until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        task = await self._people.keeper.post(
            "/tasks", agent=AGENT, station=RACK, action="place", things=[self.racked], slot=slot, not_after=until
        )
        await floor.answered(f"/tasks/{task['id']}")
        lit = await self._people.keeper.post("/lists", tasks=[task["id"]])
        async with in_time(lambda: f"{name} was not lit for the list"):
            await rack.lights[name].reach(lit["colour"])
        label = await floor.label(self._people.keeper, slot)
        await Doorwork(floor).let_in("tailgated", floor.passes[0], "task", followed=True)
        floor.warehouse.cut()
        rack.show([floor.passes[0], self._boxes[0], Held(label.text, name)])
        async with in_time(lambda: f"the light of {name} did not turn green"):
            await rack.lights[name].reach("green")
        await self._misplace(rack, name)
        await rack.put(name)
        async with in_time(lambda: f"the light of {name} did not go out when the slot was filled"):
            await rack.lights[name].reach("off")
        rack.clear()
        floor.warehouse.mend()
        await floor.reach([self.racked], "stored")
        self._crew.done["place"] += 1
        floor.teller.step("racked", slot=name)
        await floor.until(f"the list of {name} is not done", lambda: self._is_done(lit["id"]))
        floor.teller.step("listed", slot=name)

    async def _misplace(self, rack: RackSet, name: str) -> None:
        """First into the slot beside it, which the rack knows at once, also without the network."""
        wrong = PLACES[2]
        await rack.put(wrong)
        async with in_time(lambda: f"{wrong} did not turn red though {name} is expected"):
            await rack.lights[wrong].reach("red")
            await rack.lights[name].reach("amber")
        await rack.take(wrong)
        async with in_time(lambda: f"{wrong} did not go dark when it was empty again"):
            await rack.lights[wrong].reach("off")
        self._floor.teller.step("misplaced", slot=wrong, right=name)

    async def _is_done(self, name: str) -> bool:
        rows = (await self._people.keeper.get("/lists"))["rows"]
        return any((row["id"], row["state"]) == (name, "done") for row in rows)

    async def without_goods(self) -> None:
        """The records say it lies in the rack; its sensor will not have seen that."""
        slot = self._floor.furniture.rack[PLACES[1]]
        await self._crew.do("place", [self.phantom], self._people.keeper, slot=slot)
        self._floor.teller.step("phantom", slot=PLACES[1])

    async def place_others(self) -> None:
        """At the desk, into the slot that is suggested for it or any that fits."""
        await self._place(self._ids[2:])
        self._floor.teller.step("placed", packages=len(self._ids[2:]))

    async def _place(self, things: Sequence[str]) -> None:
        await self._crew.do("place", things, self._people.keeper, slot=self._floor.furniture.floor)

    async def open_and_seal_anew(self) -> None:
        """Weighed (too heavy: an alarm), opened by two who stay until the end, and sealed anew."""
        people, package = self._people, self._ids[2]
        heavy = 3002 + ALARM_G
        await self._crew.do("weigh", [package], people.keeper, weight_g=heavy)
        self._floor.teller.step("drift", grams=ALARM_G)
        await self._open(package, "复称超重，开封查验 / opened because of its weight")
        await self._crew.do(
            "reseal", [package], people.keeper, people.bookkeeper, **await self._seal(f"{self._case}-R", heavy)
        )
        self._floor.teller.step("resealed")

    async def divide(self) -> None:
        """An item in two parts, both into a new package; the old one is empty."""
        people, package, item = self._people, self._ids[3], self._items[3]
        await self._open(package, "取样送检 / a sample is taken")
        parts = [{"name": "卷烟 软盒 3 样品", "quantity": 1}, {"name": "卷烟 软盒 3 余量", "quantity": 5}]
        two = people.keeper, people.bookkeeper
        split = await self._crew.do("split", [item], *two, parts=parts, reason="取样 / a sample")
        packed = await self._crew.do("repack", split["made"], *two, **await self._seal(f"{self._case}-N", 3000))
        await self._crew.do("empty", [package], *two, reason="已全部分装 / all is packed anew")
        await self._place(packed["made"])
        self._floor.teller.step("divided", parts=len(split["made"]))

    async def _open(self, package: str, reason: str) -> None:
        people, photo = self._people, await self._people.keeper.photograph(photo_of_a_seal(f"{self._case} open"))
        await self._crew.do("open", [package], people.keeper, people.bookkeeper, reason=reason, photos=[photo])

    async def _seal(self, number: str, weight_g: int) -> dict[str, Any]:
        photo = await self._people.keeper.photograph(photo_of_a_seal(number))
        return {"seal_number": number, "photos": [photo], "weight_g": weight_g}

    async def miss_and_find(self) -> None:
        """Not where it should be: declared by the keeper, signed by the leader; found, checked, shelved."""
        people, package, crew = self._people, self._ids[2], self._crew
        await crew.do("declare_missing", [package], people.keeper, people.leader, reason="货位上没有 / not in its slot")
        self._floor.teller.step("missing")
        await crew.do("found", [package], people.keeper, people.bookkeeper, reason="在邻位找到 / in the slot beside")
        slot = self._floor.furniture.floor
        await crew.do("shelve", [package], people.keeper, people.bookkeeper, slot=slot, seal_intact=True)
        self._floor.teller.step("found")

    async def correct(self) -> None:
        """A slip of the pen is a new entry that cites the old one; nothing is overwritten."""
        people, item = self._people, self._items[2]
        old = (await people.inspector.get(f"/history/{item}"))["rows"][0]["index"]
        await self._crew.do(
            "correct", [item], people.inspector, people.approver,
            cites=old, changes={"brand": "中华"}, reason="登记笔误 / a slip of the pen",
        )  # fmt: skip
        self._floor.teller.step("corrected", entry=old)

    async def hold(self) -> None:
        """What is held under a legal hold is not disposed of."""
        people, thing = self._people, self._ids[2]
        await people.approver.post("/holds", things=[thing], reason="行政诉讼 / before the court")
        asked = {"method": "destroy", "reason": "过期 / expired", "legal_basis": "《行政处罚法》第七十四条"}
        attempt = people.case_handler.post("/acts", action="approve_disposal", things=[thing], details=asked)
        await self._floor.must_refuse(Reason.LEGAL_HOLD, attempt)
        await people.leader.post("/holds/lift", things=[thing])
        self._floor.teller.step("hold_refuses", result=Reason.LEGAL_HOLD.value)

    async def sensors_agree(self) -> None:
        """The window has passed: the rack's package is corroborated; the other one is an alarm."""

        async def corroborated() -> bool:
            shown = await self._people.operator.get(f"/packages/{self.racked}")
            return shown["custody"]["corroborated"] is True

        async def alarmed() -> bool:
            living = await self._people.operator.get("/alarms", living=True, limit=500)
            found = {(alarm["cause"], alarm["place"]) for alarm in living["rows"]}
            return ("record_without_goods", self.phantom) in found

        await asyncio.gather(
            self._floor.until(f"no sensor agrees that {self.racked} was put into the rack", corroborated, SLOW_S),
            self._floor.until(f"it is no alarm that {self.phantom} was moved on paper only", alarmed, SLOW_S),
        )
        self._floor.teller.step("corroborated")
        self._floor.teller.step("without_goods")
