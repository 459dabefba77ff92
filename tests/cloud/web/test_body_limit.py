from collections.abc import AsyncIterator

from cloud.web.app import MAX_BODY_BYTES
from custody.roles import Role
from tests.cloud.api import Office, problem


async def test_a_body_of_unknown_length_is_read_no_further_than_it_may_go(office: Office) -> None:
    client, sent = await office.signed_in(Role.INSPECTOR), 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 16
            yield bytes(1 << 16)

    answer = await client.post("cases", content=endless(), headers={"content-type": "application/json"})
    problem(answer, 413, "too_large")
    assert sent <= MAX_BODY_BYTES + (2 << 16)
