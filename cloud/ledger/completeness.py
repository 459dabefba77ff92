"""Nothing is missing: when an agent's silence says that nothing happened, and when it does not, and why not.

What the agent recorded is one unbroken chain, so between two of its heartbeats there is nothing but what is in the
ledger. That the agent was at work between them is shown by their coming in time, under one boot, from a clock whose
error is known, with every device there. Where any of that is missing, nothing is claimed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import InvalidError, NotFoundError
from custody.permits import parse_time, time_text
from wire.errors import MessageError
from wire.kinds import FactKind
from wire.messages import GateMoved, Heartbeat, body_of

ANCHORS = (FactKind.AGENT_STARTED, FactKind.HEARTBEAT)
SLACK = timedelta(minutes=10)
"""So far around a span facts are read; more where no heartbeat is so near."""

WHY: dict[str, tuple[str, str]] = {
    "before_first": ("nothing was heard of the agent before", "此前没有该终端的任何记录"),
    "not_heard": ("nothing was heard of the agent since", "此后尚未收到该终端的记录"),
    "agent_started": ("the agent was started anew: it was down, or without power", "终端重新启动:此前停机或断电"),
    "no_heartbeat": ("no heartbeat for longer than two of its periods", "心跳中断超过两个周期"),
    "gap": ("facts of its chain are missing here", "事实链此处有缺口"),
    "clock_in_doubt": ("nobody knows how wrong its clock was", "时钟误差未知"),
    "clock_stepped": ("its clock was set", "时钟被调整"),
    "device_lost": ("a camera, gate or beam was lost", "摄像头、门或光束设备失联"),
    "gate_disagrees": (
        "a gate stood otherwise than was told: a movement is missing",
        "门的位置与记录不符:有动作未被记录",
    ),
    "recording_blocked": ("it could not record", "终端无法记录"),
    "erased": ("the content of a fact was erased, or cannot be read", "有事实内容已删除或无法读取"),
    "key_ended": ("its key was no longer valid", "终端密钥已失效"),
}
"""Why a span cannot be claimed, in English and Chinese."""

_sql = load_queries(__file__, "completeness.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A fact as it bears on completeness. `error` is None where nobody knows the clock's error.

    Of a heartbeat `every` is its period; `lost` says whether a device was lost then; `gates` how gates stand as of
    it; `blocked_since` is told by recording_blocked. Without `boot` its content was erased, or is no such content.
    """

    seq: int
    kind: str
    at: datetime
    error: timedelta | None
    boot: str | None
    mono_us: int = 0
    every: timedelta | None = None
    lost: bool = False
    blocked_since: datetime | None = None
    gates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when nothing can be claimed, why, and between which facts (None: none on that side)."""

    since: datetime
    until: datetime
    why: str
    after_seq: int | None
    before_seq: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A fact of the kind asked for, which happened in the span or, by its clock's error, may have."""

    seq: int
    kind: str
    at: datetime
    certain: bool


@dataclass(frozen=True, slots=True)
class Completeness:
    """What can be said of `agent` from `since` to `until`: what was `found`, and `unclaimed` spans in their order."""

    agent: str
    since: datetime
    until: datetime
    kinds: tuple[str, ...]
    found: tuple[Found, ...]
    unclaimed: tuple[Span, ...]

    @property
    def holds(self) -> bool:
        """Whether it can be claimed throughout that nothing of the kind happened."""
        return not self.found and not self.unclaimed

    def as_json(self) -> dict[str, Any]:
        """Its members, for a program; times RFC 3339 in UTC."""

        def plain(value: Any) -> Any:
            if isinstance(value, datetime):
                return time_text(value)
            if isinstance(value, dict):
                return {name: plain(member) for name, member in value.items()}
            return [plain(member) for member in value] if isinstance(value, list | tuple) else value

        told: dict[str, Any] = {"holds": self.holds, **plain(asdict(self))}
        return told


