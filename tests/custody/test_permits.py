"""Permits and times as they are signed and read again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from custody.errors import PermitError
from custody.permits import Permit, parse_time, time_text
from tests.custody.test_passage import NOON, PERMIT


def test_a_permit_comes_back_whole() -> None:
    assert Permit.from_payload(PERMIT.payload()) == PERMIT


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"direction": "up"},
        {"not_after": "tomorrow"},
        {"things": [{"id": "x"}]},
        {"things": 3},
        {"entry": "x"},
    ],
)
def test_another_form_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(PermitError):
        Permit.from_payload(PERMIT.payload() | change)


def test_a_missing_member_is_refused() -> None:
    for name in PERMIT.payload():
        payload = PERMIT.payload()
        del payload[name]
        with pytest.raises(PermitError):
            Permit.from_payload(payload)


def test_times_have_one_spelling() -> None:
    assert time_text(NOON) == "2026-11-22T12:00:00.000000Z"
    assert time_text(datetime(2026, 11, 22, 20, tzinfo=timezone(timedelta(hours=8)))) == time_text(NOON)
    assert parse_time("2026-11-22T12:00:00.000001Z") == datetime(2026, 11, 22, 12, 0, 0, 1, UTC)
    for text in ("2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000000+00:00", "2026-11-22T12:00:00.000000", "", "x"):
        with pytest.raises(ValueError):
            parse_time(text)
    with pytest.raises(ValueError):
        time_text(datetime(2026, 11, 22))  # noqa: DTZ001  # a time without a zone is what is refused
