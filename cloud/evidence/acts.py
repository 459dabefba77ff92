"""Acts: what one asks for and several put their hand to. One with all its hands is done at once; another waits.

An act that waits holds its things: nobody else can act on them until it is done, declined or has lapsed, and everybody
sees whose hand is missing. What every hand signs is `hash`: SHA-256 of the act's canonical content.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import Row, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.act_ends import end_act
from cloud.evidence.act_models import ActResult, NewAct
from cloud.evidence.acting import Acting
from cloud.evidence.corrections import CORRECT_CASE, case_may_be_corrected
from cloud.evidence.decisions import ABOUT_A_CASE, DECISIONS, decided
from cloud.evidence.errors import ActOpenError, Ahead, ChangedError
from cloud.evidence.steps import Asked, asked_for, judge, perform
from cloud.rules.service import pack_named
from custody.decisions import Allowed, Reason, Refused, Waiting
from custody.details import missing
from custody.permits import time_text
from custody.roles import Role
from custody.rule_pack import RulePack, Seats, Step
from custody.steps import Answer, Hand, decide_hands, place_hands
from custody.things import Action, State
from proof.canonical import canonical
from proof.errors import EncodingError
from proof.hands import challenge

_sql = load_queries(__file__, "acts.sql")

Check = Callable[[bytes, Mapping[str, Any]], Awaitable[str]]
"""Checks an assertion of the person's passkeys over a challenge; returns the credential. Raises PasskeyError."""


@dataclass(frozen=True, slots=True)
class Signer:
    """How whoever acts signs: the credential of their session, and what checks their passkey."""

    credential: str
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """An act before the rules: what is asked, the step in the book, and its seats; `case` where that is one's."""

    name: str
    pack: RulePack
    details: Mapping[str, Any]
    asked: Asked | None
    step: Step
    seats: Seats
    case: str | None = None

    @property
    def things(self) -> list[str]:
        """What it is about, and holds while it waits."""
        return self.asked.things if self.asked is not None else [self.case] if self.case is not None else []

    def judge(self, hands: Sequence[Hand], now: datetime, asked_at: datetime | None = None) -> Answer:
        if self.asked is not None:
            return judge(self.asked, hands, now, asked_at=asked_at)
        absent = missing(self.step.needs, self.details, self.pack)
        if absent is not None:
            return self.pack.refuse(Reason.MISSING_PAPERS, absent)
        return decide_hands(self.pack, self.step, self.seats, hands, now, asked_at=asked_at)


async def propose(act: Acting, new: NewAct, signer: Signer, if_match: int | None = None) -> ActResult | Refused:
    """Does it where my hand alone is enough, else lets it wait for the others; or the first refusal.

    Raises NotFoundError, InvalidError, ConflictError `act_open` where another act holds a thing, ChangedError where
    something newer than entry `if_match` is known of the things.
    """
    _must_be_json(new.details)
    case = await _case(act, new.action, new.things, new.details)
    if isinstance(case, Refused):
        return case
    await _must_be_free(act, new.things, if_match, of_a_case=case.case is not None)
    hand = Hand(person=act.person.id, roles=frozenset(act.person.roles), credential=signer.credential, at=act.at)
    answer = case.judge([hand], act.at)
    if isinstance(answer, Allowed):
        return await _do(act, case, answer.rule, [hand], [_told(hand, 0)], {})
    signed: list[Hand] = [hand]
    if isinstance(answer, Refused) and answer.reason is Reason.NO_PASSKEY:
        signed, answer = [], case.judge([], act.at)  # asked for now, signed with the passkey once there is a hash
    if isinstance(answer, Refused):
        return answer
    if isinstance(answer, Allowed):
        raise InvalidError("no_hands", f"{case.name} asks for nobody's hand")
    return await _wait(act, case, answer, signed)


