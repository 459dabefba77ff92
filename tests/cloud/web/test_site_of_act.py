"""Nobody believes that they acted at another site: a change that names one is refused, by every route."""

import re
from collections.abc import Iterator

from cloud.web.app import API, openapi
from custody.roles import Role
from tests.cloud.api import Office, problem

READS = {"get", "head", "options"}


def writes() -> Iterator[tuple[str, str, bool]]:
    """Every route that changes something: method, address, and whether it says what its `site` is."""
    for path, item in openapi(examples=False)["paths"].items():
        for method, operation in item.items():
            if method not in READS and path.startswith(API):
                named = {
                    parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
                }
                yield method, re.sub(r"\{\w+\}", "1", path.removeprefix(f"{API}/")), "site" in named


async def test_a_change_that_names_a_site_is_refused_by_every_route(office: Office) -> None:
    client, asked = await office.signed_in(*Role), list(writes())
    assert len(asked) > 60
    for method, url, takes_site in asked:
        answer = await client.request(method, url, params={"site": "nj01"}, json={})
        if takes_site:
            assert answer.json()["code"] != "site_of_act", url
        else:
            assert "nj01" in problem(answer, 422, "site_of_act")["detail"], url
    assert [url for _, url, takes_site in asked if takes_site] == ["tickets/1/steps"]
    assert (await client.get("cases", params={"site": "nj01"})).is_success


async def test_a_change_with_a_key_that_names_a_site_is_refused_too(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    new, key = {"number": "1", "title": "x"}, {"Idempotency-Key": "a"}
    problem(await client.post("cases?site=nj01", json=new, headers=key), 422, "site_of_act")
    assert await office.rows("SELECT FROM evidence_case") == []
