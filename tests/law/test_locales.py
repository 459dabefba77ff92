"""Both languages say everything: what has an English text has a Chinese one."""

import json
from collections.abc import Iterator

import pytest

from tests.law.tree import ROOT

LOCALES = ROOT / "cloud" / "console" / "src" / "locales"


def keys(texts: object, at: str = "") -> Iterator[str]:
    """Dotted paths of every text; an empty one is none."""
    if isinstance(texts, dict):
        for key, value in texts.items():
            yield from keys(value, f"{at}.{key}" if at else key)
    elif texts:
        yield at


@pytest.mark.parametrize(("one", "other"), [("en", "zh-CN"), ("zh-CN", "en")])
def test_each_language_has_every_text_of_the_other(one: str, other: str) -> None:
    one_keys, other_keys = (
        set(keys(json.loads((LOCALES / f"{name}.json").read_text("utf-8")))) for name in (one, other)
    )
    assert one_keys
    assert one_keys - other_keys == set()
