"""Permits and times as they are signed and read again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from custody.errors import PermitError
from custody.permits import Permit, parse_time, time_text
from tests.custody.test_passage import NOON, PERMIT


def test_a_permit_comes_back_whole() -> None:
    assert Permit.from_payload(PERMIT.payload()) == PERMIT


def test_what_is_in_a_package_comes_back_and_permits_of_before_say_nothing_of_it() -> None:
    box = replace(PERMIT.things[0], contents=("nj01/I-1", "nj01/I-2"))
    permit = replace(PERMIT, things=(box,))
    assert Permit.from_payload(permit.payload()) == permit
    assert all(set(thing) == {"kind", "id", "issue"} for thing in PERMIT.payload()["things"])


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"direction": "up"},
        {"not_after": "tomorrow"},
        {"things": [{"id": "x"}]},
        {"things": 3},
        {"things": ["x"]},
        {"things": [{"kind": "package", "id": "x", "issue": 1, "contents": 3}]},
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
