"""What crosses the gap while somebody looks through a camera: the order to show it. The pictures go by WebRTC."""

import msgspec


class IceServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A STUN or TURN server by which agent and cloud find each other, with what it is to be told."""

    urls: str
    username: str | None = None
    credential: str | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the order `look`: show the camera of `station` for the view `view`, until then at the longest.

    The agent offers its pictures at `/api/v1/live-views/whip/<view>` (WHIP, RFC 9725), with a token like those of its
    uploads over the digest of its offer.
    """

    view: str
    station: str
    until: str
    ice: list[IceServer] = []


SDP_TYPE = "application/sdp"
MAX_SDP_BYTES = 1 << 16
