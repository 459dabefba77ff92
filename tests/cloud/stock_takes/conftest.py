import pytest

from tests.cloud.api import Office, office, parts
from tests.cloud.conftest import Clock, Database
from tests.cloud.stock_takes.shelves import Shelves, furnished

__all__ = ["office", "parts"]


@pytest.fixture
async def shelves(office: Office, clock: Clock, database: Database) -> Shelves:
    return await furnished(office, clock, database)
