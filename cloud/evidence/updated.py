"""What agents say of their updates: see cloud/releases."""

from cloud.evidence.taken import Taken
from cloud.releases.service import note_state
from wire.messages import body_of
from wire.releases import UpdateTold

FAILED = "update_failed"


async def told(taken: Taken) -> None:
    """It lies ready, waits until nothing is open, or was refused."""
    await _note(taken, taken.fact.kind.removeprefix("update_"))


async def applied(taken: Taken) -> None:
    """The agent runs it, and is healthy."""
    await _note(taken, "applied")
    await taken.clear(FAILED, taken.agent)


async def rolled_back(taken: Taken) -> None:
    """It was tried, and the agent is back under the version it had."""
    body = await _note(taken, "rolled_back")
    detail = {"version": body.version, "to": body.before, "problem": body.reason[:300]}
    await taken.alarm(FAILED, taken.agent, "major", detail)


async def _note(taken: Taken, state: str) -> UpdateTold:
    body = body_of(UpdateTold, taken.fact.body)
    await note_state(taken.tx, taken.agent, body.number, body.sha256, state, taken.index)
    return body
