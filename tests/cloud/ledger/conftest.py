"""One walked database a run; each case of tampering gets a clone of it. And the public log is read over HTTP."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.db.embedded import APP, OWNER, EmbeddedServer
from tests.cloud.api import office, parts
from tests.cloud.conftest import Database
from tests.cloud.ledger.walked import Walked, walk

__all__ = ["office", "parts"]


@pytest.fixture(scope="session")
def walked(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    name, folder = "template_walked", tmp_path_factory.mktemp("walked")
    server.create(name, template)
    return Walked(name, folder, asyncio.run(walk(server.url(name, APP), folder)))


@pytest.fixture
def tampered(server: EmbeddedServer, walked: Walked, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A clone of the walked database, for one case."""
    name = f"walked_{abs(hash(request.node.name)) % 10**9}"
    server.create(name, walked.name)
    yield Database(name, server.url(name, OWNER), server.url(name, APP))
    server.drop(name)


@pytest.fixture
def media(walked: Walked, tmp_path: Path) -> Path:
    """A copy of its stills."""
    return walked.media(tmp_path / "media")
