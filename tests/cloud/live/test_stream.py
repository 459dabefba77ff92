import asyncio
from datetime import timedelta
from typing import Any

from starlette.types import Message

from cloud.live.hub import Hub
from cloud.live.stream import LiveResponse
from tests.cloud.api import Office


async def test_a_stream_ends_by_itself_when_its_time_is_up(office: Office) -> None:
    hub: Hub = office.app.state.hub
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await never

    scope: dict[str, Any] = {"type": "http"}
    response = LiveResponse(hub, "nj01", None, lasts=timedelta(seconds=3))
    await asyncio.wait_for(response(scope, receive, send), 240)
    assert sent[0]["type"] == "http.response.start"
    assert b"".join(message.get("body", b"") for message in sent) == b"retry: 1000\n\nid: -1\n\n"
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert hub.watching == 0
