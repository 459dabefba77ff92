"""Colleagues who put their hands to an act together, at the desk, each in a browser of their own."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from simulators.console import Colleague
from simulators.errors import WrongResultError


class Crew:
    """How an act gets all the hands that it needs; `done` counts, by action, what came of it."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()

    async def do(self, action: str, things: Sequence[str], *colleagues: Colleague, **details: Any) -> dict[str, Any]:
        """`action` with `things`, asked for by the first of `colleagues` and signed by each who still has to.

        Of an act that all stay for, the end is signed as well. Returns the answer of the last hand.
        Raises AnswerError where a hand is refused, WrongResultError where hands are missing at the end.
        """
        asked = {"action": action, "things": list(things), "details": details}
        answer: dict[str, Any] = await colleagues[0].post("/acts", **asked)
        for colleague in (*colleagues, *colleagues):  # the second time it is the end
            if answer["status"] == "waiting":
                answer = await self.sign(colleague, answer["act"]) or answer
        if answer["status"] != "done":
            raise WrongResultError(f"{action} still waits for {answer['waiting_for']}.")
        self.done[action] += 1
        return answer

    async def sign(self, colleague: Colleague, act: str) -> dict[str, Any] | None:
        """The hand of `colleague` on `act`; None where it does not wait for them. Raises AnswerError."""
        shown = await colleague.get(f"/acts/{act}")
        if not shown["mine"]:
            return None
        told: dict[str, Any] = {"act": act, "seen": shown["hash"]}
        if shown["passkey"] and colleague.passkey is not None:
            told["assertion"] = colleague.passkey.sign(bytes.fromhex(shown["challenge"]))
        signed: dict[str, Any] = await colleague.post("/acts/sign", **told)
        return signed


def photo_of_a_seal(number: str) -> bytes:
    """A JPEG of a seal with `number` on it."""
    picture = np.full((240, 320, 3), 215, np.uint8)
    cv2.rectangle(picture, (60, 80), (260, 160), (40, 40, 180), 3)
    cv2.putText(picture, number, (70, 128), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (30, 30, 30), 2)
    return cv2.imencode(".jpg", picture)[1].tobytes()
