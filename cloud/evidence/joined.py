"""What agents say of their certificates and configurations."""

from cloud.evidence.taken import Taken
from cloud.joining.desired import note_outcome
from cloud.joining.issuing import SUPERSEDED, revoke_one
from wire.joining import CertificateRotated, ConfigurationApplied, ConfigurationRefused, ConfigurationRolledBack
from wire.messages import body_of

FAILED = "configuration_failed"


async def certificate_rotated(taken: Taken) -> None:
    """The agent speaks by its new certificate: the one before is good no more."""
    body = body_of(CertificateRotated, taken.fact.body)
    if body.serial != body.before:
        await revoke_one(
            taken.tx, taken.appender, taken.world, serial=body.before, agent=taken.agent, why=SUPERSEDED,
            actor=taken.agent,
        )  # fmt: skip


async def configuration_applied(taken: Taken) -> None:
    """It is at work under what was wanted."""
    body = body_of(ConfigurationApplied, taken.fact.body)
    await note_outcome(taken.tx, taken.agent, body.version, body.hash, "applied", taken.index)
    await taken.clear(FAILED, taken.agent)


async def configuration_refused(taken: Taken) -> None:
    """What was wanted has faults; nothing was changed."""
    body = body_of(ConfigurationRefused, taken.fact.body)
    await note_outcome(taken.tx, taken.agent, body.version, body.hash, "refused", taken.index)
    await taken.alarm(FAILED, taken.agent, "warning", {"version": body.version, "faults": body.faults[:20]})


async def configuration_rolled_back(taken: Taken) -> None:
    """What was wanted was tried and failed; the agent is back under what it had."""
    body = body_of(ConfigurationRolledBack, taken.fact.body)
    await note_outcome(taken.tx, taken.agent, body.version, body.hash, "rolled_back", taken.index)
    detail = {"version": body.version, "to": body.to, "problem": body.problem[:300]}
    await taken.alarm(FAILED, taken.agent, "major", detail)
