"""What slot nodes and their agent say to each other."""

import pytest

from wire.errors import MessageError
from wire.messages import encode
from wire.slot_nodes import LIGHTS, Lights, Occupied, Online, decode_said, node_topic


def test_messages_come_back_and_a_later_nodes_further_words_are_passed_over() -> None:
    assert node_topic("rack-1", LIGHTS) == "sealtrail/slots/v1/rack-1/lights"
    online = Online(online=True, firmware="1", slots=["A"])
    occupied, lights = Occupied(slots={"A": True}), Lights(slots={"A": "red"})
    assert decode_said(Online, encode(online)) == online
    assert decode_said(Occupied, encode(occupied)) == occupied
    assert decode_said(Lights, encode(lights)) == lights
    assert decode_said(Online, b'{"v": 1, "online": false, "volts": 5}') == Online(online=False)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"[]", b"{}", b'{"v": 2, "slots": {}}', b'{"v": 1, "slots": {"A": 1}}', b" " * 16385, b"[" * 16384],
)
def test_what_is_no_message_is_told(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_said(Occupied, payload)
