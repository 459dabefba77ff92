"""A battery clock is believed as far as it can be, and no further (N4)."""

from pathlib import Path

import pytest

from edge_agent.clock import Reading
from edge_agent.time_sources import FILE, READING_S, battery_clock, followed, note, recalled
from tests.edge_agent.hands import NOON, Hands

DAY_S = 86_400.0
NOON_S = NOON.timestamp()


def noted(folder: Path, error_ms: int | None) -> None:
    note(folder, Reading(NOON, 1, "b", "ntp", error_ms))


def test_after_a_power_cut_the_error_is_the_last_one_and_the_drift_since(tmp_path: Path) -> None:
    noted(tmp_path, 40)
    later = NOON_S + 10 * DAY_S
    assert recalled(tmp_path, later, later - 1, 20) == pytest.approx(0.04 + 10 * DAY_S * 20e-6 + READING_S)


@pytest.mark.parametrize(
    ("wall_s", "rtc_s", "drift"),
    [
        (NOON_S + 60, NOON_S + 60, None),  # nobody said that it may be believed
        (NOON_S + 60, None, 20.0),  # there is none
        (NOON_S + 60, NOON_S + 90, 20.0),  # the clock was set by something else
        (NOON_S - 60, NOON_S - 60, 20.0),  # set back, or its battery is empty
        (0.0, 0.0, 20.0),
    ],
)
def test_a_battery_clock_that_does_not_hang_together_vouches_for_nothing(
    tmp_path: Path, wall_s: float, rtc_s: float | None, drift: float | None
) -> None:
    noted(tmp_path, 40)
    assert recalled(tmp_path, wall_s, rtc_s, drift) is None


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"wall_s": "x", "error_s": 1}'])
def test_without_a_whole_note_nobody_vouches(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_text(content)
    assert recalled(tmp_path, NOON_S, NOON_S, 20) is None


def test_while_nobody_knows_the_time_the_last_note_stays(tmp_path: Path) -> None:
    noted(tmp_path, 40)
    before = (tmp_path / FILE).read_text()
    noted(tmp_path, None)
    assert (tmp_path / FILE).read_text() == before


def test_the_clock_says_that_it_goes_by_its_battery_until_somebody_knows_better() -> None:
    hands = Hands(error_ms=None)
    hands.clock.recall(3.5)
    assert (hands.clock.read().source, hands.clock.read().error_ms) == ("rtc", 3500)
    hands.step(-90)
    assert hands.clock.read().error_ms == 93_500
    hands.clock.learn(hands.now, hands.mono_us, hands.mono_us)
    assert (hands.clock.read().source, hands.clock.read().error_ms) == ("cloud", 0)
    hands.clock.recall(3.5)
    assert hands.clock.read().source == "cloud"


def test_satellites_are_told_from_servers(tmp_path: Path) -> None:
    assert followed("50505300,PPS,1,1795677750.1,0.000000012") == "gps"
    assert followed("47505300,GPS,1") == "gps"
    assert followed("C0A80001,192.168.0.1,3") == "ntp"
    assert followed("") == "ntp"
    hands = Hands(error_ms=1)
    hands.clock.kernel_source = followed("50505300,PPS")
    assert hands.clock.read().source == "gps"


def test_the_battery_clock_is_read_where_there_is_one(tmp_path: Path) -> None:
    assert battery_clock(tmp_path / "none") is None
    (tmp_path / "since_epoch").write_text("1795677750\n")
    assert battery_clock(tmp_path / "since_epoch") == 1795677750
