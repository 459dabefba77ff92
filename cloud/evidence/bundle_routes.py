"""Court bundles as downloads."""

from typing import Annotated

from fastapi import APIRouter, Response

from cloud.db.pool import transaction
from cloud.evidence.acting import acting
from cloud.evidence.bundles import Wanted, make_bundle
from cloud.evidence.exports import record_export
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["evidence"])


@router.get(
    "/bundles/{id:path}",
    operation_id="export_bundle",
    response_class=Response,
    responses={200: {"description": "The bundle", "content": {"application/zip": {}}}},
)
async def get_bundle(
    id: str,
    person: Annotated[Person, may(Right.EXPORT_BUNDLE)],
    site: ReadSite,
    parts: PartsIn,
    redact: bool = False,
    media: bool = True,
) -> Response:
    """Everything the ledger says of an item, a package or a case, and what proves it, to be checked offline with
    `sealtrail verify`. That it was exported is recorded, in the ledger of whoever asked. 409 `not_signed_yet` for some
    seconds after the newest entry.
    """
    wanted = Wanted(id=id, redact=redact, media=media, policy=parts.policy.encode() if parts.policy else None)
    async with transaction(parts.pool) as tx:
        made = await make_bundle(tx, parts.media, site, wanted, parts.world.now())
    async with acting(parts, person) as act:
        await record_export(act.tx, act.appender, act.world, made, wanted, person.id)
    name = f"{id.replace('/', '-')}{'-redacted' if redact else ''}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    headers["Content-Encoding"] = "identity"  # a zip is not made smaller once more
    return Response(made.data, media_type="application/zip", headers=headers)
