"""Steps that agents report: the rule is asked again; what it allows is taken, anything else is an alarm (J25).

The edge decided without a network, by the task it had and the passes it saw. The fact stays whatever comes of it.
"""

from cloud.db.pool import rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.steps import asked_for, judge, perform
from cloud.evidence.taken import ACTOR, Taken
from cloud.evidence.tasks import done_under
from cloud.people.models import Person
from custody.decisions import Allowed, Reason, Refused
from custody.permits import time_text
from custody.roles import Role
from custody.steps import Hand
from custody.things import Action
from wire.errors import MessageError
from wire.messages import StepDecided, body_of

_sql = load_queries(__file__, "facts.sql")


async def step_decided(taken: Taken) -> None:
    """Somebody took a step at a rack; one that the edge refused moves nothing and is only kept."""
    body = body_of(StepDecided, taken.fact.body)
    things = taken.own(thing.id for thing in body.things)
    await taken.file_under(things)
    if body.outcome != "allowed":
        return
    try:
        action = Action(body.action)
    except ValueError as error:
        raise MessageError(f"not an action: {error}") from error
    fits = {"action": action.value, "things": set(things)}
    if not await done_under(taken.tx, taken.site, taken.agent, body.task, taken.index, fits):
        await taken.alarm(
            "step_without_task", taken.place(body.station), "major", {"task": body.task, "things": things}
        )
    refused = await _take(taken, body, action, things)
    if refused is not None:
        why = {"reason": refused.reason.value, "rule": refused.rule, "about": refused.subject}
        place = things[0] if things else taken.place(body.station)
        await taken.alarm("illegal_step", place, "critical", {"action": action.value, **why})


async def _take(taken: Taken, body: StepDecided, action: Action, things: list[str]) -> Refused | None:
    """Takes the step in the cloud as well; what is in its way otherwise."""
    hands = await _hands(taken, body)
    try:
        asked = await asked_for(taken.tx, taken.site, taken.pack, action, things, body.details)
        answer = judge(asked, hands, taken.at)
        if isinstance(answer, Refused):
            return answer
        if not isinstance(answer, Allowed):
            return asked.pack.refuse(Reason.TOO_FEW_HANDS, things[0])
        told = [
            {
                "person": hand.person, "seat": number, "roles": sorted(role.value for role in hand.roles),
                "at": time_text(hand.at),
                "ended_at": None, "passkey": False,
            }
            for number, hand in enumerate(hands)
        ]  # fmt: skip
        fact = {
            "agent": taken.agent, "seq": taken.fact.seq, "entry": taken.index, "at": time_text(taken.at),
            "error_ms": taken.fact.clock.error_ms,
        }  # fmt: skip
        people = [hand.person for hand in hands]
        done = await perform(_acting(taken), asked, answer.rule, people, told, {"fact": fact})
    except (NotFoundError, InvalidError, ConflictError) as error:
        return taken.pack.refuse(Reason.WRONG_STATE, str(error)[:200])
    return done if isinstance(done, Refused) else None


async def _hands(taken: Taken, body: StepDecided) -> list[Hand]:
    """Those whose passes were seen and who have an account here; one pass is one credential."""
    people = taken.own(body.people)
    found = {row["id"]: row["roles"] for row in await rows(taken.tx, _sql.roles_of, site=taken.site, people=people)}
    return [
        Hand(person=one, roles=frozenset(map(Role, found[one])), credential=f"pass:{one}", at=taken.at)
        for one in people
        if one in found
    ]


def _acting(taken: Taken) -> Acting:
    """The uplink acts for those whose passes were seen; the record says by which fact."""
    uplink = Person(id=ACTOR, site=taken.site, username=ACTOR, name=ACTOR, roles=())
    return Acting(taken.tx, taken.appender, taken.world, taken.pack, taken.key, uplink, taken.taken_at)
