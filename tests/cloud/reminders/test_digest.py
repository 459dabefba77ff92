"""When a message goes out: what comes together goes together, and at night only what is urgent."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.reminders.digest import Quiet, Waiting, to_tell
from cloud.reminders.words import Told, message

MINUTE, WITHIN = timedelta(minutes=1), timedelta(minutes=10)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = Quiet(time(22), time(7), SHANGHAI)
NOON, MIDNIGHT = datetime(2026, 11, 26, 4, tzinfo=UTC), datetime(2026, 11, 26, 16, tzinfo=UTC)


def waiting(number: int, ago: timedelta, at: datetime = NOON, urgent: bool = False) -> Waiting:
    return Waiting(number, at - ago, urgent)


def test_what_comes_within_the_window_goes_as_one_and_the_first_does_not_wait_longer() -> None:
    some = [waiting(1, 9 * MINUTE), waiting(2, MINUTE)]
    assert to_tell(some, WITHIN, None, NOON) == []
    assert to_tell(some, WITHIN, None, NOON + MINUTE) == [1, 2]
    assert to_tell([], WITHIN, None, NOON) == []


def test_what_is_urgent_goes_at_once_and_takes_the_others_along() -> None:
    assert to_tell([waiting(1, MINUTE), waiting(2, 0 * MINUTE, urgent=True)], WITHIN, None, NOON) == [1, 2]


def test_at_night_only_what_is_urgent_and_the_rest_in_the_morning() -> None:
    some = [waiting(1, 60 * MINUTE, MIDNIGHT), waiting(2, MINUTE, MIDNIGHT, urgent=True)]
    assert to_tell(some, WITHIN, NIGHT, MIDNIGHT) == [2]
    assert to_tell(some[:1], WITHIN, NIGHT, MIDNIGHT) == []
    assert to_tell(some[:1], WITHIN, NIGHT, MIDNIGHT + timedelta(hours=7)) == [1]


@pytest.mark.parametrize(("quiet", "hour", "holds"), [
    (NIGHT, 21, False), (NIGHT, 22, True), (NIGHT, 6, True), (NIGHT, 7, False),
    (Quiet(time(12), time(14), SHANGHAI), 12, True), (Quiet(time(12), time(14), SHANGHAI), 14, False),
])  # fmt: skip
def test_quiet_hours_are_those_of_the_wall(quiet: Quiet, hour: int, holds: bool) -> None:
    assert quiet.holds(datetime(2026, 11, 26, hour, tzinfo=SHANGHAI).astimezone(UTC)) is holds


def test_quiet_hours_go_with_the_clocks_change() -> None:
    paris = Quiet(time(22), time(7), ZoneInfo("Europe/Paris"))
    assert paris.holds(datetime(2026, 3, 28, 5, 30, tzinfo=UTC))  # 06:30 in winter
    assert not paris.holds(datetime(2026, 3, 29, 5, 30, tzinfo=UTC))  # 07:30 in summer


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("label", ["1", "宁" * 200, "a\r\nBcc: x\u202e"])
def test_a_message_fits_the_rest_is_counted_and_a_line_stays_a_line(language: str, label: str) -> None:
    told = Told({"zh": "借出物品归还期限", "en": "Loan due back"}, "nj01/P-0123456789", label, NOON)
    title, text = message("zh" if language == "zh" else "en", [told] * 250, SHANGHAI, f"https://c.cn/{'x' * 90}")
    *lines, more, _, link = text.split("\n")
    assert "250" in title
    assert str(250 - len(lines)) in more
    assert len(f"{title}\n{text}".encode()) <= 2048
    assert len(lines) >= 6
    assert all("2026-11-26 12:00" in line and "\u202e" not in line for line in lines)
    assert link.startswith("https://")
