"""What slot nodes and their agent say to each other over the site's local broker. Plain JSON, QoS 1, all retained.

| topic under `sealtrail/slots/v1/<node>/` | who says it | what |
|---|---|---|
| `online` | the node; the broker when it vanished (last will) | whether it is there, its firmware, which slots it has |
| `occupied` | the node, at the start and at every change | what lies in each of its slots |
| `lights` | the agent; the broker, with none, when it vanished | which slots show which light; the rest are dark |
"""

from typing import Literal, TypeVar

import msgspec

from wire.errors import MessageError

ROOT = "sealtrail/slots/v1"
ONLINE = "online"
OCCUPIED = "occupied"
LIGHTS = "lights"
NODE = r"^[a-z0-9][a-z0-9-]{0,31}$"
MAX_BYTES = 16 << 10


class Online(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the node is there."""

    v: Literal[1] = 1
    online: bool
    firmware: str = ""
    slots: list[str] = []


class Occupied(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something lies in each slot."""

    v: Literal[1] = 1
    slots: dict[str, bool]


class Lights(msgspec.Struct, frozen=True, kw_only=True):
    """Which slots show what: green, red, amber, or the blue, violet or white of a list; `blink` are those that blink.

    A node of firmware 1 knows neither: it shows what blinks without blinking, and the colours of lists not at all.
    """

    v: Literal[1] = 1
    slots: dict[str, str]
    blink: list[str] = []


T = TypeVar("T", Online, Occupied, Lights)


def node_topic(node: str, channel: str) -> str:
    """Where `node` and its agent say what belongs to `channel`."""
    return f"{ROOT}/{node}/{channel}"


def decode_said(kind: type[T], payload: bytes) -> T:
    """The message in `payload`. Raises MessageError when it is none."""
    if len(payload) > MAX_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes; {MAX_BYTES} is the most")
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(f"not what a slot node says: {error}") from error
