"""The messages: facts and their batches going up, orders coming down. Plain JSON a person can read.

Bodies of the kinds that custody looks into are typed here, for both sides; a fact of any other kind is kept as it is.
"""

from typing import Any, Literal, TypeVar

import msgspec

from wire.errors import MessageError
from wire.releases import UpdateState

T = TypeVar("T", bound=msgspec.Struct)

MAX_BATCH_BYTES = 1 << 20
MAX_BATCH_FACTS = 1000
MAX_FACT_BYTES = 64 << 10


class ClockReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the time came from and how wrong it can be; `error_ms` is null where nobody knows."""

    source: str
    error_ms: int | None


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sealed fact. `at` RFC 3339 UTC with microseconds; `mono_us` since boot `boot`; `salt` 16 bytes in hex."""

    seq: int
    kind: str
    at: str
    boot: str
    mono_us: int
    clock: ClockReading
    device: str
    salt: str
    body: dict[str, Any]


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive facts under one signed statement."""

    jws: str
    facts: list[Fact]


class AgentStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `agent_started`: the rule pack in force there, and all that it has (agents of old do not tell).

    `cameras` are those that are filmed, `watches` the stations that only watch.
    """

    software: str = ""
    rule_pack: str = ""
    rule_packs: list[str] = []
    cameras: int = 0
    watches: list[str] = []


class SightBody(msgspec.Struct, frozen=True):
    """One text in sight: see custody.passage.Sight. `id` is the text (at most 200 characters) when not genuine."""

    genuineness: str
    id: str
    kind: str | None = None
    issue: int = 0
    copies: int = 1


class PictureBody(msgspec.Struct, frozen=True):
    """The still kept beside a fact and uploaded apart: hex SHA-256 of the JPEG, its size in bytes and pixels."""

    sha256: str
    bytes: int
    width: int
    height: int


class UseBody(msgspec.Struct, frozen=True):
    """A permit spent on a thing."""

    permit: str
    thing: str


