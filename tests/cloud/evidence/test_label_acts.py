"""Labels are sent to a printer at a site: ordered, recorded, printed by the agent's own code, answered."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.evidence.label_acts import PrintOrder
from custody.roles import Role
from edge_agent.devices import Around
from edge_agent.drivers import labelprinter_sim
from edge_agent.journal.journal import Journal
from edge_agent.stations.printing import PrintDesk
from proof import jws
from tests.cloud.api import AGENT, CLOUD_KEY, Office, problem
from tests.cloud.evidence.labels import codes_in, grey
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.edge_agent.hands import Hands, counted_bytes
from wire.messages import ORDER_TYPE, body_of
from wire.printing import MAX_LABELS, PrintLabels


@pytest.fixture
async def store(office: Office) -> Warehouse:
    return await warehouse(office)


async def send(client: httpx.AsyncClient, *things: str, **change: Any) -> httpx.Response:
    asked = {"things": list(things), "agent": AGENT, "printer": "labels", "width_mm": 40, "height_mm": 30}
    return await client.post("labels/print", json=asked | change)


async def orders(office: Office) -> list[PrintLabels]:
    found = await office.rows("SELECT jws FROM agent_order WHERE kind = 'print_labels' ORDER BY created_at, id")
    tokens = [jws.verify(row["jws"], {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get, ORDER_TYPE) for row in found]
    return [body_of(PrintLabels, token["body"]) for token in tokens]


@pytest.mark.parametrize("language", ["tspl", "zpl"])
async def test_what_is_ordered_is_what_the_edges_printer_prints(
    office: Office, store: Warehouse, tmp_path: Path, language: str
) -> None:
    answer = made(await send(store.keeper, store.item, store.package, language=language))
    (order,) = await orders(office)
    around = Around(folder=tmp_path, mono_us=lambda: 0, report=lambda _: None)
    printer = labelprinter_sim.build(labelprinter_sim.Options(folder=Path("out")), around)
    journal = Journal(tmp_path / "journal", Hands().clock, counted_bytes())
    assert PrintDesk({"labels": printer}, journal, lambda: 0).print_labels("o1", order) is None
    journal.close()
    texts = {row["thing"]: row["text"] for row in await office.rows("SELECT thing, text FROM label")}
    printed = [codes_in(grey(path.read_bytes())) for path in sorted((tmp_path / "out").glob("*.png"))]
    assert printed == [[texts[store.item]], [texts[store.package]]]
    (record,) = await office.rows("SELECT index, content FROM record WHERE kind = 'labels_sent'")
    assert record["index"] == answer["index"]
    content = json.loads(record["content"])
    assert content["labels"] == [{"thing": store.item, "issue": 1}, {"thing": store.package, "issue": 1}]
    assert (await store.keeper.get(f"items/{store.item}")).json()["index"] == answer["index"]


async def test_many_labels_are_several_orders(office: Office, store: Warehouse) -> None:
    new = {"case_id": store.case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    items = [made(await store.inspector.post("items", json=new))["id"] for _ in range(MAX_LABELS + 1)]
    made(await store.keeper.post("labels/batch", json={"thing_ids": items}))
    answer = made(await send(store.keeper, *items, items[0]))
    found = await orders(office)
    assert sorted(len(order.jobs) for order in found) == [1, MAX_LABELS]
    assert len(answer["orders"]) == 2
    assert {job.label for order in found for job in order.jobs} == set(items)
    large = made(await send(store.keeper, *items[:4], width_mm=100, height_mm=70, dpi=300))
    assert len(large["orders"]) == 4  # no order is larger than a message may be


async def test_what_the_agent_answered_is_told(office: Office, store: Warehouse) -> None:
    (order,) = made(await send(store.keeper, store.item))["orders"]
    told = PrintOrder.model_validate((await store.keeper.get(f"labels/orders/{order}")).json())
    assert told == PrintOrder(id=order, agent=AGENT, answer=None, problem=None)
    problem(await store.keeper.get("labels/orders/nj01/O-NONE"), 404, "not_found")


async def test_what_cannot_be_printed_is_told(office: Office, store: Warehouse) -> None:
    problem(await send(store.keeper, store.item, agent="nj01.nobody"), 404, "not_found")
    problem(await send(store.keeper, store.case), 404, "not_found")
    problem(await send(store.keeper, store.item, width_mm=20, height_mm=15), 422, "label_too_small")
    problem(await send(store.keeper, store.item, width_mm=120, height_mm=150, dpi=600), 422, "label_too_large")
    problem(await send(store.keeper, store.item, dpi=204), 422, "invalid")
    problem(await send(await office.signed_in(Role.AUDITOR), store.item), 403, "forbidden")
    assert await orders(office) == []
