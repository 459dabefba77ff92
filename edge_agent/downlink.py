"""Orders in: what the cloud signed for this agent is done once, and answered by a fact, however often it comes."""

import hashlib
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from custody.permits import parse_time
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.permits import NOTHING, Change, PermitBook
from edge_agent.store import Effect
from proof import jws
from proof.errors import ProofError
from wire.messages import ORDER_TYPE, FactKind, Order, OrderAnswered, OrderDistrusted, OrderKind, to_body

DISTRUST_EVERY_US = 60_000_000
"""One fact a minute says how many unsigned or unreadable ones came: noise must not fill the disk."""

VERSION = 1
MAX_PROBLEM = 300

T = TypeVar("T", bound=msgspec.Struct)

_log = logging.getLogger(__name__)


class _PermitBody(msgspec.Struct, forbid_unknown_fields=True):
    permit: str


class _ThingsBody(msgspec.Struct, forbid_unknown_fields=True):
    things: list[str]


class _FromBody(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from"}):
    first: int


class Orders:
    """Does what orders say. `resend` is asked to send facts again from a seq, with the time of asking."""

    def __init__(
        self,
        agent: str,
        journal: Journal,
        book: PermitBook,
        clock: Clock,
        find_key: jws.FindKey,
        resend: Callable[[int, str], str | None],
    ) -> None:
        self._agent, self._journal, self._book, self._clock = agent, journal, book, clock
        self._find_key, self._resend = find_key, resend
        self._distrusted = 0
        self._distrust_told_us: int | None = None

    def on_order(self, payload: bytes) -> None:
        """Takes one message from the orders topic; blocks until its answer is on disk."""
        try:
            token = payload.decode("ascii")
            order = msgspec.convert(jws.verify(token, self._find_key, ORDER_TYPE), Order)
        except (UnicodeDecodeError, ProofError, msgspec.ValidationError) as error:
            self._distrust(payload, error)
            return
        try:
            self._answer(order)
        except JournalError as error:  # no room: the cloud asks again
            _log.error("order %s not answered: %s", order.id, error)

    def _answer(self, order: Order) -> None:
        earlier = self._journal.reads.rows("answer", id=order.id)
        if earlier:
            _, problem, seq = earlier[0]
            if seq <= self._journal.receipted:  # the cloud had the answer and asks again; else it is still under way
                self._tell(order, problem, NOTHING)
            return
        with self._book.lock:
            done = self._do(order)
            change, problem = (NOTHING, done) if isinstance(done, str) else (done, None)
            self._tell(order, problem, change)
            change.make_true()

    def _tell(self, order: Order, problem: str | None, change: Change) -> None:
        problem = problem[:MAX_PROBLEM] if problem else None
        body = to_body(OrderAnswered(order=order.id, outcome="refused" if problem else "done", problem=problem))
        answer = {"id": order.id, "outcome": body["outcome"], "problem": problem}
        effects = (*change.effects, Effect("set_answer", answer))
        self._journal.record(Draft(kind=FactKind.ORDER_ANSWERED, device="agent", body=body, effects=effects))

    def _do(self, order: Order) -> Change | str:
        """The change that `order` is, or what is in its way."""
        if order.agent != self._agent:
            return f"the order is for {order.agent}"
        if order.v != VERSION:
            return f"an order of version {order.v}"
        try:
            return self._change(order)
        except (msgspec.ValidationError, ProofError, ValueError) as error:  # PermitError is a ValueError
            return f"{type(error).__name__}: {error}"

    def _change(self, order: Order) -> Change | str:
        parse_time(order.at)  # holds go by its order as text
        match order.kind:
            case OrderKind.PERMIT:
                return self._book.add(_body(order, _PermitBody).permit)
            case OrderKind.REVOKE_PERMIT:
                return self._book.revoke(_body(order, _PermitBody).permit)
            case OrderKind.HOLD | OrderKind.LIFT_HOLD:
                held = order.kind == OrderKind.HOLD
                return self._book.set_hold(_body(order, _ThingsBody).things, held, order.at)
            case OrderKind.RESEND:
                return self._resend(_body(order, _FromBody).first, order.at) or NOTHING
        return f"an order of a kind this agent does not know: {order.kind[:40]}"

    def _distrust(self, payload: bytes, error: Exception) -> None:
        self._distrusted += 1
        now = self._clock.mono_us()
        if self._distrust_told_us is not None and now - self._distrust_told_us < DISTRUST_EVERY_US:
            return
        body = OrderDistrusted(
            count=self._distrusted,
            problem=f"{type(error).__name__}: {error}"[:MAX_PROBLEM],
            bytes=len(payload),
            sha256=hashlib.sha256(payload).hexdigest(),
        )
        try:
            self._journal.record(Draft(kind=FactKind.ORDER_DISTRUSTED, device="agent", body=to_body(body)))
        except JournalError as full:
            _log.error("%d distrusted orders not told of: %s", self._distrusted, full)
            return
        self._distrusted, self._distrust_told_us = 0, now


def _body(order: Order, kind: type[T]) -> T:
    return msgspec.convert(order.body, kind)
