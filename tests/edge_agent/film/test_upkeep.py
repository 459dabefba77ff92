"""What is looked after every hour."""

from datetime import timedelta
from pathlib import Path

from edge_agent.film.forecast import Forecast
from edge_agent.film.upkeep import Upkeep
from tests.edge_agent.film.studio import Studio, studio
from tests.edge_agent.hands import NOON, counted_bytes

HOUR = timedelta(hours=1)
LONG_AGO = "2026-01-01T00:00:00.000000Z"


def test_a_disk_that_fills_evenly_is_full_when_it_will_be() -> None:
    forecast = Forecast()
    told = [forecast.see(NOON + HOUR * n, 1000 - 10 * n) for n in range(10)]
    assert told[:6] == [None] * 6  # six hours have to be seen
    assert told[9] == NOON + HOUR * 100


def test_room_that_does_not_get_less_has_no_end() -> None:
    forecast = Forecast()
    assert all(forecast.see(NOON + HOUR * n, 1000 + n % 2) is None for n in range(0, 40, 2))
    assert forecast.see(NOON - HOUR, 5) is None  # and a clock that was set back begins anew


def test_a_warning_begins_once_and_ends_once() -> None:
    forecast, now = Forecast(), NOON
    ends = [None, now + timedelta(days=8), now + timedelta(days=6), now + timedelta(days=10), now + timedelta(days=15)]
    assert [forecast.changed(now, end) for end in [*ends, None]] == [False, False, True, False, True, False]


def clip(set_: Studio) -> str:
    set_.film(5)
    set_.event()
    set_.film(5)
    set_.until(1, "clip_closed")
    return str(set_.bodies("clip_segment")[0]["sha256"])


def test_once_a_day_a_kept_segment_is_played(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        upkeep = Upkeep(set_.films, set_.journal, set_.hands.clock, counted_bytes())
        upkeep.look(LONG_AGO)  # nothing is kept yet
        clip(set_)
        set_.hands.pass_(3600)
        upkeep.look(LONG_AGO)
        assert set_.bodies("film_probed") == []
        set_.hands.pass_(24 * 3600)
        upkeep.look(LONG_AGO)
        (probed,) = set_.bodies("film_probed")
        assert probed["problem"] is None
        assert probed["frames"] >= 10


def test_a_segment_that_cannot_be_played_is_told(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        clip(set_)
        for told in set_.bodies("clip_segment"):
            set_.films.ring.kept_as(told["sha256"]).write_bytes(b"no film")
        Upkeep(set_.films, set_.journal, set_.hands.clock, counted_bytes()).look(LONG_AGO)
        (probed,) = set_.bodies("film_probed")
        assert "cannot be played" in probed["problem"]
