"""What the demo says, it says in both languages, with the same values in it."""

import string

import pytest

from simulators.phrases import PHRASES, Language, language_of, phrase


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", PHRASES)
def test_each_phrase_is_there_in_both_languages_with_the_same_values(key: str) -> None:
    zh, en = PHRASES[key][Language.ZH], PHRASES[key][Language.EN]
    assert zh
    assert en
    assert fields(zh) == fields(en)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, Language.ZH),
        ({"LANG": "de_DE.UTF-8"}, Language.EN),
        ({"LC_ALL": "en_GB.UTF-8", "LANG": "zh_CN.UTF-8"}, Language.EN),
        ({"LC_ALL": "", "LANG": "zh_TW"}, Language.ZH),
        ({}, Language.EN),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) is language


def test_values_are_put_in() -> None:
    assert phrase("on_screen", Language.EN, ms=83.4) == "on the screen after 83 ms"
