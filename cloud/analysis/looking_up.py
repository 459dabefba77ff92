"""What people call what figures and findings are about, and on which page an entry can be looked at."""

from cloud.analysis.asking import Asked
from cloud.analysis.models import Analysis
from cloud.db.pool import rows
from cloud.db.queries import load_queries

_sql = load_queries(__file__)


async def name(asked: Asked, told: Analysis) -> None:
    """Writes the names beside each subject."""
    figures = [figure for section in told.sections for figure in section.figures]
    ids = {figure.subject for figure in figures} | {found.subject for found in told.findings}
    ids |= {each for figure in figures if (each := figure.aspect)} | {f.other for f in told.findings if f.other}
    names = {row["id"]: row["name"] for row in await rows(asked.tx, _sql.names, ids=sorted(ids))}
    for figure in figures:
        figure.name = names.get(figure.subject)
        figure.aspect_name = names.get(figure.aspect) if figure.aspect else None
    for found in told.findings:
        found.name = names.get(found.subject)
        found.other_name = names.get(found.other) if found.other else None


async def show(asked: Asked, told: Analysis) -> None:
    """Writes beside each entry what it is about: only of those that are shown, which are few."""
    listed = [one for found in told.findings for one in found.evidence if one.about == "entry"]
    indexes = sorted({int(one.id) for one in listed})
    pages = {row["index"]: row for row in await rows(asked.tx, _sql.pages, site=asked.site, indexes=indexes)}
    for one in listed:
        if (row := pages.get(int(one.id))) is not None:
            one.thing, one.alarm = row["thing"], row["alarm"]
