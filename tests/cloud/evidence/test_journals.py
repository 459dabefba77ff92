"""What agents say of their journals and clocks: short of room, made anew, salvaged, set back (N4, N6)."""

from typing import Any

import pytest

from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor

RENEWED = {
    "why": "damaged", "after": 7, "head": "0" * 64, "kept_as": "old/1", "salvaged": 1, "unreadable": [[3, 4]],
    "unknown_from": None, "permits_dropped": False,
}  # fmt: skip


@pytest.fixture
async def built(office: Office, clock: Clock) -> Floor:
    return await floor(office, clock)


def salvaged(seq: int, head: str) -> dict[str, Any]:
    return {"seq": seq, "salt": "00" * 16, "head": head, "sha256": "1" * 64, "content": {"kind": "heartbeat"}}


async def test_a_full_disk_is_an_alarm_until_there_is_room(built: Floor) -> None:
    await built.tell("space_short", {"free_bytes": 4096, "reserve_left": 1 << 20})
    assert await built.living() == {("space_short", AGENT)}
    await built.tell("space_back", {"not_recorded": {"heartbeat": 12}})
    assert await built.living() == set()


async def test_a_journal_that_was_made_anew_is_the_highest_alarm_and_names_what_is_lost(built: Floor) -> None:
    await built.tell("journal_renewed", RENEWED)
    (alarm,) = await built.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'journal_renewed'")
    assert alarm["severity"] == "critical"
    assert alarm["detail"]["unreadable"] == [[3, 4]]


async def test_a_salvaged_fact_that_the_ledger_has_is_no_news_and_any_other_is_an_alarm(built: Floor) -> None:
    seq = await built.tell("heartbeat", {"every_s": 60.0})
    head = built.walk.teller.heads[seq].hex()
    await built.tell("fact_salvaged", salvaged(seq, head))
    assert await built.living() == set()
    await built.tell("fact_salvaged", salvaged(seq, "ab" * 32))
    assert await built.living() == {("fact_salvaged", AGENT)}


async def test_a_clock_set_back_is_named_and_one_set_forward_is_not(built: Floor) -> None:
    await built.tell("clock_stepped", {"by_ms": 86_400_000})
    assert await built.living() == set()
    await built.tell("clock_stepped", {"by_ms": -3_600_000, "while_off": True})
    assert await built.living() == {("clock_set_back", AGENT)}


@pytest.mark.parametrize(
    ("kind", "body"), [("space_short", {}), ("journal_renewed", {**RENEWED, "why": "x"}), ("fact_salvaged", {"seq": 1})]
)
async def test_what_cannot_be_read_of_it_is_kept_and_alarms(built: Floor, kind: str, body: dict[str, Any]) -> None:
    await built.tell(kind, body)
    assert await built.living() == {("malformed_fact", AGENT)}
