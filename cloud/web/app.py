"""The application: the API under /api/v1, health beside it, the console at the root."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from cloud.alarms.routes import router as alarms
from cloud.analysis.routes import router as analysis
from cloud.association.routes import router as association
from cloud.conformity.routes import router as conformity
from cloud.db.pool import Tx
from cloud.evidence.act_routes import router as acts
from cloud.evidence.bundle_routes import router as bundles
from cloud.evidence.clip_routes import router as clips
from cloud.evidence.door_routes import router as doors
from cloud.evidence.entry_routes import router as entries
from cloud.evidence.exception_routes import router as exceptions
from cloud.evidence.label_routes import router as labels
from cloud.evidence.list_routes import router as lists
from cloud.evidence.plan_routes import router as plans
from cloud.evidence.print_job_routes import router as print_jobs
from cloud.evidence.read_routes import router as evidence_reads
from cloud.evidence.room_routes import router as rooms
from cloud.evidence.routes import router as evidence
from cloud.evidence.rule_routes import router as rules
from cloud.evidence.slot_routes import router as slots
from cloud.evidence.task_routes import router as tasks
from cloud.fleet.routes import router as fleet
from cloud.imports.models import MAX_FILE_BYTES
from cloud.imports.routes import router as imports
from cloud.joining.routes import router as joining
from cloud.ledger.routes import router as log
from cloud.live.hub import Hub
from cloud.live.routes import router as live
from cloud.live.service import Event, events_between
from cloud.live.site_routes import router as live_sites
from cloud.media.routes import router as media
from cloud.parts import Parts
from cloud.people.access import acts_at_home
from cloud.people.oidc_routes import router as oidc
from cloud.people.own_routes import router as own_account
from cloud.people.passkey_routes import router as passkeys
from cloud.people.passwords import Passwords
from cloud.people.routes import router as people
from cloud.people.throttle import Throttle
from cloud.releases.routes import RELEASES
from cloud.releases.routes import router as releases
from cloud.reminders.routes import router as reminders
from cloud.search.routes import router as search
from cloud.stock_takes.routes import router as stock_takes
from cloud.telemetry.routes import router as telemetry
from cloud.tickets.figure_routes import router as ticket_figures
from cloud.tickets.routes import router as tickets
from cloud.viewing.relay import Relay
from cloud.viewing.routes import router as viewing
from cloud.viewing.service import close_view
from cloud.viewing.turn import ice_servers
from cloud.web import errors
from cloud.web.body_limit import BodyLimit
from cloud.web.console import Console
from cloud.web.examples import add_examples, summarise
from cloud.web.headers import SecurityHeaders
from cloud.web.health import router as health
from cloud.web.metrics import Counting, Metrics
from cloud.webhooks.routes import router as webhooks

API = "/api/v1"
VERSION = "1"
"""Of the API, not of the program."""

MAX_BODY_BYTES = 1 << 20
PICTURES = (f"{API}/media/", f"{API}/photos")
"""Where bodies are pictures, which have a limit of their own, as releases have."""

_ABOUT = """Evidence warehouses whose records can be checked by anyone.