async def sign(
    act: Acting, act_id: str, seen: str, assertion: Mapping[str, Any] | None, signer: Signer
) -> ActResult | Refused:
    """My hand on the act, or on its end; the last one does it. Refused where a rule keeps me from it.

    Raises NotFoundError, ConflictError `ended` or `another_content`, PasskeyError.
    """
    row = await _open_act(act, act_id)
    if row["hash"] != seen:
        raise ConflictError("another_content", f"{act_id} is not what was shown; read it again before signing")
    case = await _case(act, row["action"], row["things"], row["details"], row["rule_pack"])
    if isinstance(case, Refused):
        return case
    hands = hands_of(row, case.step.live)
    own = next((hand for hand in hands if hand.person == act.person.id), None)
    ending = case.step.live is not None and len(hands) == len(case.seats)
    credential = signer.credential
    if assertion is not None:
        credential = await signer.check(bytes.fromhex(challenge(row["hash"], ending=ending)), assertion)
    if ending:
        if own is None:
            return case.pack.refuse(Reason.WRONG_ROLE, act.person.id)
        if own.ended_at is not None and act.at - own.ended_at <= (case.step.live or timedelta(0)):
            return case.pack.refuse(Reason.SAME_PERSON, act.person.id)
        return await _sign_end(act, row, case, hands, own, credential, assertion)
    mine = Hand(
        person=act.person.id, roles=frozenset(act.person.roles), credential=credential, at=act.at,
        passkey=assertion is not None,
    )  # fmt: skip
    together = [*_fresh(hands, case.step, act.at), mine]
    answer = case.judge(together, act.at, row["proposed_at"])
    if isinstance(answer, Refused):
        return answer
    index = await _put_hand(act, row, case, together, mine, "begin", assertion)
    if isinstance(answer, Waiting):
        return _waits(row, case, answer, index)
    return await _finish(act, row, case, answer.rule, together)


async def _sign_end(
    act: Acting, row: Row, case: _Case, hands: list[Hand], own: Hand, credential: str,
    assertion: Mapping[str, Any] | None,
) -> ActResult | Refused:  # fmt: skip
    """The end of a live act: all are still there. An end signed too long before counts no more."""
    if assertion is None and own.roles & case.step.passkey:
        return case.pack.refuse(Reason.NO_PASSKEY, own.person)
    live = case.step.live or timedelta(0)
    together = [
        Hand(
            person=h.person, roles=h.roles, credential=h.credential, at=h.at, passkey=h.passkey,
            ended_at=act.at if h is own else (h.ended_at if h.ended_at and act.at - h.ended_at <= live else None),
        )
        for h in hands
    ]  # fmt: skip
    answer = case.judge(together, act.at, row["proposed_at"])
    if isinstance(answer, Refused):
        return answer
    ended = next(h for h in together if h.person == own.person)
    index = await _put_hand(act, row, case, together, ended, "end", assertion, credential)
    if isinstance(answer, Waiting):
        return _waits(row, case, answer, index)
    return await _finish(act, row, case, answer.rule, together)


def _fresh(hands: Sequence[Hand], step: Step, now: datetime) -> list[Hand]:
    """Of a live act, the hands that are recent enough to be here still; of another, all."""
    return [hand for hand in hands if step.live is None or now - hand.at <= step.live]


async def decline(act: Acting, act_id: str, reason: str) -> ActResult:
    """The act is not to be: by whoever proposed it, or whoever has a seat in it.

    Raises NotFoundError, ConflictError `ended`, `not_yours`.
    """
    row = await _open_act(act, act_id)
    seats = [frozenset(map(Role, seat)) for seat in row["seats"]]
    if row["proposed_by"] != act.person.id and not any(seat & set(act.person.roles) for seat in seats):
        raise ConflictError("not_yours", f"{act_id} neither is yours nor waits for you")
    index = await act.record("act_declined", {"act": act_id, "reason": reason}, [act_id, *row["things"]])
    await end(act, row, "declined", index)
    return ActResult(status="done", index=index, rule=row["rule"], act=act_id, hash=row["hash"])


async def end(act: Acting, row: Row, how: str, index: int) -> None:
    """The act waits no longer, by the entry `index` of whoever acts."""
    await end_act(act.tx, act.appender, act.world, act=row["id"], how=how, at=act.at, index=index, actor=act.person.id)


