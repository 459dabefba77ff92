"""Figures and findings as a table: for spreadsheets, and for a terminal."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cloud.analysis.models import Analysis, Figure, Finding
from cloud.analysis.unit_models import SiteValue, UnitAnalysis
from cloud.imports.reading import guard
from custody.permits import time_text

COLUMNS = (
    "what", "kind", "site", "subject", "name", "other", "aspect", "place", "value", "unit", "low", "high",
    "expected_low", "expected_high", "hits", "n", "chance", "at", "at_low", "at_high", "rank", "weakens", "evidence",
)  # fmt: skip


def table(told: Analysis) -> Iterator[dict[str, Any]]:
    """A row for each finding as it ranks, then one for each figure; each by COLUMNS, what is not known is None."""
    for found in told.findings:
        yield _row("finding", found.kind, found, site=told.site)
    for section in told.sections:
        for figure in section.figures:
            yield _row("figure", section.kind, figure, site=told.site)


def unit_table(told: UnitAnalysis) -> Iterator[dict[str, Any]]:
    """The same of a unit: of each figure a row for each site that has it, and one without a site for all together."""
    for found in told.findings:
        yield _row("finding", found.kind, found, site=found.site)
    for section in told.sections:
        for figure in section.figures:
            for site, value in (*figure.sites.items(), (None, figure.together)):
                if value is not None:
                    yield _row("figure", section.kind, value, site=site, subject=figure.subject, unit=figure.unit)


def _row(what: str, kind: str, one: Figure | Finding | SiteValue, **more: Any) -> dict[str, Any]:
    row = {**one.model_dump(), **more, "what": what, "kind": kind}
    if isinstance(one, Finding):
        row["weakens"] = " ".join(one.weakens)
        row["evidence"] = " ".join(f"{each.about}:{each.id}" for each in one.evidence)
    return {name: _cell(row.get(name)) for name in COLUMNS}


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    return time_text(value) if isinstance(value, datetime) else value


def csv_text(rows: Iterable[dict[str, Any]], *, mark: bool) -> str:
    """CSV (RFC 4180) of a table, with a byte order mark where `mark` (for Excel); no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row.values()])
    return ("\ufeff" if mark else "") + out.getvalue()
