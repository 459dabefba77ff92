"""The clock says how wrong it can be, and never less than that."""

from datetime import timedelta

import pytest

from edge_agent.clock import StepWatch, boot_id, ntp_error_us
from tests.edge_agent.hands import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands(error_ms=None)


def test_nobody_vouches_for_the_clock_before_anybody_did(hands: Hands) -> None:
    reading = hands.clock.read()
    assert (reading.source, reading.error_ms, reading.moment.error) == ("none", None, None)
    assert reading.at == hands.now


def test_a_receipt_bounds_the_error_by_the_time_it_took(hands: Hands) -> None:
    sent = hands.mono_us
    hands.pass_(0.1)
    told = hands.now
    hands.pass_(0.3)
    hands.clock.learn(told, sent, hands.mono_us)
    reading = hands.clock.read()
    assert (reading.source, reading.error_ms) == ("cloud", 300)


def test_a_receipt_shows_a_clock_that_is_minutes_off(hands: Hands) -> None:
    sent = hands.mono_us
    hands.pass_(0.2)
    hands.clock.learn(hands.now - timedelta(minutes=7), sent, hands.mono_us)
    assert hands.clock.read().error_ms == 7 * 60_000


def test_what_a_receipt_says_wears_off_with_the_quartz(hands: Hands) -> None:
    hands.clock.learn(hands.now, hands.mono_us, hands.mono_us)
    assert hands.clock.read().error_ms == 0
    hands.pass_(3600)
    assert hands.clock.read().error_ms in (720, 721)


def test_a_step_of_the_clock_is_added_to_its_error(hands: Hands) -> None:
    hands.clock.learn(hands.now, hands.mono_us, hands.mono_us)
    hands.step(-90)
    assert hands.clock.read().error_ms == 90_000


def test_the_better_of_two_receipts_counts_and_a_new_one_replaces_a_worn_one(hands: Hands) -> None:
    def learn(took_s: float) -> int | None:
        sent = hands.mono_us
        hands.pass_(took_s)
        hands.clock.learn(hands.now, sent, hands.mono_us)
        return hands.clock.read().error_ms

    assert learn(0.05) == 50
    assert learn(2.0) == 51  # the first one, two seconds on
    hands.pass_(36_000)
    assert learn(2.0) == 2000


def test_the_kernels_bound_counts_while_it_is_the_smaller_one(hands: Hands) -> None:
    hands.error_ms = 40
    assert (hands.clock.read().source, hands.clock.read().error_ms) == ("ntp", 40)
    hands.clock.learn(hands.now, hands.mono_us, hands.mono_us)
    assert hands.clock.read().source == "cloud"
    hands.pass_(3600)
    assert hands.clock.read().source == "ntp"


def test_a_jump_is_noticed_and_the_passing_of_time_is_not(hands: Hands) -> None:
    watch = StepWatch(hands.clock.read())
    hands.pass_(1000)
    assert watch.step(hands.clock.read()) is None
    hands.step(-30)
    assert watch.step(hands.clock.read()) == timedelta(seconds=-30)
    assert watch.step(hands.clock.read()) is None


def test_this_machine_has_a_boot_and_a_word_on_its_clock() -> None:
    assert len(boot_id()) == 32
    error = ntp_error_us()
    assert error is None or error >= 0