def hands_of(row: Row, live: timedelta | None) -> list[Hand]:
    """The hands on an act as the rules see them, in the order in which they signed.

    Of an act that all stay for (`live`), those only that are not too long before the newest: the others sign anew.
    """
    ends = {told["person"]: datetime.fromisoformat(told["at"]) for told in row["hands"] if told["part"] == "end"}
    hands = [
        Hand(
            person=told["person"], roles=frozenset(map(Role, told["roles"])), credential=told["credential"],
            at=datetime.fromisoformat(told["at"]), passkey=told["signature"] is not None,
            ended_at=ends.get(told["person"]),
        )
        for told in row["hands"]
        if told["part"] == "begin"
    ]  # fmt: skip
    newest = max((hand.at for hand in hands), default=None)
    return [hand for hand in hands if live is None or newest is None or newest - hand.at <= live]


def open_seats(row: Row, live: timedelta | None) -> list[frozenset[Role]]:
    """The seats of a waiting act that nobody has taken."""
    seats = tuple(frozenset(map(Role, seat)) for seat in row["seats"])
    placed = place_hands(seats, hands_of(row, live)) or ()
    return [seat for number, seat in enumerate(seats) if number not in placed]


async def _case(
    act: Acting, name: str, things: Sequence[str], details: Mapping[str, Any], rules: str | None = None
) -> _Case | Refused:
    """The act before the rules: those of the case of its things, or for a decision those it was proposed under."""
    if name in DECISIONS:
        pack = act.pack if rules is None else await pack_named(act.tx, rules) or act.pack
        step = pack.decisions.get(name)
        if step is None or len(things) != (name in ABOUT_A_CASE):
            raise InvalidError("no_such_act", f"{name} is no decision of these rules, or not about these things")
        if name == CORRECT_CASE and (no := await case_may_be_corrected(act, pack, step, things[0], details)):
            return no
        about = things[0] if things else None
        return _Case(name=name, pack=pack, details=details, asked=None, step=step, seats=step.seats, case=about)
    try:
        action = Action(name)
    except ValueError:
        raise InvalidError("no_such_act", f"there is no act {name!r}") from None
    asked = await asked_for(act.tx, act.site, act.pack, action, things, details)
    answer = judge(asked, [], act.at)
    if isinstance(answer, Refused):
        return answer
    seats = answer.seats if isinstance(answer, Waiting) else ()
    step = asked.pack.steps[State(asked.rows[0]["state"]), action]
    return _Case(name=name, pack=asked.pack, details=details, asked=asked, step=step, seats=seats)


async def _must_be_free(act: Acting, things: Sequence[str], if_match: int | None, *, of_a_case: bool) -> None:
    """Of two who act on a thing at once one wins; the other is told who it was, and what they did.

    Of a case only what tells of the case itself is newer: things come into it all the time.
    """
    other = await one(act.tx, _sql.open_acts_on, things=list(things))
    if other is not None:
        ahead = Ahead(other["who"], other["action"], other["proposed_at"])
        raise ActOpenError(
            f"{other['thing']} waits for hands: {ahead.what} by {ahead.who}, {time_text(ahead.at)}, {other['id']}",
            ahead,
        )
    query = _sql.case_told_since if of_a_case else _sql.newest_entry
    newest = await one(act.tx, query, things=list(things), site=act.site) if if_match is not None else None
    if newest is not None and if_match is not None and newest["index"] > if_match:
        ahead = Ahead(newest["who"], newest["action"] or newest["kind"], newest["at"])
        told = f"{ahead.who} was quicker: {ahead.what} at {time_text(ahead.at)}, entry {newest['index']}"
        raise ChangedError(told, ahead)


