"""The play checks what it sees: an unexpected opening, a missing decision or another word on the screen stops it."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custody.decisions import Reason
from simulators.console import Colleague, Screen, Shown
from simulators.errors import WrongResultError
from simulators.gatework import Ears, Gatework, in_time
from simulators.phrases import Language
from simulators.stage import Stage
from simulators.teller import Teller

AGENT = "nj01.gate-a"


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Gatework]:
    colleague = Colleague("http://127.0.0.1:1", "operator", "secret")
    screen = Screen(colleague, "nj01", lambda: datetime.now(UTC))
    stage = Stage(tmp_path / "stage.sock", ["gate-a"])
    yield Gatework(AGENT, stage, Ears(), screen, Teller(Language.EN, io.StringIO()), online=False)
    await colleague.leave()


def said(outcome: str, reason: str | None, seq: int = 7) -> dict[str, object]:
    return {"event": "decided", "station": "gate-a", "seq": seq, "outcome": outcome, "reason": reason, "ms": 12.5}


async def test_a_refusal_on_the_way_to_another_one_is_passed_over(work: Gatework) -> None:
    work.ears.hear({"event": "linked"})
    work.ears.hear(said("refused", "no_permit", 7))
    work.ears.hear(said("refused", "copied_label", 8))
    await work.refused("copied", Reason.COPIED_LABEL, [], leave=False)
    assert [step.result for step in work.teller.steps] == ["copied_label"]
    assert [decided.seq for decided in work.offline] == [8]
    assert work.ears.counts() == {"no_permit": 1, "copied_label": 1}


async def test_a_gate_that_opens_where_it_must_refuse_stops_the_play(work: Gatework) -> None:
    work.ears.hear(said("allowed", None))
    with pytest.raises(WrongResultError, match="the gate opened where it must refuse for forged_label"):
        await work.refused("forged", Reason.FORGED_LABEL, [], leave=False)


async def test_another_word_on_the_screen_than_at_the_gate_stops_the_play(work: Gatework) -> None:
    work.online = True
    work.ears.hear(said("refused", "no_permit"))
    row = {"outcome": "refused", "reason": "expired", "differs": None, "at": "2026-11-22T03:24:00Z"}
    await work.screen.take(Shown({**row, "agent": AGENT, "seq": 7}, datetime.now(UTC)))
    with pytest.raises(WrongResultError, match="the gate said no_permit, the screen expired"):
        await work.refused("no_permit", Reason.NO_PERMIT, [], leave=False)


async def test_what_does_not_happen_in_time_is_told() -> None:
    with pytest.raises(WrongResultError, match=r"nothing came within 0\.01 s"):
        async with in_time(lambda: "nothing came", 0.01):
            await asyncio.Event().wait()
