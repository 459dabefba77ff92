"""Cases like a case: by people, vehicles, scene, brand and code of goods, with the reasons and their counts."""

from cloud.association.models import RelatedCase, RelatedCases
from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError

_sql = load_queries(__file__, "related.sql")


async def related(tx: Tx, site: str, case: str, limit: int) -> RelatedCases:
    """The cases that have most in common with `case` first, then those by what is rarest. Raises NotFoundError."""
    if await one(tx, _sql.case_, case=case, site=site) is None:
        raise NotFoundError("case", case)
    found = await rows(tx, _sql.related, case=case, site=site, most=limit)
    return RelatedCases(
        total=found[0]["total"] if found else 0, rows=[RelatedCase.model_validate(row) for row in found]
    )
