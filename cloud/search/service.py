"""Finding things by parts of their texts and codes. The index is kept by the database itself (migration 0037)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud.db.pool import Row, Tx, one
from cloud.db.queries import load_queries
from cloud.evidence.bundle_words import CAUSES
from cloud.people.models import Person
from cloud.people.units import readable_sites
from cloud.search.folding import around, fold
from cloud.search.models import Found, FoundField, Group, Hit, HitKind

DEPTH = 500
"""So many of the newest of a kind are looked through before the index is asked."""

HEADINGS: Mapping[HitKind, Sequence[str]] = {
    HitKind.CASE: ("number", "title"),
    HitKind.ITEM: ("name", "brand"),
    HitKind.PACKAGE: ("seal",),
    HitKind.TICKET: ("title", "place"),
    HitKind.ALARM: ("cause", "place", "rule_zh", "rule_en"),
    HitKind.PERMIT: ("agent",),
    HitKind.PERSON: ("name", "username"),
    HitKind.SLOT: ("name", "zone"),
    HitKind.AGENT: ("thing",),
    HitKind.PRINT_JOB: ("printer", "agent"),
}
"""What is shown of each kind whether it was asked for or not."""

_FIRST = 2**62
_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked for: `words` apart by blanks; in `sites`, of `kinds`."""

    words: str
    sites: Sequence[str]
    kinds: Sequence[HitKind]
    before: int | None = None
    limit: int


async def readable(tx: Tx, person: Person, site: str | None) -> list[str]:
    """The sites that `person` may search: `site` (checked before), or all that they may read."""
    return [site] if site is not None else [row["id"] for row in await readable_sites(tx, person)]


async def search(tx: Tx, asked: Asked) -> Found:
    """Everything all of whose words are in its texts and codes."""
    told = await one(tx, _sql.asked, words=asked.words.split())
    if told is None or not told["words"]:
        return Found(groups=[])
    words: list[str] = told["words"]
    values = {
        "sites": list(asked.sites), "whole": told["whole"], "patterns": [f"%{word}%" for word in words],
        "before": _FIRST if asked.before is None else asked.before, "most": asked.limit + 1, "depth": DEPTH,
    }  # fmt: skip
    groups = []
    exact = await _rows(tx, _sql.exact, values) if asked.before is None else []
    for kind in asked.kinds:
        whole = [row | {"exact": True} for row in exact if row["kind"] == kind.value]
        found = (whole + await _of_kind(tx, kind, told["grams"], words, values))[: asked.limit + 1]
        if found:
            shown = found[: asked.limit]
            following = _next(shown) if len(found) > asked.limit else None
            hits = [_hit(kind, row, words, told["whole"]) for row in shown]
            groups.append(Group(kind=kind, hits=hits, next=following))
    return Found(groups=groups)


async def _of_kind(
    tx: Tx, kind: HitKind, grams: Sequence[str], words: Sequence[str], values: Mapping[str, Any]
) -> list[Row]:
    """Those in which the words are, the newest first; those whose code was given whole are left out."""
    rest = await _rows(tx, _sql.newest, {**values, "kind": kind.value})
    if len(rest) < values["most"]:
        parts = [f"#{kind.value}", *grams, *(f"@{site}" for site in values["sites"] if len(values["sites"]) == 1)]
        rest = await _rows(tx, _sql.indexed, {**values, "grams": parts})
    if kind is HitKind.ALARM and (causes := _causes(words)):
        rest += await _rows(tx, _sql.caused, {**values, "causes": causes})
    once = {row["thing"]: row for row in rest}
    return sorted(once.values(), key=lambda row: -row["serial"])


async def _rows(tx: Tx, query: bytes, values: Mapping[str, Any]) -> list[Row]:
    """Never prepared: which way is the shortest depends on what is asked for."""
    return await (await tx.execute(query, values, prepare=False)).fetchall()


def _next(shown: Sequence[Row]) -> int:
    """Those that were given whole are on the first page alone."""
    return min((row["serial"] for row in shown if not row.get("exact", False)), default=_FIRST - 1)


def _causes(words: Sequence[str]) -> list[str]:
    """The codes of the causes that are called so, as the index has them."""
    named = {code: fold("".join((code, *both))) for code, both in CAUSES.items()}
    return [f"={fold(code)}" for code, text in named.items() if all(word in text for word in words)]


def _hit(kind: HitKind, row: Row, words: Sequence[str], whole: str) -> Hit:
    fields: dict[str, str] = {"thing": row["thing"], **row["fields"]}
    alarm = fields.pop("id", None)
    heading = [name for name in HEADINGS[kind] if name in fields] or ["thing"]
    shown = {name: around(text, words) for name, text in fields.items()}
    why = [name for name in shown if name not in heading and any(piece.hit for piece in shown[name])]
    return Hit(
        kind=kind, thing=row["thing"], site=row["site"], alarm=None if alarm is None else int(alarm),
        exact=row.get("exact", False), fields=[FoundField(name=name, pieces=shown[name]) for name in (*heading, *why)],
    )  # fmt: skip
