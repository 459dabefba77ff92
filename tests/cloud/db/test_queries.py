from pathlib import Path

import pytest

import cloud
from cloud.db.queries import Queries, load_queries

FILES = [path for path in Path(cloud.__file__).parent.rglob("*.sql") if "migrations" not in path.parts]


def test_each_name_is_an_attribute() -> None:
    queries = Queries("-- a comment\n-- name: one\nSELECT 1\n\n-- name: two\n-- what it is for\nSELECT 2\n")
    assert queries.one == b"SELECT 1"
    assert queries.two == b"-- what it is for\nSELECT 2"
    with pytest.raises(AttributeError, match="three"):
        queries.three  # noqa: B018 - reading it is the test


def test_two_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="two queries of one name"):
        Queries("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_of_ours_can_be_read_and_every_query_is_used(path: Path) -> None:
    sources = "".join(source.read_text("utf-8") for source in path.parent.glob("*.py"))
    names = list(load_queries(str(path), path.name))
    assert names
    # By name, or from a list of tables that are all read alike.
    assert [name for name in names if f".{name}" not in sources and f'"{name}"' not in sources] == []
