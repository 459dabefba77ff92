"""The details of an act: what each must look like. Which of them a step needs is the rule pack's to say."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from custody.rule_pack import RulePack

Form = Callable[[Any, RulePack], bool]

PURPOSES = ("court", "laboratory", "appraisal", "other")
METHODS = ("return_to_owner", "auction", "transfer", "destroy")
CORRECTABLE = ("name", "brand", "sku", "quantity", "unit", "goods", "value_fen", "weight_g", "size")
"""What of a thing can be told otherwise by a correction."""
PARTICULARS = ("title", "parties", "vehicles", "scene")
"""The same of a case. Its number is the authority's own, and what it is known by."""
MOST_QUANTITY, MOST_NAMES, LONGEST_LINE = 2**31 - 1, 20, 200
"""What a registration takes at most, and so a correction."""


def missing(needs: tuple[str, ...], details: Mapping[str, Any], pack: RulePack) -> str | None:
    """The first of `needs` that `details` lacks or has in another form; None when all are there."""
    for need in needs:
        if need not in details or not FORMS[need](details[need], pack):
            return need
    return None


def _text(value: Any, pack: RulePack) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 1000 and "\0" not in value


def _whole(value: Any, pack: RulePack) -> bool:
    return type(value) is int and 0 < value <= 2**53


def _count(value: Any, pack: RulePack) -> bool:
    return type(value) is int and 0 <= value <= 2**53


def _photos(value: Any, pack: RulePack) -> bool:
    least = pack.section("seals").get("photos_at_least", 1)
    return isinstance(value, list) and least <= len(value) <= 20 and all(_digest(one) for one in value)


def _digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _names(value: Any, pack: RulePack) -> bool:
    return isinstance(value, list) and 2 <= len(set(map(str, value))) <= 10 and all(_text(one, pack) for one in value)


def _differences(value: Any, pack: RulePack) -> bool:
    return isinstance(value, list) and len(value) <= 200 and all(_text(one, pack) for one in value)


def _seal_number(value: Any, pack: RulePack) -> bool:
    form = str(pack.section("seals").get("number", r".{1,64}"))
    return isinstance(value, str) and len(value) <= 64 and re.fullmatch(form, value) is not None


def _parts(value: Any, pack: RulePack) -> bool:
    def one(part: Any) -> bool:
        return (
            isinstance(part, Mapping)
            and set(part) == {"name", "quantity"}
            and _text(part["name"], pack)
            and _whole(part["quantity"], pack)
        )

    return isinstance(value, list) and 2 <= len(value) <= 50 and all(map(one, value))


def _line(value: Any) -> bool:
    """One line as people register it: nothing around it, no control characters."""
    return isinstance(value, str) and re.fullmatch(rf"(?! )[^\x00-\x1f]{{1,{LONGEST_LINE}}}(?<! )", value) is not None


def _lines(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_NAMES and all(map(_line, value))


def _changes(value: Any, pack: RulePack) -> bool:
    return isinstance(value, Mapping) and bool(value) and set(value) <= set(CORRECTABLE) and all(
        _whole(told, pack) and told <= MOST_QUANTITY if name == "quantity" else _whole(told, pack) if name == "weight_g"
        else _count(told, pack) if name == "value_fen"
        else told in pack.section("goods") if name == "goods"
        else told in pack.section("slots").get("sizes", ()) if name == "size"
        else told is None or _line(told) if name in ("brand", "sku")
        else _text(told, pack)
        for name, told in value.items()
    )  # fmt: skip


def _particulars(value: Any, pack: RulePack) -> bool:
    return isinstance(value, Mapping) and bool(value) and set(value) <= set(PARTICULARS) and all(
        _line(told) if name == "title" else told is None or _line(told) if name == "scene" else _lines(told)
        for name, told in value.items()
    )  # fmt: skip


def fixed_by_seal(changes: Mapping[str, Any], pack: RulePack) -> list[str]:
    """Which of `changes` to an item the rules let nobody correct while it is in a closed package."""
    return sorted(set(changes) & set(pack.section("seals").get("fixes", ())))


def _time(value: Any, pack: RulePack) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def due_in_time(details: Mapping[str, Any], pack: RulePack, now: datetime) -> bool:
    """Whether what is lent has to be back after `now` and before the longest loan is over."""
    longest = pack.limits.get("loan_longest", timedelta(days=30))
    return now < datetime.fromisoformat(details["due_at"]) <= now + longest


FORMS: Mapping[str, Form] = {
    "reason": _text,
    "legal_basis": _text,
    "finding": _text,
    "recipient": _text,
    "place": _text,
    "case": _text,
    "exception": _text,
    "slot": _text,
    "pack": lambda value, _: _digest(value),
    "release": lambda value, _: _digest(value),
    "version": _text,
    "receipt": lambda value, _: _digest(value),
    "seal_number": _seal_number,
    "photos": _photos,
    "weight_g": _whole,
    "price_fen": _count,
    "count": _count,
    "cites": _count,
    "differences": _differences,
    "witnesses": _names,
    "parts": _parts,
    "changes": _changes,
    "particulars": _particulars,
    "seal_intact": lambda value, _: isinstance(value, bool),
    "purpose": lambda value, _: value in PURPOSES,
    "method": lambda value, _: value in METHODS,
    "due_at": _time,
}