def judge(
    agent: str,
    facts: Iterable[Heard],
    since: datetime,
    until: datetime,
    kinds: Sequence[str] = (),
    key_ended_at: datetime | None = None,
) -> Completeness:
    """What `facts` (all of `agent` around the span, by seq) show; without `kinds`, only whether all is there."""
    heard = sorted(facts, key=lambda fact: fact.seq)
    spans = [*_unclaimed(heard, since, until), *_blocked(heard)]
    if key_ended_at is not None:
        spans.append(Span(key_ended_at, max(until, key_ended_at), "key_ended", None, None))
    cut = [
        Span(max(span.since, since), min(span.until, until), span.why, span.after_seq, span.before_seq)
        for span in spans
        if span.since < until and span.until > since
    ]
    found = tuple(found for fact in heard if fact.kind in kinds if (found := _found(fact, since, until)) is not None)
    unclaimed = sorted(cut, key=lambda span: (span.since, span.until, span.why))
    return Completeness(agent, since, until, tuple(kinds), found, tuple(unclaimed))


def _found(fact: Heard, since: datetime, until: datetime) -> Found | None:
    """Of a clock nobody knows it may be any time: it is told, and judged by whoever reads it."""
    if fact.error is None:
        return Found(fact.seq, fact.kind, fact.at, certain=False)
    if fact.at + fact.error < since or fact.at - fact.error > until:
        return None
    certain = since <= fact.at - fact.error and fact.at + fact.error <= until
    return Found(fact.seq, fact.kind, fact.at, certain)


def _unclaimed(heard: Sequence[Heard], since: datetime, until: datetime) -> Iterator[Span]:
    """The spans before the first anchor, between two that do not hold together, and after the last one.

    An anchor's true time is its own time give or take its error, so a run of anchors that hold together shows the
    time from its first one plus the error to its last one minus the error.
    """
    upto: Heard | None = None  # the newest anchor whose time is known: what is claimed ends there
    whys: dict[str, None] = {"before_first": None}
    for anchor, problems in _links(heard):
        whys.update(dict.fromkeys(problems))
        if anchor.error is None:
            whys.setdefault("clock_in_doubt")
            continue
        if whys:
            begin = since if upto is None or upto.error is None else upto.at - upto.error
            end = anchor.at + anchor.error
            for why in whys:
                yield Span(begin, max(begin, end), why, upto.seq if upto else None, anchor.seq)
        upto, whys = anchor, {}
    if upto is None or upto.error is None:
        yield Span(since, until, "before_first", None, None)
    elif upto.at - upto.error < until:
        for why in {"not_heard": None, **whys}:
            yield Span(upto.at - upto.error, until, why, upto.seq, None)


def _links(heard: Sequence[Heard]) -> Iterator[tuple[Heard, list[str]]]:
    """Each anchor, with what keeps it from holding together with the one before it."""
    before: Heard | None = None
    between: list[str] = []
    lost, seq = False, None
    gates: dict[str, str] = {}
    for fact in heard:
        if seq is not None and fact.seq != seq + 1:
            between.append("gap")
        seq = fact.seq
        between += _breaks(fact)
        if fact.kind == FactKind.AGENT_STARTED:
            gates = {}
        elif fact.kind == FactKind.HEARTBEAT and any(gates.get(one, at) != at for one, at in fact.gates.items()):
            between.append("gate_disagrees")
        gates.update(fact.gates)
        if fact.kind in ANCHORS:
            if before is not None:
                between += _between(before, fact)
            if lost or fact.lost:
                between.append("device_lost")
            yield fact, between
            before, between, lost = fact, [], fact.lost


def _breaks(fact: Heard) -> list[str]:
    """What this fact says against the time since the anchor before it."""
    if fact.boot is None:
        return ["erased"]
    if fact.kind == FactKind.CLOCK_STEPPED:
        return ["clock_stepped"]
    if fact.kind == FactKind.DEVICE_LOST:
        return ["device_lost"]
    return ["clock_in_doubt"] if fact.error is None else []


