"""RFC 8785, against another implementation and the examples of the RFC itself."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from proof.canonical import canonical
from proof.errors import CanonicalError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
integers = st.integers(-(2**53) + 1, 2**53 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 < abs(x) < 1e21)


def json_values(*leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | texts | st.one_of(*leaves),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
        max_leaves=20,
    )


@given(json_values(integers))
def test_plain_values_are_written_as_another_implementation_writes_them(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(json_values(integers, floats))
def test_fractions_too(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(json_values(integers, floats))
def test_what_is_written_reads_back_as_the_same_bytes(value: Any) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_keys_are_sorted_by_utf16_code_units() -> None:
    """RFC 8785 section 3.2.3: a key outside the basic plane stands before U+FB33."""
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(json.loads(canonical(value))) == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (333333333.33333329, "333333333.3333333"),
        (1e30, "1e+30"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (1e-27, "1e-27"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (9007199254740992.0, "9007199254740992"),
        (1.5e-7, "1.5e-7"),
        (100.0, "100"),
    ],
)
def test_numbers_as_the_rfc_shows_them(value: float, written: str) -> None:
    assert canonical(value) == written.encode()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53 + 1, 1e17, {1: 2}, {"a": {3}}, b"x", "\ud800", {"\ud800": 1}, [2**60, 0.5]],
)
def test_what_json_cannot_say_exactly_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical(value)


def test_a_value_nested_beyond_reason_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError):
        canonical(value)
