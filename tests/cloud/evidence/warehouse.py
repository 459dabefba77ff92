"""A case with an item, sealed in a package, labelled: what most acts need first."""

from dataclasses import dataclass
from typing import Any

import httpx

from custody.roles import Role
from tests.cloud.api import AGENT, Office
from tests.cloud.evidence.crew import Crew

DAY = {"not_before": "2026-11-22T03:00:00Z", "not_after": "2026-11-22T11:00:00Z"}


@dataclass
class Warehouse:
    """People of each role at one site, and one package."""

    office: Office
    crew: Crew
    inspector: httpx.AsyncClient
    keeper: httpx.AsyncClient
    approver: httpx.AsyncClient
    case: str
    item: str
    package: str

    async def stand(self, state: str) -> None:
        """The package and its item are in `state`, as passages made them."""
        await self.office.as_owner("UPDATE package SET state = %s", state)
        await self.office.as_owner("UPDATE item SET state = %s", state)

    def permit(self, direction: str, **change: Any) -> dict[str, Any]:
        """What a permit for the package is asked with."""
        asked = {"agent": AGENT, "stations": ["gate-a"], "direction": direction, "things": [self.package]}
        return asked | DAY | change


async def warehouse(office: Office, *, handed_over: bool = False) -> Warehouse:
    """One case, one item in one sealed package, both labelled, one agent; `handed_over` to the keeper."""
    await office.agent()
    crew = Crew(office)
    inspector, keeper, approver = [await crew.person(role) for role in (Role.INSPECTOR, Role.KEEPER, Role.APPROVER)]
    case = made(await inspector.post("cases", json={"number": "宁烟立〔2026〕第1号", "title": "无证运输"}))["id"]
    new = {"case_id": case, "name": "卷烟", "quantity": 50, "unit": "条"}
    item = made(await inspector.post("items", json=new))["id"]
    (package,) = (await crew.do("seal", item, by=(Role.KEEPER, Role.INSPECTOR), seal_number="F01"))["made"]
    if handed_over:
        await crew.do("handover", package, by=(Role.INSPECTOR, Role.KEEPER))
    for thing in (item, package):
        made(await keeper.post("labels", json={"thing_id": thing}))
    return Warehouse(office, crew, inspector, keeper, approver, case, item, package)


def made(response: httpx.Response) -> Any:
    """What a successful act answered."""
    assert response.status_code == 201, response.text
    return response.json()
