"""Print jobs and label printers, over HTTP. Each asks one service function."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.evidence import label_acts, print_jobs
from cloud.evidence.acting import acting
from cloud.evidence.label_acts import Prints
from cloud.evidence.models import Done
from cloud.evidence.print_job_models import NewAgain, NewRoll, Printers, PrintJob, PrintJobs
from cloud.evidence.read_routes import AfterIndex, Limit
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["evidence"], route_class=IdempotentRoute)

Of = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/labels/jobs", operation_id="list_print_jobs")
async def get_jobs(
    site: ReadSite, parts: PartsIn, agent: Of = None, thing: Of = None, after: AfterIndex = None, limit: Limit = 20
) -> PrintJobs:
    """Labels that were sent to printers, newest first, with how each ended: of an agent, with a label of a thing."""
    async with transaction(parts.pool) as tx:
        return await print_jobs.jobs(tx, site, agent=agent, thing=thing, after=after, limit=limit)


@router.get("/labels/jobs/{id:path}", operation_id="get_print_job")
async def get_job(id: str, site: ReadSite, parts: PartsIn) -> PrintJob:
    """One print job."""
    async with transaction(parts.pool) as tx:
        return await print_jobs.job_of(tx, site, id)


@router.post("/labels/again", operation_id="print_again", status_code=201)
async def post_again(body: NewAgain, person: Annotated[Person, may(Right.ISSUE_LABEL)], parts: PartsIn) -> Prints:
    """Sends labels of a print job to its printer again; the record names the job that it repeats."""
    return await label_acts.print_again(parts, person, body)


@router.get("/printers", operation_id="list_printers")
async def get_printers(site: ReadSite, parts: PartsIn) -> Printers:
    """Label printers: how each is, and what is left on its roll."""
    async with transaction(parts.pool) as tx:
        return await print_jobs.printers(tx, site)


@router.post("/printers/roll", operation_id="change_roll", status_code=201)
async def post_roll(body: NewRoll, person: Annotated[Person, may(Right.ISSUE_LABEL)], parts: PartsIn) -> Done:
    """Says that a new roll was put into a printer: what is left is counted from there."""
    async with acting(parts, person) as act:
        return await print_jobs.new_roll(act, body)
