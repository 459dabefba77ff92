from pathlib import Path

import httpx
import psycopg
import pytest

from cloud.errors import CloudError
from cloud.people.access import HEADER
from cloud.web.app import MAX_BODY_BYTES, create_app
from cloud.web.errors import status_of
from cloud.web.headers import HEADERS
from custody.roles import Role
from tests.cloud.api import API, Office, problem
from tests.cloud.conftest import Database

JSON = {"content-type": "application/json"}


def subclasses(kind: type[CloudError]) -> set[type[CloudError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


async def test_every_answer_carries_the_security_headers(office: Office) -> None:
    client = await office.visitor()
    for path in ("/healthz", f"{API}/session", f"{API}/nowhere", "/nowhere"):
        answer = await client.get(f"http://test{path}")
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]


async def test_whatever_goes_wrong_is_a_problem(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    problem(await client.get("nowhere"), 404, "not_found")
    problem(await client.get("http://test/nowhere"), 404, "not_found")
    problem(await client.patch("cases"), 405, "method_not_allowed")
    problem(await client.post("cases", content=b"{", headers=JSON), 422, "invalid")
    problem(await client.post("cases", content=b'{"number": "1", "title": "x"}'), 422, "invalid")
    problem(await client.post("cases", json=["not", "an", "object"]), 422, "invalid")
    problem(await client.post("cases", content=b"\xff\xfe", headers=JSON), 422, "invalid")
    deep = b"[" * 100_000
    problem(await client.post("cases", content=deep, headers=JSON), 400, "bad_request")
    problem(await client.post("cases", json={"number": "1", "title": "x" * MAX_BODY_BYTES}), 413, "too_large")


async def test_a_wrong_type_is_answered_with_the_field_and_nothing_is_done(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    case = (await client.post("cases", json={"number": "1", "title": "t"})).json()["id"]
    good = {"case_id": case, "name": "x", "quantity": 1, "unit": "件"}
    wrong = [("quantity", "many"), ("quantity", 0), ("quantity", 2**31), ("quantity", 1.5), ("name", ""), ("name", " "),
             ("unit", None), ("case_id", "no id"), ("case_id", 7)]  # fmt: skip
    for field, value in wrong:
        body = problem(await client.post("items", json=good | {field: value}), 422, "invalid")
        assert [fault["field"] for fault in body["errors"]] == [f"body.{field}"]
    problem(await client.post("items", json=good | {"case_id": "nj01/C-NONE"}), 404, "not_found")
    problem(await client.get("items", params={"state": "lost"}), 422, "invalid")
    problem(await client.get("items", params={"q": "a\x00"}), 422, "invalid")
    problem(await client.get("items", params={"limit": 0}), 422, "invalid")
    assert (await client.get("items")).json()["rows"] == []


async def test_a_bug_of_ours_is_a_500_that_tells_nothing_of_the_inside(office: Office) -> None:
    @office.app.get(f"{API}/broken")
    async def broken() -> None:
        raise ZeroDivisionError("the secret")

    answer = await (await office.visitor()).get("broken")
    assert "secret" not in str(problem(answer, 500, "internal"))


async def test_a_database_that_is_gone_is_a_503_and_the_process_is_not_ready(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    assert (await client.get("http://test/readyz")).json() == {"status": "ok"}
    await office.parts.pool.close()
    problem(await client.get("session"), 503, "database_gone")
    assert (await client.get("http://test/readyz")).status_code == 503
    assert (await client.get("http://test/healthz")).status_code == 200


async def test_a_schema_that_is_not_this_programs_is_not_ready(office: Office, database: Database) -> None:
    client = await office.visitor()
    with psycopg.connect(database.owner, autocommit=True) as connection:
        connection.execute("DELETE FROM migration WHERE name LIKE '0002%'")
    answer = await client.get("http://test/readyz")
    assert answer.status_code == 503
    assert "sealtrail cloud migrate" in answer.json()["status"]


async def test_metrics_count_requests_by_route_and_the_ledgers_entries(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    case = (await client.post("cases", json={"number": "1", "title": "t"})).json()
    await client.get(f"cases/{case['id']}")
    text = (await client.get("http://test/metrics")).text
    assert 'sealtrail_http_requests_total{method="GET",route="/cases/{id:path}",status="200"} 1.0' in text
    assert f'sealtrail_ledger_entries{{site="nj01"}} {float(case["index"] + 1)}' in text
    assert "sealtrail_live_watchers 0.0" in text


async def test_long_answers_are_compressed_and_short_ones_are_not(office: Office) -> None:
    client = await office.signed_in(Role.INSPECTOR)
    for number in range(20):
        await client.post("cases", json={"number": str(number), "title": "the same words again"})
    assert (await client.get("cases")).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get("session")).headers


@pytest.mark.parametrize("kind", sorted(subclasses(CloudError), key=str))
def test_every_error_has_a_diagnosis_of_its_own_kind(kind: type[CloudError]) -> None:
    assert kind.diagnosis.endswith((".", "`."))
    assert status_of(kind.__new__(kind)) in {401, 403, 404, 409, 412, 413, 422, 429, 500, 503, 507}


async def test_the_document_is_served_and_no_page_from_elsewhere(office: Office) -> None:
    client = await office.visitor()
    document = (await client.get("openapi.json")).json()
    assert document["paths"]["/api/v1/cases"]["post"]["operationId"] == "open_case"
    assert "Problem" in document["components"]["schemas"]
    for path in ("/docs", "/redoc"):
        assert (await client.get(f"http://test{path}")).status_code == 404


async def test_the_console_is_served_with_its_page_for_every_route_of_its_own(office: Office, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>Sealtrail</title>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    app = create_app(office.parts, passwords=office.passwords, console=tmp_path)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for path in ("/", "/live", "/things/nj01/I-1", "/agents/nj01.gate-a", "/index.html"):
            page = await client.get(path)
            assert (page.status_code, page.text) == (200, "<title>Sealtrail</title>")
            assert page.headers["cache-control"] == "no-cache"
        assert "immutable" in (await client.get("/assets/app-1a2b.js")).headers["cache-control"]
        problem(await client.get("/assets/gone.js"), 404, "not_found")
        problem(await client.get("/api/v1/nowhere"), 404, "not_found")
        problem(await client.get("/api/v2/anything"), 404, "not_found")
        assert "root:" not in (await client.get("/../../etc/passwd")).text
        problem(await client.post("/live", headers={HEADER: "1"}), 405, "method_not_allowed")
