"""The drill of tickets: an alarm ends in an answer that was judged, twice round, with an order and a notice between."""

from datetime import UTC, datetime, timedelta
from typing import Any

from simulators.console import Colleague
from simulators.errors import WrongResultError
from simulators.floor import Floor

LOOP = [
    "ticket_opened", "ticket_checked", "ticket_replied", "ticket_evaluated", "ticket_urged", "rectification_ordered",
    "rectification_remedied", "rectification_confirmed", "ticket_checked", "ticket_replied", "ticket_evaluated",
]  # fmt: skip
"""What the ticket's own entries have to be at its end, in their order."""


class TicketDay:
    """Operator, keeper and supervisor go the whole loop about one living alarm."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._people = floor, floor.people

    async def run(self, cause: str) -> None:
        """About the newest alarm `cause`. Raises WrongResultError where the loop ends otherwise than it must."""
        people = self._people
        alarm = await self._newest(cause)
        opened = await people.operator.post(
            "/tickets", type="alarm_persists", title="演练：报警核查 / drill: an alarm is looked into", alarm=alarm,
            words="请到现场核查并回复 / please look on site and answer",
        )  # fmt: skip
        ticket = int(opened["ticket"])
        doer = await self._doer(ticket)
        await self._answer(ticket, doer)
        await self._step(ticket, people.operator, "evaluate", satisfied=False)
        await self._step(ticket, people.supervisor, "urge")
        due = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        notice = await self._step(ticket, people.supervisor, "rectify", person=doer.id, due_at=due)
        await self._step(ticket, doer, "remedy", notice=notice)
        await self._step(ticket, people.supervisor, "confirm", notice=notice)
        await self._answer(ticket, doer)
        await self._step(ticket, people.operator, "evaluate", satisfied=True)
        await people.operator.post(f"/alarms/{alarm}/clear", cause_code="test", note="演练 / a drill")
        await self._must_be_whole(ticket)

    async def _newest(self, cause: str) -> int:
        rows = (await self._people.operator.get("/alarms", living=True, limit=500))["rows"]
        found = next((int(row["id"]) for row in rows if row["cause"] == cause), None)
        if found is None:
            raise WrongResultError(f"There is no living alarm {cause} for the drill.")
        return found

    async def _doer(self, ticket: int) -> Colleague:
        """Whom the rules say it is for."""
        whom = (await self._people.operator.get(f"/tickets/{ticket}"))["assigned_to"]
        for colleague in (self._people.keeper, self._people.second_keeper):
            if colleague.id == whom:
                return colleague
        raise WrongResultError(f"The drill's ticket should be for a keeper, and is for {whom}.")

    async def _answer(self, ticket: int, doer: Colleague) -> None:
        await self._step(ticket, doer, "check")
        await self._step(ticket, doer, "reply")

    async def _step(self, ticket: int, colleague: Colleague, step: str, **more: Any) -> int:
        taken = await colleague.post(f"/tickets/{ticket}/steps", step=step, words=f"演练 / a drill: {step}", **more)
        return int(taken["index"])

    async def _must_be_whole(self, ticket: int) -> None:
        told = await self._people.auditor.get(f"/tickets/{ticket}")
        kinds = [entry["kind"] for entry in told["entries"]]
        if (told["state"], told["round"], kinds) != ("satisfied", 2, LOOP):
            raise WrongResultError(f"The drill's ticket is {told['state']} in round {told['round']}, by {kinds}.")
        self._floor.teller.step("drill", ticket=told["name"], entries=len(kinds))
