"""What is used of the library that speaks WebRTC; loaded when somebody looks for the first time."""

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay
from aiortc.exceptions import InvalidStateError, OperationError

__all__ = [
    "InvalidStateError",
    "MediaRelay",
    "OperationError",
    "RTCConfiguration",
    "RTCIceServer",
    "RTCPeerConnection",
    "RTCSessionDescription",
]