async def _wait(act: Acting, case: _Case, answer: Waiting, hands: Sequence[Hand]) -> ActResult:
    name, things = act.new_id("A"), case.things
    content = {
        "v": 1, "act": name, "site": act.site, "action": case.name, "things": things, "details": dict(case.details),
        "rule": answer.rule, "rule_pack": case.pack.hash, "proposed_at": time_text(act.at),
        "seats": [sorted(role.value for role in seat) for seat in case.seats],
    }  # fmt: skip
    digest, ages = hashlib.sha256(canonical(content)).hexdigest(), case.step.ages
    expires = act.at + case.step.waits
    row = {
        "id": name, "site": act.site, "action": case.name, "things": things, "details": Jsonb(dict(case.details)),
        "hash": digest, "rule": answer.rule, "rule_pack": case.pack.hash, "seats": Jsonb(content["seats"]),
        "proposed_by": act.person.id, "proposed_at": act.at, "expires_at": expires,
        "ages_at": act.at + ages if ages else None,
    }  # fmt: skip
    told = {
        "content": content, "hash": digest, "expires_at": time_text(expires),
        "ages_at": time_text(act.at + ages) if ages else None,
    }  # fmt: skip
    index = await act.record("act_proposed", told, [name, *things])
    await act.tx.execute(_sql.add_act, {**row, "index": index})
    await act.tx.execute(_sql.add_act_things, {"act": name, "things": things})
    for hand in hands:
        index = await _put_hand(act, {**row, "seats": content["seats"]}, case, hands, hand, "begin", None)
    return _waits(row, case, answer, index)


async def _put_hand(
    act: Acting, row: Row, case: _Case, hands: Sequence[Hand], hand: Hand, part: str,
    signature: Mapping[str, Any] | None, credential: str | None = None,
) -> int:  # fmt: skip
    placed = place_hands(case.seats, hands) or ()
    told = {
        "act": row["id"], "person": hand.person, "part": part, "seat": placed[list(hands).index(hand)],
        "credential": credential or hand.credential, "signature": dict(signature) if signature is not None else None,
    }  # fmt: skip
    index = await act.record("act_signed", {**told, "hash": row["hash"]}, [row["id"], *row["things"]])
    values = {**told, "signature": None if signature is None else Jsonb(told["signature"]), "at": act.at}
    await act.tx.execute(_sql.add_hand, {**values, "index": index})
    return index


def _waits(row: Row, case: _Case, answer: Waiting, index: int) -> ActResult:
    return ActResult(
        status="waiting", index=index, rule=answer.rule, act=row["id"], hash=row["hash"], things=row["things"],
        waiting_for=[sorted(seat) for seat in answer.seats],
    )  # fmt: skip


async def _finish(act: Acting, row: Row, case: _Case, rule: str, hands: Sequence[Hand]) -> ActResult | Refused:
    placed = place_hands(case.seats, hands) or ()
    signed = [_told(hand, seat) for hand, seat in zip(hands, placed, strict=True)]
    about = {"act": row["id"], "hash": row["hash"], "proposed_by": row["proposed_by"]}
    result = await _do(act, case, rule, hands, signed, about)
    if isinstance(result, Refused):
        return result
    await end(act, row, "done", result.index)
    return result.model_copy(update={"act": row["id"], "hash": row["hash"]})


async def _do(
    act: Acting, case: _Case, rule: str, hands: Sequence[Hand], signed: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> ActResult | Refused:  # fmt: skip
    people = [hand.person for hand in hands]
    if case.asked is None:
        whose = {"case": case.case, "rule_pack": case.pack.hash} if case.case is not None else {}
        index = await decided(act, case.name, case.details, rule, signed, {**about, **whose})
        return ActResult(status="done", index=index, rule=rule, things=case.things)
    taken = await perform(act, case.asked, rule, people, signed, about)
    if isinstance(taken, Refused):
        return taken
    return ActResult(status="done", index=taken.index, rule=rule, things=taken.moved, made=taken.made)


def _told(hand: Hand, seat: int) -> dict[str, Any]:
    """A hand as the record of a step tells of it."""
    return {
        "person": hand.person, "seat": seat, "roles": sorted(role.value for role in hand.roles),
        "at": time_text(hand.at), "ended_at": time_text(hand.ended_at) if hand.ended_at else None,
        "passkey": hand.passkey,
    }  # fmt: skip


async def _open_act(act: Acting, act_id: str) -> Row:
    row = await one(act.tx, _sql.act, act=act_id, site=act.site)
    if row is None:
        raise NotFoundError("act", act_id)
    if row["ended"] is not None:
        raise ConflictError("ended", f"{act_id} was {row['ended']} at {time_text(row['ended_at'])}")
    return row


def _must_be_json(details: Mapping[str, Any]) -> None:
    try:
        canonical(details)
    except EncodingError as error:
        raise InvalidError("bad_details", f"the details cannot be written down: {error}") from error
