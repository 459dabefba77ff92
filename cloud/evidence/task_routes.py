"""Tasks for racks over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from cloud.db.pool import transaction
from cloud.evidence import tasks
from cloud.evidence.acting import acting
from cloud.evidence.errors import RefusedError
from cloud.evidence.models import Done
from cloud.evidence.read_routes import AfterIndex, Limit
from cloud.evidence.task_models import NewTask, TaskAsked, TaskRows, TaskShown
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from custody.decisions import Refused

router = APIRouter(tags=["warehouse"], route_class=IdempotentRoute)


@router.post("/tasks", operation_id="issue_task", status_code=201)
async def post_task(body: NewTask, person: Annotated[Person, may(Right.ISSUE_PERMIT)], parts: PartsIn) -> TaskShown:
    """Lets a rack take a step with these things, also while it is cut off; the agent gets it at once."""
    async with acting(parts, person) as act:
        task = await tasks.issue_task(act, body)
        if isinstance(task, Refused):
            raise RefusedError(task)
        return await tasks.task(act.tx, act.site, task)


@router.post("/tasks/revoke", operation_id="revoke_task", status_code=201)
async def post_revocation(body: TaskAsked, person: Annotated[Person, may(Right.REVOKE_PERMIT)], parts: PartsIn) -> Done:
    """Takes a task back."""
    async with acting(parts, person) as act:
        return await tasks.revoke_task(act, body.task)


@router.get("/tasks", operation_id="list_tasks")
async def get_tasks(site: ReadSite, parts: PartsIn, after: AfterIndex = None, limit: Limit = 100) -> TaskRows:
    """Tasks, newest first."""
    async with transaction(parts.pool) as tx:
        return await tasks.tasks(tx, site, after=after, limit=limit)


@router.get("/tasks/{id:path}", operation_id="get_task")
async def get_task(id: str, site: ReadSite, parts: PartsIn) -> TaskShown:
    """One task, whether its rack holds it, and whether it was done."""
    async with transaction(parts.pool) as tx:
        return await tasks.task(tx, site, id)
