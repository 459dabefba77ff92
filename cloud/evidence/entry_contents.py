"""The content under one entry of a site's log, with the salt by which anybody can check its commitment."""

from cloud.db.pool import Row, Tx, one
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError

MOST_THINGS = 50

_sql = load_queries(__file__, "entry_contents.sql")


async def entry_content(tx: Tx, site: str, index: int) -> Row:
    """Canonical content and salt (hexadecimal) of entry `index`, None where erased; whose act; what it is about.

    Raises NotFoundError.
    """
    found = await one(tx, _sql.content, site=site, index=index, most=MOST_THINGS)
    if found is None:
        raise NotFoundError("entry", f"{site} #{index}")
    return {"site": site, "index": index, "erased": found["content"] is None, **found}
