"""Is it alive, can it work, what does it count: for whoever runs it. No sign-in, and nothing secret."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from cloud.db.migrate import check_schema
from cloud.db.pool import transaction
from cloud.errors import DatabaseGoneError, MigrationError
from cloud.parts import PartsIn
from cloud.web.metrics import CONTENT_TYPE, Metrics

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`ok`, or what is missing."""

    status: str


def metrics_of(request: Request) -> Metrics:
    """The application's counters."""
    metrics: Metrics = request.app.state.metrics
    return metrics


@router.get("/healthz", operation_id="healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", operation_id="readyz", responses={503: {"model": Health, "description": "It cannot work now"}})
async def readyz(parts: PartsIn, response: Response) -> Health:
    """The database can be reached and has this program's schema."""
    try:
        async with transaction(parts.pool) as tx:
            await check_schema(tx)
    except (DatabaseGoneError, MigrationError) as error:
        response.status_code = 503
        return Health(status=error.diagnosis)
    return Health(status="ok")


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={200: {"description": "Counters", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(parts: PartsIn, metrics: Annotated[Metrics, Depends(metrics_of)]) -> Response:
    """What this process counts and how the whole system is, for Prometheus; docs/interop.md explains each name."""
    async with transaction(parts.pool) as tx:
        await metrics.read(tx, parts.world.now())
    return Response(metrics.text(), media_type=CONTENT_TYPE)
