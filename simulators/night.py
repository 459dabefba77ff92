"""When the gates are quiet: a stock-take by lot, what sensors say of the day, glass that is broken, and new rules."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.console import Colleague
from simulators.custody_day import CustodyDay
from simulators.doorwork import Doorwork
from simulators.errors import WrongResultError
from simulators.floor import CORRIDOR, PLACES, RACK, SLOW_S, Floor
from simulators.gatework import in_time
from simulators.rules import next_rules
from simulators.ticket_day import TicketDay

SAMPLE = 5
RESCUED = "gate-b"
ESCAPE_S = 3.0
"""How long people need to get out; the camera takes a picture every second."""
SOON = timedelta(seconds=15)
"""From when on new rules are in force: two people have to sign before, and nothing is back-dated."""


class Night:
    """What is done in the evening, in its order."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._people, self._crew = floor, floor.people, floor.crew

    async def run(self, custody: CustodyDay) -> None:
        """Sensors first: a package that stands elsewhere than in the records is then found by counting."""
        rules, old = await self.adopt_rules()
        await custody.sensors_agree()
        await self.stock_take(custody.phantom)
        await Doorwork(self._floor).forced("door_forced")
        await TicketDay(self._floor).run("door_forced")
        await self.presence()
        await self.break_glass()
        await self.repin(custody.case, rules, old)
        await self.without_record()

    async def adopt_rules(self) -> tuple[str, str]:
        """Brought up by one, adopted by two with their passkeys, in force a little later; returns new and old hash."""
        people = self._people
        old = (await people.leader.get("/rules"))["in_force"]
        version, start = f"2-{self._floor.number}", datetime.now(UTC) + SOON
        text = next_rules(old["content"], version, start)
        brought = await people.leader.post("/rules", text=text)
        await self._crew.do("adopt_rules", [], people.leader, people.supervisor, pack=brought["hash"])
        self._floor.teller.step("rules", version=version)
        return str(brought["hash"]), str(old["hash"])

    async def repin(self, case: str, rules: str, old: str) -> None:
        """A new case is under the new rules, the old one under the old until two people decide otherwise."""
        people = self._people

        async def in_force() -> bool:
            return bool((await people.leader.get("/rules"))["in_force"]["hash"] == rules)

        await self._floor.until("the new rules are not in force", in_force, SLOW_S)
        number = f"{self._floor.number}-Z"
        new = await people.inspector.post("/cases", number=number, title="新规则下立案 / opened under the new rules")
        pinned = (await people.case_handler.get(f"/cases/{case}"))["rule_pack"]
        if (new["rule_pack"], pinned) != (rules, old):
            raise WrongResultError(f"The new case is under {new['rule_pack']}, the old one under {pinned}.")
        self._floor.teller.step("pinned")
        await self._crew.do(
            "repin_case", [], people.case_handler, people.leader,
            case=case, pack=rules, reason="适用有利于当事人 / better for the party",
        )  # fmt: skip
        if (await people.case_handler.get(f"/cases/{case}"))["rule_pack"] != rules:
            raise WrongResultError("Two people gave the old case the new rules, and it is under the old ones.")
        self._floor.teller.step("repinned")

    async def stock_take(self, phantom: str) -> None:
        """Drawn by the log, counted blind by two; what stands elsewhere than the book has it is a difference."""
        people, zone = self._people, self._floor.furniture.zone
        take = await people.leader.post(
            "/stock-takes", kind="random", zone=zone, count=SAMPLE, keeper=people.keeper.id,
            bookkeeper=people.bookkeeper.id,
        )  # fmt: skip
        name = str(take["id"])
        await self._floor.until(f"the log does not draw the sample of {name}", lambda: self._is(name, "counting"))
        drawn = await people.leader.get(f"/stock-takes/{name}")
        self._floor.teller.step("drawn", things=SAMPLE, size=drawn["checkpoint_size"])
        places = [row["slot"] for row in (await people.keeper.get(f"/stock-takes/{name}/places"))["rows"]]
        there = await self._lying(people.keeper)
        there[self._floor.furniture.rack[PLACES[1]]] = []
        there[self._floor.furniture.floor].append(phantom)  # here it stands, whatever the book says
        seen = {slot: there[slot] for slot in {*places, self._floor.furniture.floor}}
        await self._count(name, seen)
        differences = (await people.approver.get(f"/stock-takes/{name}/differences"))["rows"]
        if [(one["thing"], one["kind"]) for one in differences] != [(phantom, "wrong_slot")]:
            raise WrongResultError(f"Counting should find that {phantom} stands elsewhere, and found {differences}.")
        await self._floor.warehouse.stage.racks[RACK].put(PLACES[1])  # now it is put where it belongs
        await people.approver.post(
            "/stock-takes/differences/answer", stock_take=name, thing=phantom, answer="found",
            reference=self._floor.furniture.rack[PLACES[1]], reason="放错货位，已归位 / it stood beside it",
        )  # fmt: skip
        await people.leader.post("/stock-takes/close", stock_take=name)
        self._floor.teller.step("counted", differences=len(differences))

    async def _count(self, name: str, seen: Mapping[str, Sequence[str]]) -> None:
        """Keeper and bookkeeper count what they see, without a word to each other."""
        people, at = self._people, datetime.now(UTC).isoformat()
        for who in (people.keeper, people.bookkeeper):
            scans = [
                {"key": f"{who.username}-{number:04}", "thing": thing, "slot": slot, "at": at}
                for number, (slot, thing) in enumerate((slot, thing) for slot in seen for thing in seen[slot])
            ]
            if scans:
                answer = await who.post("/stock-takes/counts", stock_take=name, scans=scans)
                odd = [row for row in answer["rows"] if row["fate"] != "counted"]
                if odd:
                    raise WrongResultError(f"Scans of {who.username} were not counted: {odd}.")
            await who.post("/stock-takes/counts/close", stock_take=name, scans=len(scans))
        self._crew.done["stock_take"] += 1

    async def _lying(self, colleague: Colleague) -> dict[str, list[str]]:
        """What the records have in each slot of today's zone."""
        rows = (await colleague.get("/slots", zone=self._floor.furniture.zone))["rows"]
        return {row["id"]: [thing["id"] for thing in row["things"]] for row in rows}

    async def _is(self, stock_take: str, state: str) -> bool:
        return bool((await self._people.leader.get(f"/stock-takes/{stock_take}"))["state"] == state)

    async def presence(self) -> None:
        """Somebody in the corridor where nobody is to be: an alarm, with film that begins before it."""
        corridor, people = self._floor.warehouse.stage.racks[CORRIDOR], self._people
        corridor.show([self._floor.passes[0]])
        found: dict[str, Any] = {}

        async def alarmed() -> bool:
            rows = (await people.operator.get("/alarms", living=True, limit=500))["rows"]
            found.update(next((row["detail"] for row in rows if row["cause"] == "presence_without_task"), {}))
            return bool(found)

        async def filmed() -> bool:
            clips = await people.operator.get("/clips", agent=found["agent"], seq=found["seq"])
            return any(clip["segments"] for clip in clips["rows"])

        await self._floor.until("it is no alarm that somebody is in the corridor", alarmed, SLOW_S)
        corridor.clear()
        await self._floor.until("there is no film of who was in the corridor", filmed, SLOW_S)
        self._floor.teller.step("presence")

    async def break_glass(self) -> None:
        """Fire: the gate opens for anybody at once, and cannot be silent about it."""
        people, gate = self._people, self._floor.warehouse.stage.gates[RESCUED]
        await gate.press_break_glass()
        async with in_time(lambda: f"{RESCUED} did not open when the glass was broken"):
            await gate.position.reach("open")
        self._floor.teller.step("glass", gate=RESCUED)
        opened = await self._exception("open", lambda shown: True)
        await asyncio.sleep(ESCAPE_S)
        await gate.release()
        async with in_time(lambda: f"{RESCUED} did not close again"):
            await gate.position.reach("closed")
        closed = await self._exception("closed", lambda shown: shown["pictures"] and shown["recounts"] is not None)
        if closed["id"] != opened["id"]:
            raise WrongResultError(f"{opened['id']} was opened and {closed['id']} closed.")
        recount = closed["recounts"][self._floor.furniture.zone]
        await self._count(recount, await self._lying(people.keeper))
        await people.leader.post("/stock-takes/close", stock_take=recount)
        self._floor.teller.step("recounted", pictures=len(closed["pictures"]))
        await self._crew.do(
            "review_exception", [], people.supervisor, people.keeper,
            exception=closed["id"], finding="消防演练，物品齐全 / a fire drill, nothing is missing",
        )  # fmt: skip
        self._floor.teller.step("reviewed")

    async def _exception(self, state: str, fits: Any) -> dict[str, Any]:
        """The newest exception in `state`, once it `fits`."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            rows = (await self._people.operator.get("/exceptions", state=state))["rows"]
            found[:] = [row for row in rows[:1] if fits(row)]
            return bool(found)

        await self._floor.until(f"no exception at {RESCUED} is {state}", there, SLOW_S)
        return found[0]

    async def without_record(self) -> None:
        """What was put into the rack without a record is an alarm as well, once its window has passed."""
        slot = self._floor.furniture.rack[PLACES[1]]

        async def alarmed() -> bool:
            living = await self._people.operator.get("/alarms", living=True, limit=500)
            return ("goods_without_record", slot) in {(row["cause"], row["place"]) for row in living["rows"]}

        await self._floor.until(f"it is no alarm that {PLACES[1]} was filled without a record", alarmed, SLOW_S)
        self._floor.teller.step("without_record", slot=PLACES[1])
