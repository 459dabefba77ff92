"""What an entry of the log commits to, for whoever checks the commitment themselves.

The entry and what proves it are in the public log (`cloud/ledger/routes.py`); this is what stays outside it.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from cloud.db.pool import transaction
from cloud.evidence.entry_contents import entry_content
from cloud.evidence.read_routes import MOST_INDEX
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.roles import Right

router = APIRouter(tags=["evidence"])


class EntryContent(BaseModel):
    """`content` is canonical JSON as it was committed to and `salt` hexadecimal; both are null where it was erased.

    `things` are those whose histories tell of it.
    """

    index: int
    site: str
    erased: bool
    content: str | None
    salt: str | None
    actor_name: str | None
    things: list[str]


@router.get("/entries/{index}", operation_id="get_entry_content", dependencies=[may(Right.EXPORT_BUNDLE)])
async def get_entry_content(
    index: Annotated[int, Path(ge=0, le=MOST_INDEX)], site: ReadSite, parts: PartsIn
) -> EntryContent:
    """The content of an entry with its salt: SHA-256 over both is the commitment `c` in the public log."""
    async with transaction(parts.pool) as tx:
        return EntryContent(**await entry_content(tx, site, index))
