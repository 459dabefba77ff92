"""A case with an item, sealed in a package, labelled: what most acts need first."""

from dataclasses import dataclass
from typing import Any

import httpx

from custody.roles import Role
from tests.cloud.api import AGENT, Office

DAY = {"not_before": "2026-11-22T03:00:00Z", "not_after": "2026-11-22T11:00:00Z"}


@dataclass
class Warehouse:
    """People of each role at one site, and one package."""

    office: Office
    inspector: httpx.AsyncClient
    keeper: httpx.AsyncClient
    approver: httpx.AsyncClient
    case: str
    item: str
    package: str

    async def stand(self, state: str) -> None:
        """The package and its item are in `state`, as passages made them."""
        await self.office.execute("UPDATE package SET state = %s", state)
        await self.office.execute("UPDATE item SET state = %s", state)

    def permit(self, direction: str, **change: Any) -> dict[str, Any]:
        """What a permit for the package is asked with."""
        asked = {"agent": AGENT, "stations": ["gate-a"], "direction": direction, "things": [self.package]}
        return asked | DAY | change


async def warehouse(office: Office) -> Warehouse:
    """One case, one item in one sealed package, both labelled, one agent."""
    await office.agent()
    inspector, keeper, approver = [
        await office.signed_in(role) for role in (Role.INSPECTOR, Role.KEEPER, Role.APPROVER)
    ]
    case = made(await inspector.post("cases", json={"number": "宁烟立〔2026〕第1号", "title": "无证运输"}))["id"]
    new = {"case_id": case, "name": "卷烟", "quantity": 50, "unit": "条"}
    item = made(await inspector.post("items", json=new))["id"]
    sealed = {"case_id": case, "item_ids": [item], "seal_number": "F1"}
    package = made(await keeper.post("packages", json=sealed))["id"]
    for thing in (item, package):
        made(await keeper.post("labels", json={"thing_id": thing}))
    return Warehouse(office, inspector, keeper, approver, case, item, package)


def made(response: httpx.Response) -> Any:
    """What a successful act answered."""
    assert response.status_code == 201, response.text
    return response.json()
