"""Tickets are worked at over HTTP."""

import pytest

from custody.roles import Role
from tests.cloud.api import Office, office, parts
from tests.cloud.conftest import Clock
from tests.cloud.tickets.desk import Desk, client_of

__all__ = ["office", "parts"]


@pytest.fixture
async def desk(office: Office, clock: Clock) -> Desk:
    people = [await office.person(role) for role in (Role.OPERATOR, Role.KEEPER, Role.SUPERVISOR)]
    operator, keeper, supervisor = [await client_of(office, person) for person in people]
    seats = list(zip((operator, keeper, supervisor), people, strict=True))
    return Desk(office, clock, operator, keeper, people[1].id, supervisor, seats)
