"""Every finding is told in both languages, with the same figures."""

import re
from string import Formatter

import pytest

from edge_agent.doctor.finding import Finding, Lang
from edge_agent.doctor.texts import TEXTS, Level, Text
from tests.law.tree import ROOT, text_of, tracked


def figures(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_both_languages_say_the_same_and_what_is_bad_says_what_to_do(text: Text) -> None:
    for told in (text.said, text.todo):
        assert set(told) == set(Lang)
        assert figures(told["en"]) == figures(told["zh"])
        assert bool(told["en"]) is bool(told["zh"])
    assert text.said["en"]
    assert (text.level is Level.OK) or text.todo["en"]
    assert "\n" not in text.said["en"] + text.said["zh"]


def test_every_text_is_used_and_every_finding_has_one() -> None:
    source = "".join(text_of(path) for path in tracked("edge_agent/doctor/*.py") if path.name != "texts.py")
    used = set(
        re.findall(
            r'"((?:settings|release|pins|camera|device|network|cert|keys|clock|disk|journal|board)\.\w+)"', source
        )
    )
    used |= {"camera.dark", "camera.bright", "camera.lit", "camera.flat"}  # put together from two parts
    assert used == set(TEXTS)
    assert (ROOT / "edge_agent/doctor/texts.py").exists()


def test_a_line_says_how_bad_it_is_what_it_is_and_what_to_do() -> None:
    finding = Finding("pins.twice", "barrier.pin", {"pin": 17, "other": "lamp.green_pin"})
    assert finding.line(Lang.EN) == (
        "FAIL pins     pin 17 is wanted by barrier.pin and by lamp.green_pin"
        " → Give one of them another pin in the site file, and move its wire."
    )
    assert finding.line(Lang.ZH).startswith("故障 pins     引脚 17 同时分配给 barrier.pin 和 lamp.green_pin → ")
