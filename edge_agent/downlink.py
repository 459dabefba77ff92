"""Orders in: what the cloud signed for this agent is done once, and answered by a fact, however often it comes."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import msgspec

from custody.permits import parse_time
from edge_agent.clock import Clock
from edge_agent.devices import Light
from edge_agent.errors import JournalError, SettingsError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.journal.renewal import Base, ask_to_resume, asked_to_resume
from edge_agent.lists import ListBook
from edge_agent.permits import NOTHING, Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.store import Effect
from edge_agent.tasks import TaskBook
from proof import jws
from proof.errors import ProofError
from wire.kinds import FactKind, OrderKind
from wire.looking import Look
from wire.messages import ORDER_TYPE, Order, OrderAnswered, OrderDistrusted, to_body
from wire.printing import PrintLabels
from wire.racks import LightList, StopList
from wire.releases import Update

DISTRUST_EVERY_US = 60_000_000
"""One fact a minute says how many unsigned or unreadable ones came: noise must not fill the disk."""

VERSION = 1
MAX_PROBLEM = 300
LONGEST_LIGHT = timedelta(hours=1)
"""A slot that was asked for is lit no longer, whatever the order says."""

T = TypeVar("T", bound=msgspec.Struct)

_log = logging.getLogger(__name__)


class _PermitBody(msgspec.Struct, forbid_unknown_fields=True):
    permit: str


class _ThingsBody(msgspec.Struct, forbid_unknown_fields=True):
    things: list[str]


class _TaskBody(msgspec.Struct, forbid_unknown_fields=True):
    task: str


class ResumeBody(msgspec.Struct, forbid_unknown_fields=True):
    """What the ledger has of this agent: the seq and the head (hex) of its newest fact."""

    upto: int
    head: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]

    @property
    def base(self) -> Base:
        """The same for the journal."""
        return Base(self.upto, bytes.fromhex(self.head))


class _PackBody(msgspec.Struct, forbid_unknown_fields=True):
    hash: str
    content: dict[str, Any]
    adopted: int | None


class _LightBody(msgspec.Struct, forbid_unknown_fields=True):
    slot: str
    things: list[str]
    until: str


class _DarkBody(msgspec.Struct, forbid_unknown_fields=True):
    slot: str


class _FromBody(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from"}):
    first: int


class Lights(Protocol):
    """The lights of a rack; to be called while holding the permits' lock, so they wait for nobody who holds it."""

    def __contains__(self, slot: object) -> bool:
        """Whether the slot of this id is here."""

    def show(self, slot: str, light: Light, for_us: int) -> None:
        """Shows `light` there for so long."""

    def settle(self, slot: str) -> None:
        """Nothing is sought there any more, nor wrong."""


@dataclass(frozen=True, slots=True)
class Books:
    """What orders write in: permits, tasks, the rules they are decided by, and lists."""

    permits: PermitBook
    tasks: TaskBook
    packs: PackBook
    lists: ListBook