class PassageDecided(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `passage_decided`: what was in sight, who was present, what was decided under which rules."""

    station: str
    direction: Literal["in", "out"]
    sights: list[SightBody]
    people: list[str]
    outcome: Literal["allowed", "refused"]
    rule: str
    reason: str | None = None
    subject: str | None = None
    uses: list[UseBody] = []
    rule_pack: str
    picture: PictureBody | None = None


class PassageCrossed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `passage_crossed`: the beams saw somebody go through; `decision` is the seq of the decision, if any."""

    station: str
    direction: Literal["in", "out"]
    decision: int | None
    things: list[str]


class PassageAbandoned(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `passage_abandoned`: the gate was open and nobody went through; the permits are unspent again."""

    station: str
    decision: int
    uses: list[UseBody]


class GateMoved(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `gate_moved`: what the gate's own sensor says."""

    station: str
    position: Literal["open", "closed"]


class ThingBody(msgspec.Struct, frozen=True):
    """A thing by its label."""

    kind: str
    id: str
    issue: int


class StepDecided(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `step_decided`: at a rack, somebody showed things to take the step `action` under the cloud's `task`.

    `people` of an allowed one are those whose hands it rests on, of a refused one all whose passes were seen; `details`
    are the step's, with `slot`, whose label was shown. `task` is null where no task was asked: then it is refused.
    """

    station: str
    task: str | None
    action: str
    things: list[ThingBody]
    people: list[str]
    details: dict[str, Any] = {}
    outcome: Literal["allowed", "refused"]
    rule: str
    reason: str | None = None
    subject: str | None = None
    rule_pack: str
    picture: PictureBody | None = None


class SlotChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `slot_changed`: what the slot's own sensor says; after a start, what it says now when it is news."""

    station: str
    slot: str
    occupied: bool


class WeightMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `weight_measured`: the scale of a rack stands still at another weight than before.

    `thing` is the one whose label was shown lately; null where none or several were, or the scale is doubted.
    """

    station: str
    thing: str | None
    weight_g: int
    stable: bool


class OrderAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `order_answered`: order `order` was done, or could not be (`problem`)."""

    order: str
    outcome: Literal["done", "refused"]
    problem: str | None = None


class OrderDistrusted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `order_distrusted`: `count` messages where orders come were unsigned or unreadable; about the last."""

    count: int
    problem: str
    bytes: int
    sha256: str


class GateState(msgspec.Struct, frozen=True, kw_only=True):
    """One gate as its own sensors have it: null and an empty list where they have said nothing yet.

    `broken` are the sides whose beam is broken now: in is the outer one.
    """

    station: str
    position: Literal["open", "closed"] | None
    broken: list[Literal["in", "out"]] = []


class RackState(msgspec.Struct, frozen=True, kw_only=True):
    """One rack as its own sensors have it: the slots in which something lies."""

    station: str
    occupied: list[str] = []


class DoorState(msgspec.Struct, frozen=True, kw_only=True):
    """One door as its own contact has it: null where that has said nothing yet."""

    station: str
    position: Literal["open", "closed"] | None


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `heartbeat`: the agent is at work, and how everything stands while nothing happens.

    `every_s` is how often one comes, `uptime_s` since the agent's start; `waiting` facts have no receipt yet.
    """

    every_s: float
    uptime_s: int
    waiting: int
    free_bytes: int
    lost: list[str]
    gates: list[GateState]
    racks: list[RackState] = []
    doors: list[DoorState] = []
    update: UpdateState | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Payload of an order's JWS (type ORDER_TYPE). `body` by kind:

    permit: {"permit": <the permit's own JWS>}; revoke_permit: {"permit": id}; hold, lift_hold: {"things": [id, …]};
    resend: {"from": seq}; task: {"task": <the task's own JWS>}; revoke_task: {"task": id};
    light_slot: {"slot": id, "things": [id, …], "until": time}; dark_slot: {"slot": id}; print_labels: wire.printing;
    light_list, stop_list: wire.racks;
    resume: {"upto": seq, "head": hex} (what the ledger has of this agent);
    update: wire.releases.Update;
    rule_pack: {"hash": hex, "content": the pack, "adopted": the ledger entry that put it in force at the site or null}.
    """

    v: int = 1
    id: str
    agent: str
    kind: str
    at: str
    body: dict[str, Any]


ORDER_TYPE = "sealtrail-order+jws"


class Birth(msgspec.Struct, frozen=True, kw_only=True):
    """Retained on the birth topic; the last will has `online` false and nothing else."""

    online: bool
    software: str = ""
    boot: str = ""
    rule_pack: str = ""
    at: str = ""


_batch = msgspec.json.Decoder(Batch)
_birth = msgspec.json.Decoder(Birth)
_encoder = msgspec.json.Encoder()


def encode(message: msgspec.Struct) -> bytes:
    """The JSON bytes of `message`."""
    return _encoder.encode(message)


def decode_batch(payload: bytes) -> Batch:
    """The batch in `payload`. Raises MessageError when it is none; nothing is verified yet."""
    if len(payload) > MAX_BATCH_BYTES:
        raise MessageError(f"a batch of {len(payload)} bytes; {MAX_BATCH_BYTES} is the most")
    try:
        batch = _batch.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(f"not a batch of facts: {error}") from error
    if not 1 <= len(batch.facts) <= MAX_BATCH_FACTS:
        raise MessageError(f"a batch of {len(batch.facts)} facts; 1 to {MAX_BATCH_FACTS} are allowed")
    return batch


def decode_birth(payload: bytes) -> Birth:
    """The birth or last will in `payload`. Raises MessageError."""
    try:
        return _birth.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(f"not a birth message: {error}") from error


def body_of(kind: type[T], body: dict[str, Any]) -> T:
    """`body` as `kind`. Raises MessageError when it does not fit."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise MessageError(f"not a body of {kind.__name__}: {error}") from error


def to_body(body: msgspec.Struct) -> dict[str, Any]:
    """A typed body as the plain JSON object a fact carries."""
    return dict(msgspec.to_builtins(body))