def _between(before: Heard, after: Heard) -> list[str]:
    if after.kind == FactKind.AGENT_STARTED or before.boot != after.boot:
        return ["agent_started"]
    every = before.every or after.every
    passed = timedelta(microseconds=after.mono_us - before.mono_us)
    if every is None or passed > 2 * every or passed < timedelta(0) or after.at < before.at:
        return ["no_heartbeat"]
    return []


def _blocked(heard: Sequence[Heard]) -> Iterator[Span]:
    for fact in heard:
        if fact.blocked_since is not None:
            error = fact.error or timedelta(0)
            yield Span(fact.blocked_since - error, fact.at + error, "recording_blocked", None, fact.seq)


async def read_completeness(
    tx: Tx, agent: str, since: datetime, until: datetime, kinds: Sequence[str] = ()
) -> Completeness:
    """The same for what is in the database; times without a zone are UTC. Raises NotFoundError, InvalidError."""
    since, until = [at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC) for at in (since, until)]
    if until <= since:
        raise InvalidError("bad_span", "the span ends before it begins")
    key = await one(tx, _sql.agent_key, agent=agent)
    if key is None:
        raise NotFoundError("agent", agent)
    around = {"agent": agent, "since": since - SLACK, "until": until + SLACK}
    ends = await one(tx, _sql.ends, **around) or {}
    found = await rows(tx, _sql.heard, **around, low=ends["low"], high=ends["high"], kinds=list(kinds))
    return judge(agent, [_heard(row) for row in found], since, until, kinds, key["ended_at"])


def _heard(row: Row) -> Heard:
    entry = json.loads(row["entry"])
    error = None if entry["error_ms"] is None or entry["error_ms"] < 0 else timedelta(milliseconds=entry["error_ms"])
    known = Heard(
        seq=row["seq"], kind=row["kind"], at=row["at"], error=error if entry["at"] else None, boot=None,
    )  # fmt: skip
    if row["content"] is None:
        return known
    content = json.loads(row["content"])
    known, body = replace(known, boot=content["boot"], mono_us=content["mono_us"]), content["body"]
    try:
        if known.kind == FactKind.HEARTBEAT:
            beat = body_of(Heartbeat, body)
            gates = {gate.station: gate.position for gate in beat.gates if gate.position is not None}
            return replace(known, every=timedelta(seconds=beat.every_s), lost=bool(beat.lost), gates=gates)
        if known.kind == FactKind.GATE_MOVED:
            moved = body_of(GateMoved, body)
            return replace(known, gates={moved.station: moved.position})
        if known.kind == FactKind.RECORDING_BLOCKED:
            return replace(known, blocked_since=parse_time(body["since"]))
    except (MessageError, KeyError, TypeError, ValueError, OverflowError):  # a broken agent's: nothing is claimed by it
        return replace(known, boot=None)
    return known


def words(found: Completeness, most: int) -> list[str]:
    """What was found, in English and Chinese, at most `most` of each list."""
    span = f"{time_text(found.since)} – {time_text(found.until)}"
    what = ", ".join(found.kinds)
    if found.holds:
        if not what:
            return [f"{found.agent} {span}: all that it recorded is here", f"{found.agent} {span}:全部记录完整无缺"]
        return [
            f"{found.agent} {span}: no {what}: the record is complete, and there is none",
            f"{found.agent} {span}:没有发生 {what}:记录完整,且其中没有",
        ]
    lines = [f"{found.agent} {span}: not to be claimed throughout", f"{found.agent} {span}:不能就全部时段作出结论"]
    for fact in found.found[:most]:
        doubt = "" if fact.certain else " (perhaps 可能)"
        lines.append(f"  {fact.kind} {time_text(fact.at)}, fact {fact.seq}{doubt}")
    for gap in found.unclaimed[:most]:
        en, zh = WHY[gap.why]
        lines.append(f"  {time_text(gap.since)} – {time_text(gap.until)}: {gap.why}: {en} / {zh}")
    left = len(found.found[most:]) + len(found.unclaimed[most:])
    return [*lines, f"  … {left} more"] if left else lines