class Orders:
    """Does what orders say. `resend` is asked to send facts again from a seq, with the time of asking."""

    def __init__(
        self,
        agent: str,
        journal: Journal,
        books: Books,
        clock: Clock,
        find_key: jws.FindKey,
        resend: Callable[[int, str], str | None],
        lights: Sequence[Lights] = (),
        desk: "Desk | None" = None,
        viewing: "Viewing | None" = None,
        updates: "Updates | None" = None,
    ) -> None:
        self._agent, self._journal, self._clock = agent, journal, clock
        self._book, self._tasks, self._packs, self._lights = books.permits, books.tasks, books.packs, lights
        self._lists = books.lists
        self._find_key, self._resend = find_key, resend
        self._desk, self._printing, self._viewing, self._updates = desk, set[str](), viewing, updates
        self._distrusted = 0
        self._distrust_told_us: int | None = None

    def on_order(self, payload: bytes) -> None:
        """Takes one message from the orders topic; blocks until its answer is on disk."""
        try:
            token = payload.decode("ascii")
            order = msgspec.convert(jws.verify(token, self._find_key, ORDER_TYPE), Order)
        except (UnicodeDecodeError, ProofError, msgspec.ValidationError) as error:
            self.distrust(payload, error)
            return
        try:
            self._answer(order, token)
        except JournalError as error:  # no room: the cloud asks again
            _log.error("order %s not answered: %s", order.id, error)

    def _answer(self, order: Order, token: str) -> None:
        earlier = self._journal.reads.rows("answer", id=order.id)
        if earlier:
            _, problem, seq = earlier[0]
            if seq <= self._journal.receipted:  # the cloud had the answer and asks again; else it is still under way
                self._tell(order, problem, NOTHING)
            return
        if order.kind == OrderKind.PRINT_LABELS:
            self._print(order)
            return
        if order.kind == OrderKind.UPDATE:
            self._tell(order, self._update(order, token), NOTHING)
            return
        if order.kind == OrderKind.RESUME and self._resumes(order, token):
            return  # the next start does it, and answers
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

    @property
    def printing(self) -> bool:
        """Whether labels are being printed."""
        return bool(self._printing)

    def _update(self, order: Order, token: str) -> str | None:
        """What is in the way of taking note of it; what becomes of it is told by facts of its own."""
        if problem := self._wrong(order):
            return problem
        if self._updates is None:
            return "updates are not taken here: no launcher, or no publisher's key"
        try:
            return self._updates.want(_body(order, Update), token)
        except (msgspec.ValidationError, SettingsError) as error:  # the latter: its note could not be kept
            return f"{type(error).__name__}: {error}"

    def _print(self, order: Order) -> None:
        """Printing takes its time, and gates wait for nobody: the answer comes when the labels are out."""
        if order.id in self._printing:
            return
        problem = self._wrong(order) or (None if self._desk else "no label printer here")
        try:
            asked = _body(order, PrintLabels)
        except msgspec.ValidationError as error:
            problem = f"{type(error).__name__}: {error}"
        if problem is not None or self._desk is None:
            self._tell(order, problem, NOTHING)
            return

        def done(problem: str | None) -> None:
            try:
                self._tell(order, problem, NOTHING)
            except JournalError as error:  # the cloud asks again; nothing is printed again
                _log.error("order %s not answered: %s", order.id, error)
            self._printing.discard(order.id)

        self._printing.add(order.id)
        self._desk.start(order.id, asked, done)

    def _resumes(self, order: Order, token: str) -> bool:
        """Whether the journal has to be made anew for the order, which is then kept for the next start."""
        if self._wrong(order):
            return False
        try:
            body = _body(order, ResumeBody)
        except msgspec.ValidationError:
            return False
        if self._journal.head_at(body.upto) == body.base.head:
            return False
        ask_to_resume(self._journal.folder, token)
        return True

    def _wrong(self, order: Order) -> str | None:
        if order.agent != self._agent:
            return f"the order is for {order.agent}"
        return None if order.v == VERSION else f"an order of version {order.v}"

    def _do(self, order: Order) -> Change | str:
        """The change that `order` is, or what is in its way."""
        if wrong := self._wrong(order):
            return wrong
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
            case OrderKind.RESUME:
                _body(order, ResumeBody)
                return NOTHING  # this journal goes on from there already
            case OrderKind.TASK:
                return self._tasks.add(_body(order, _TaskBody).task)
            case OrderKind.REVOKE_TASK:
                return self._tasks.revoke(_body(order, _TaskBody).task)
            case OrderKind.RULE_PACK:
                sent = _body(order, _PackBody)
                return self._packs.add(sent.hash, sent.content, sent.adopted)
            case OrderKind.LIGHT_SLOT:
                return self._light(_body(order, _LightBody))
            case OrderKind.DARK_SLOT:
                return self._dark(_body(order, _DarkBody).slot)
            case OrderKind.LIGHT_LIST:
                return self._list(_body(order, LightList))
            case OrderKind.STOP_LIST:
                return self._lists.stop(_body(order, StopList))
            case OrderKind.LOOK:
                if self._viewing is None:
                    return "no camera is shown from here"
                begun = self._viewing.start(_body(order, Look))
                return begun if isinstance(begun, str) else Change((), begun)
        return f"an order of a kind this agent does not know: {order.kind[:40]}"

    def _light(self, asked: _LightBody) -> Change | str:
        """Somebody looks for things: their slot is lit until then, until its sensor changes, or until told dark."""
        until, now = parse_time(asked.until), self._clock.read()
        left = min(until - now.at, LONGEST_LIGHT) // timedelta(microseconds=1)
        rack = next((rack for rack in self._lights if asked.slot in rack), None)
        if rack is None:
            return f"no slot {asked.slot[:100]} here"
        if left <= 0:
            return "it was to be lit until a time that is over"
        return Change((), lambda: rack.show(asked.slot, Light.AMBER, left))

    def _dark(self, slot: str) -> Change | str:
        rack = next((rack for rack in self._lights if slot in rack), None)
        return f"no slot {slot[:100]} here" if rack is None else Change((), lambda: rack.settle(slot))

    def _list(self, asked: LightList) -> Change | str:
        """All its slots are lit together, each until its sensor or a scan confirms it."""
        lacking = [one.slot for one in asked.slots if not any(one.slot in rack for rack in self._lights)]
        return f"no slot {lacking[0][:100]} here" if lacking else self._lists.add(asked)

    def distrust(self, payload: bytes, error: Exception) -> None:
        """Something came where only the cloud speaks, and was not by it: counted, and told of once a minute."""
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


def resume_from(folder: Path, agent: str, find_key: jws.FindKey) -> Base | None:
    """Where the order that a start found in `folder` says to go on; None for none, and for one that is not for us."""
    token = asked_to_resume(folder)
    try:
        order = msgspec.convert(jws.verify(token, find_key, ORDER_TYPE), Order) if token else None
        return _body(order, ResumeBody).base if order and order.agent == agent else None
    except (ProofError, msgspec.ValidationError) as error:
        _log.error("not resumed: %s", error)
        return None


class Desk(Protocol):
    """Where labels are printed."""

    def start(self, order: str, asked: PrintLabels, done: Callable[[str | None], None]) -> None:
        """Prints when it is its turn, and then calls `done` once, with what was in the way; from any thread."""


class Updates(Protocol):
    """Where releases are wanted."""

    def want(self, update: Update, token: str) -> str | None:
        """Takes note of it, or says why not."""


class Viewing(Protocol):
    """Where cameras are shown."""

    def start(self, asked: Look) -> Callable[[], None] | str:
        """What begins to show what is asked for, or what is in the way."""


def _body(order: Order, kind: type[T]) -> T:
    return msgspec.convert(order.body, kind)
