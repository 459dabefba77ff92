"""Whatever the OpenAPI document lets somebody send, and much that it does not: never a 500, always a problem."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Ok

from cloud.db.pool import transaction
from cloud.people.service import add_token
from cloud.web.app import API, openapi
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.web.test_serve import address, web, web_settings

__all__ = ["web_settings"]

EXAMPLES = 3

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
schemathesis.serializer.alias("application/sdp", "text/plain")
Operation = APIOperation[Any, Any, Any, Any]


def send_any(url: str, token: str, operation: Operation, mode: GenerationMode) -> None:
    """Sends EXAMPLES requests that fit the document, or that do not."""

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy(mode))
    def send(case: Case[Any]) -> None:
        answer = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=240)
        told = f"{case.as_curl_command()}\n{answer.status_code} {answer.text}"
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], told
            if case.method != "HEAD":  # which has no body
                assert answer.json()["status"] == answer.status_code, told

    with suppress(Unsatisfiable):  # a request without parameters cannot be wrong
        send()


@pytest.mark.timeout(900)  # six requests for each of some hundred operations
async def test_no_request_makes_a_500_or_an_error_without_a_problem(
    office: Office, web_settings: dict[str, str]
) -> None:
    person = await office.person(*Role)
    async with transaction(office.parts.pool) as tx:
        token = (await add_token(tx, office.parts.world, person, "any")).token
    schema = schemathesis.openapi.from_dict(openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    async with web(web_settings) as process:
        url = await address(process)
        for operation in operations:
            if operation.path not in (f"{API}/live", f"{API}/sites/live"):  # a stream does not end by itself
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    await asyncio.to_thread(send_any, url, token, operation, mode)
    assert len(operations) > 40