People sign in (`POST /session`) and are known by a cookie; a change asked for by cookie needs the header
`X-Sealtrail: 1`. Machines send `Authorization: Bearer` with a token. Whatever goes wrong is answered with
`application/problem+json`; a refusal by the rules is a 409 with `reason`, `rule` and the rule's wording. An act
asked with an `Idempotency-Key` is done once, however often it is asked."""

_TAGS = [
    {"name": "people", "description": "Signing in, accounts, tokens"},
    {
        "name": "evidence",
        "description": "Cases, items, packages, labels, acts, permits, holds, histories",
    },
    {"name": "warehouse", "description": "Zones and slots: what lies where, where it fits, lighting it"},
    {"name": "rules", "description": "Rule packs: what is in force, what was, and bringing up a new one"},
    {"name": "stock-takes", "description": "Counting what is there, blind, by two"},
    {"name": "tickets", "description": "Report, check, reply, evaluate, supervise"},
    {"name": "reminders", "description": "What will be due, told before to whom it is for"},
    {"name": "search", "description": "One box for everything that has a name or a code"},
    {"name": "analysis", "description": "What stands out in the records, with its evidence"},
    {"name": "imports", "description": "Cases and items from and to other systems, as files"},
    {"name": "control", "description": "Openings by break-glass, and all that went around the ordinary way"},
    {"name": "live", "description": "Passages and alarms, as pages and as a stream"},
    {"name": "fleet", "description": "Sites and agents"},
    {
        "name": "webhooks",
        "description": "Other systems told of what the ledger tells: Standard Webhooks, docs/interop.md",
    },
    {"name": "media", "description": "Stills and film"},
    {"name": "health", "description": "For whoever runs it"},
]


def create_app(parts: Parts, *, passwords: Passwords | None = None, console: Path | None = None) -> FastAPI:
    """The application on `parts`; its hub listens while its lifespan lasts. `console` is the folder of the pages."""

    async def read(tx: Tx, site: str, after: int, upto: int) -> list[Event]:
        return await events_between(tx, parts.pack, site, after, upto)

    app = _bare()
    hub = Hub(parts.pool, parts.database_url, read, tracer=parts.tracer)
    metrics = Metrics(hub, parts.pool)
    app.state.parts, app.state.hub, app.state.metrics = parts, hub, metrics
    now = parts.world.now
    app.state.relay = Relay(partial(close_view, parts), lambda: ice_servers(parts.turn, "cloud", parts.world.now()))
    app.state.claim_throttles = Throttle(now), Throttle(now, failures=60)
    app.state.passwords, app.state.throttle = passwords or Passwords(), Throttle(parts.world.now)
    app.add_middleware(BodyLimit, most=_most_bytes)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Counting, metrics=metrics)
    if console is not None:
        app.mount("/", Console(console))
    return app


def openapi(*, examples: bool = True) -> dict[str, Any]:
    """The OpenAPI document of the API, which depends on nothing but the code; clients are made without `examples`."""
    app = _bare()
    app.examples = examples
    return app.openapi()


def _most_bytes(path: str) -> int | None:
    if path.startswith(PICTURES) or path == f"{API}{RELEASES}":
        return None
    return MAX_FILE_BYTES if path == f"{API}/imports" else MAX_BODY_BYTES


class _Application(FastAPI):
    examples = True

    def openapi(self) -> dict[str, Any]:
        """The document, with the problems that every route may answer with, and examples."""
        if self.openapi_schema is None:
            whole = super().openapi()
            errors.describe(whole)
            summarise(whole)
            if self.examples:
                add_examples(whole)
        return super().openapi()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    hub: Hub = app.state.hub
    listening = asyncio.create_task(hub.run())
    try:
        yield
    finally:
        await app.state.relay.close()
        hub.close()
        listening.cancel()
        await asyncio.wait({listening})


def _bare() -> _Application:
    app = _Application(
        title="Sealtrail",
        version=VERSION,
        description=_ABOUT,
        openapi_tags=_TAGS,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # its page loads scripts from elsewhere, which the content security policy forbids
        redoc_url=None,
        lifespan=_lifespan,
    )
    errors.install(app)
    for router in (
        people, own_account, oidc, passkeys, rules, evidence, acts, evidence_reads, slots, lists, doors, rooms,
        telemetry, tasks, exceptions, bundles, entries, labels, imports, stock_takes, conformity, analysis, search,
        live, live_sites, alarms, ticket_figures, tickets, reminders, fleet, joining, releases, media, clips, viewing,
        webhooks, association, plans, print_jobs,
    ):  # fmt: skip
        app.include_router(router, prefix=API, responses=errors.documented(), dependencies=[Depends(acts_at_home)])
    app.include_router(health)
    app.include_router(log)
    return app
