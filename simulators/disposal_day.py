"""The lawful ends of evidence: returned to its owner, auctioned, transferred, destroyed; and that nobody can do the
last alone, whatever their role.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from custody.details import METHODS
from custody.things import Direction
from simulators.acting import Held
from simulators.console import AnswerError, Colleague
from simulators.crew import photo_of_a_seal
from simulators.errors import WrongResultError
from simulators.floor import Floor

TOGETHER = 2
"""Boxes through the gate at once, with two passes beside them."""
ALONE = frozenset({"wrong_role", "same_person", "same_credential", "own_work"})
"""For what one who acts alone is refused: no seat, or a second seat for the same hand."""


class DisposalDay:
    """One package for each way that the rules know."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._people, self._crew = floor, floor.people, floor.crew

    async def run(self, boxes: Sequence[Held]) -> None:
        """Approved on two levels, out by the gate, and each to its end, as it was approved."""
        things = dict(zip(METHODS, (box.caption for box in boxes), strict=True))
        await self._approve(things)
        await self._floor.permit(Direction.OUT, list(things.values()))
        for first in range(0, len(boxes), TOGETHER):
            carried = boxes[first : first + TOGETHER]
            await self._floor.work.allowed(
                "disposal_out", [*carried, *self._floor.passes], direction=Direction.OUT
            )  # fmt: skip
        await self._floor.reach(list(things.values()), "leaving")
        details = await self._details()
        await self._alone(things["destroy"], details["destroy"])
        people = self._people
        for method in ("return_to_owner", "auction", "transfer"):
            await self._crew.do(method, [things[method]], people.keeper, people.case_handler, **details[method])
            self._floor.teller.step(method)
        await self._crew.do(
            "destroy", [things["destroy"]], people.keeper, people.bookkeeper, people.supervisor, **details["destroy"]
        )
        self._floor.teller.step("destroy")

    async def _approve(self, things: Mapping[str, str]) -> None:
        people = self._people
        for method, thing in things.items():
            await self._crew.do(
                "approve_disposal", [thing], people.case_handler, people.approver, people.leader,
                method=method, reason="案件已结 / the case is closed", legal_basis="《行政处罚法》第七十四条",
            )  # fmt: skip
        self._floor.teller.step("disposal_approved", packages=len(things))

    async def _details(self) -> dict[str, dict[str, Any]]:
        receipt = await self._people.keeper.photograph(photo_of_a_seal(f"{self._floor.number} receipt"))
        ashes = await self._people.keeper.photograph(photo_of_a_seal(f"{self._floor.number} remains"))
        return {
            "return_to_owner": {"recipient": "当事人 钱某", "receipt": receipt},
            "auction": {"recipient": "竞得人 冯某", "price_fen": 88_000, "receipt": receipt},
            "transfer": {"recipient": "市公安局", "receipt": receipt},
            "destroy": {
                "witnesses": ["见证人 甲", "见证人 乙"], "count": 6, "weight_g": 3000, "photos": [ashes],
                "place": "市垃圾焚烧厂",
            },
        }  # fmt: skip

    async def _alone(self, thing: str, details: Mapping[str, Any]) -> None:
        """Everybody tries to destroy it with nothing but their own credentials."""
        for colleague in self._people.here:
            reason = await self._try_alone(colleague, thing, details)
            if reason not in ALONE:
                raise WrongResultError(f"{colleague.username} alone was refused for {reason} only.")
            self._floor.refused[reason] += 1
        state = (await self._people.keeper.get(f"/packages/{thing}"))["state"]
        if state != "leaving":
            raise WrongResultError(f"One person alone brought {thing} to {state}.")
        self._floor.teller.step("destroy_alone", people=len(self._people.here), result="same_person")

    async def _try_alone(self, colleague: Colleague, thing: str, details: Mapping[str, Any]) -> str:
        """For what `colleague` is refused, who asks for it and then signs as often as there are seats."""
        act = None
        try:
            answer = await colleague.post("/acts", action="destroy", things=[thing], details=dict(details))
            act = answer["act"]
            while answer["status"] == "waiting" and act is not None:
                answer = await colleague.post("/acts/sign", **await self._signature(colleague, act))
        except AnswerError as error:
            if error.status != 409:
                raise
            if act is not None:
                await colleague.post("/acts/decline", act=act, reason="一人不能销毁 / nobody destroys alone")
            return str(error.problem.get("reason"))
        raise WrongResultError(f"{colleague.username} destroyed {thing} alone.")

    async def _signature(self, colleague: Colleague, act: str) -> dict[str, Any]:
        shown = await colleague.get(f"/acts/{act}")
        told = {"act": act, "seen": shown["hash"]}
        if colleague.passkey is None:
            return told
        return {**told, "assertion": colleague.passkey.sign(bytes.fromhex(shown["challenge"]))}
