"""One way to write a JSON value as bytes: the JSON Canonicalization Scheme, RFC 8785.

The standard library's C encoder already writes what RFC 8785 asks for, with two exceptions: the order of keys
outside the Basic Multilingual Plane, and numbers with a fraction. Values without either, which is nearly all of
ours, take the fast way; `tests/proof/test_canonical.py` shows that both ways give equal bytes.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from proof.errors import CanonicalError

MAX_INTEGER = 2**53
"""The largest integer every JSON reader keeps exactly (RFC 7493 section 2.2)."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False).encode


def canonical(value: Any) -> bytes:
    """UTF-8 bytes of `value` per RFC 8785. Raises CanonicalError for anything JSON cannot say exactly."""
    try:
        text = _encode(value) if _is_plain(value) else _write(value)
        return text.encode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise CanonicalError(f"no canonical form: {error}") from error


def _is_plain(value: Any) -> bool:
    """Whether the fast encoder is exact for `value`; raises CanonicalError for what no encoder may accept."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise CanonicalError(f"integer {value} is above 2^53")
        return True
    if kind is dict:
        plain = True
        for key, member in value.items():
            if type(key) is not str:
                raise CanonicalError(f"object key {key!r} is no text")
            plain = (key.isascii() or max(key) < "\ud800") and _is_plain(member) and plain
        return plain
    if kind is list or kind is tuple:
        plain = True
        for member in value:
            plain = _is_plain(member) and plain
        return plain
    if kind is float:
        if not math.isfinite(value):
            raise CanonicalError(f"{value} is no JSON number")
        if MAX_INTEGER < abs(value) < 1e21:  # it would be written as an integer that readers do not keep
            raise CanonicalError(f"{value} is above 2^53")
        return False
    raise CanonicalError(f"{kind.__name__} is no JSON type")


def _write(value: Any) -> str:
    """The same text by RFC 8785 itself: keys by UTF-16 code units, numbers as ECMAScript writes them."""
    if isinstance(value, Mapping):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_encode(key)}:{_write(member)}" for key, member in members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_write(member) for member in value) + "]"
    if type(value) is float:
        return _number(value)
    if type(value) in (str, bool, int) or value is None:
        _is_plain(value)
        return _encode(value)
    raise CanonicalError(f"{type(value).__name__} is no JSON type")


def _number(value: float) -> str:
    """A finite double as ECMAScript's Number::toString writes it (ECMA-262 section 6.1.6.1.20)."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)  # where the decimal point stands, counted from the first digit
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"{point - 1:+d}"
    return f"{sign}{digits[0]}{'.' + digits[1:] if len(digits) > 1 else ''}e{power}"
