"""A ticket that a city sends to a county: who sees it, who does what about it, and that nobody else's unit does."""

from typing import Any

import httpx

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.people.derived import holds
from tests.cloud.people.test_units import organised
from tests.cloud.tickets.desk import client_of

__all__ = ["organised"]

BODY = {"type": "abnormal_flow", "title": "真烟异常流动", "words": "请到现场核查", "site": "nj01"}


async def step(client: httpx.AsyncClient, ticket: int, name: str, **more: Any) -> httpx.Response:
    body = {"step": name, "words": f"{name} 说明", **more}
    return await client.post(f"tickets/{ticket}/steps", json=body, params={"site": "nj01"})


async def test_sent_down_seen_by_both_ends_answered_there_and_evaluated_by_whoever_sent_it(organised: Office) -> None:
    sender = await client_of(organised, await organised.person(Role.SUPERVISOR, site="js00"))
    colleague = await organised.signed_in(Role.SUPERVISOR, Role.OPERATOR, site="js00")
    inspector = await organised.person(Role.INSPECTOR, site="nj01")
    doer = await client_of(organised, inspector)
    other = await organised.signed_in(Role.LEADER, site="sz01")
    problem(await (await organised.signed_in(Role.INSPECTOR, site="js00")).post("tickets", json=BODY), 403, "no_role")
    problem(await other.post("tickets", json=BODY), 403, "forbidden")
    problem(await doer.post("tickets", json={**BODY, "site": "js00"}), 403, "forbidden")
    problem(await sender.post("tickets", json={**BODY, "assigned_to": "js00/U-NOBODY"}), 422, "not_an_answerer")
    ticket = (await sender.post("tickets", json=BODY)).json()["ticket"]

    (row,) = (await sender.get("tickets", params={"sent": True})).json()["rows"]
    assert (row["site"], row["index"], row["assigned_to"]) == ("nj01", ticket, inspector.id)  # routed there
    assert [each["ticket"] for each in (await doer.get("tickets/waiting")).json()["rows"]] == [ticket]
    assert (await colleague.get("tickets", params={"site": "nj01"})).json()["rows"][0]["index"] == ticket
    assert (await colleague.get("tickets", params={"sent": True})).json()["rows"] == []
    assert (await other.get(f"tickets/{ticket}", params={"site": "nj01"})).status_code == 403
    assert (await sender.get("tickets")).json()["rows"] == []

    problem(await step(colleague, ticket, "urge"), 403, "forbidden")  # read down, never write down
    problem(await step(colleague, ticket, "check"), 403, "forbidden")
    shown = (await colleague.get(f"tickets/{ticket}", params={"site": "nj01"})).json()
    assert (shown["may"], shown["entries"][0]["told"]["sent_from"]) == ([], "js00")
    assert (await step(sender, ticket, "urge")).status_code == 201
    for name in ("check", "reply"):
        assert (await step(doer, ticket, name)).status_code == 201
    (waits,) = (await sender.get("tickets/waiting")).json()["rows"]
    assert (waits["site"], waits["step"], waits["mine"]) == ("nj01", "evaluate", True)
    photos = ["0" * 64]
    problem(await sender.post("tickets", json={**BODY, "photos": photos}), 422, "photos_stay")
    assert (await step(sender, ticket, "evaluate", satisfied=True)).status_code == 201
    await holds(organised, "nj01")
