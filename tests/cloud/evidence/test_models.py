"""What an act may bring as details: only what can be kept, hashed and signed exactly as it was sent."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from cloud.evidence.models import Details

DETAILS: TypeAdapter[dict[str, Any]] = TypeAdapter(Details)


@pytest.mark.parametrize(
    "details",
    [
        {"weight_g": 2**53 + 1}, {"weight_g": -6.2e16}, {"weight_g": float("nan")}, {"reason": "\0"},
        {"reason": "a\\\0"}, {"deep": [{"er": ["\0"]}]}, {"\0": 1}, {"reason": "\ud800"},
        {str(number): 1 for number in range(31)},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_exactly_is_refused(details: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DETAILS.validate_python(details)


@pytest.mark.parametrize(
    "details", [{}, {"reason": "说明 \\u0000 \\\\u0000"}, {"weight_g": 2**53}, {"parts": [1.5, None, "x"]}]
)
def test_what_can_is_taken_as_it_is(details: dict[str, Any]) -> None:
    assert DETAILS.validate_python(details) == details
