"""What Grafana reads: every query of the dashboard runs as its role, which can read nothing else and change nothing."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import yaml

from benchmarks.measuring import START, Measurer, column
from tests.cloud.telemetry.conftest import Store
from tests.cloud.telemetry.test_service import take
from wire.sensors import UNITS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "grafana"
ROLE = "sealtrail_grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboards" / "telemetry.json").read_text("utf-8"))
(SOURCE,) = yaml.safe_load((FOLDER / "provisioning/datasources/sealtrail.yaml").read_text("utf-8"))["datasources"]
(PROVIDER,) = yaml.safe_load((FOLDER / "provisioning/dashboards/sealtrail.yaml").read_text("utf-8"))["providers"]


def as_grafana(store: Store) -> psycopg.Connection[tuple[Any, ...]]:
    address = urlsplit(store.owner)
    host = address.netloc.rpartition("@")[2]
    url = urlunsplit(address._replace(netloc=f"{ROLE}@{host}"))
    return psycopg.connect(url, autocommit=True, options="-c timezone=UTC")


def written(query: str, since: datetime, until: datetime, **variables: str) -> str:
    """The query as Grafana sends it, its macros and variables replaced."""
    query = re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 BETWEEN '{since}' AND '{until}'", query)
    query = query.replace("$__timeFrom()", f"'{since}'").replace("$__timeTo()", f"'{until}'")
    for name, value in variables.items():
        query = query.replace(f"${{{name}:sqlstring}}", f"'{value}'").replace(f"${{{name}}}", value)
    assert "$" not in query, query
    return query


def queries() -> Iterator[tuple[str, str, str]]:
    """Title, format and SQL of each query of each panel."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            assert target["datasource"]["uid"] == SOURCE["uid"]
            yield panel["title"], target["format"], target["rawSql"]


async def test_every_query_of_the_dashboard_runs_as_the_role_that_grafana_has(store: Store) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    first = measurer.tell(measurer.run(300), column("room.air", [0], [55.0], "humidity"))
    measurer.tell(measurer.run(60), at=START + timedelta(minutes=10))  # does not come
    await take(store, measurer, first, measurer.tell(measurer.run(60), at=START + timedelta(minutes=20)))
    store.gather()
    assert (SOURCE["user"], SOURCE["jsonData"]["database"]) == (ROLE, "sealtrail")
    span = (START, START + timedelta(hours=1))
    with as_grafana(store) as connection:
        site, series, width = DASHBOARD["templating"]["list"]
        assert connection.execute(site["query"].encode()).fetchall() == [("nj01",)]
        sensors = connection.execute(written(series["query"], *span, site="nj01").encode()).fetchall()
        assert [text for text, _ in sensors] == [
            "humidity · room.air · nj01.room · %", "temperature · room.air · nj01.room · °C"
        ]  # fmt: skip
        for wide in width["query"].split(","):
            about = {"site": "nj01", "series": str(sensors[1][1]), "width": wide}
            for title, shape, query in queries():
                cursor = connection.execute(written(query, *span, **about).encode())
                names = [one.name for one in cursor.description or []]
                found = cursor.fetchall()
                assert found or "width" in query, title  # an hour's or a day's bucket begins before
                assert shape == "table" or names[0] == "time", title
        raw = next(query for _, _, query in queries() if "telemetry_views.reading" in query)
        assert len(connection.execute(written(raw, *span, **about).encode()).fetchall()) == 360
        units = connection.execute("SELECT m, unit_of(m) FROM unnest(%s::text[]) m", [list(UNITS)]).fetchall()
        assert dict(units) == UNITS


async def test_the_role_reads_these_views_alone_and_changes_nothing(store: Store) -> None:
    with as_grafana(store) as connection:
        readable = connection.execute("""
            SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname = ANY ('{public,telemetry_views}')
              AND has_table_privilege(c.oid, 'SELECT')
        """).fetchall()
        assert readable == [("telemetry_views",)]
        writable = connection.execute("""
            SELECT count(*) FROM pg_class c CROSS JOIN unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS may
            WHERE relnamespace IN ('public'::regnamespace, 'telemetry_views'::regnamespace)
              AND relkind IN ('r', 'p', 'v', 'm') AND has_table_privilege(c.oid, may)
        """).fetchall()
        assert writable == [(0,)]
        for statement in ("SELECT * FROM public.telemetry_batch", "SELECT telemetry_sweep('nj01', 1)"):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction)):
                connection.execute(statement.encode())
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TEMPORARY TABLE mine (a int)")


def test_the_files_are_where_the_container_looks() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]["grafana"]
    places = dict(volume.split(":")[:2] for volume in service["volumes"])
    assert places["./grafana/dashboards"] == PROVIDER["options"]["path"]
    assert places["./grafana/provisioning"] == service["environment"]["GF_PATHS_PROVISIONING"]
    assert SOURCE["secureJsonData"]["password"] == "$__file{/secrets/database_password}"
    assert places["grafana-files"] == "/secrets"
