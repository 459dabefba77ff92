"""What the process counts and what the system as a whole is like, in Prometheus' format."""

import time
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.db.pool import Pool, Tx, rows
from cloud.db.queries import load_queries
from cloud.live.hub import Hub
from cloud.metering import new_registry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_sql = load_queries(__file__, "state.sql")


class Metrics:
    """The counters of one application."""

    def __init__(self, hub: Hub, pool: Pool) -> None:
        self.registry = new_registry(pool)
        self.requests = Counter(
            "sealtrail_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "sealtrail_http_request_seconds", "Time to answer (streams: to begin)", ["route"], registry=self.registry
        )
        self.state = _State(self.registry)
        watchers = Gauge("sealtrail_live_watchers", "Screens that watch the live stream", registry=self.registry)
        watchers.set_function(lambda: hub.watching)

    async def read(self, tx: Tx, at: datetime) -> None:
        """Reads what the system as a whole is like at `at`."""
        await self.state.read(tx, at)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


class _State:
    """Gauges that are read from the database: what is no more there is no more told."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, about: str, *labels: str) -> Gauge:
            return Gauge(f"sealtrail_{name}", about, labels, registry=registry)

        self.entries = gauge("ledger_entries", "Entries in the ledger", "site")
        self.unsigned = gauge("ledger_unsigned_entries", "Entries that no checkpoint covers yet", "site")
        self.online = gauge("agents_online", "Agents that are online", "site")
        self.known = gauge("agents", "Agents that may speak", "site")
        self.alarms = gauge("alarms_living", "Alarms that are not cleared", "site", "severity")
        self.tickets = gauge("tickets_open", "Tickets that are not closed", "site", "state")
        self.orders = gauge("orders_open", "Orders that no agent answered yet", "site")
        self.oldest_order = gauge("orders_oldest_seconds", "Age of the oldest of them", "site")
        self.quarantine = gauge("quarantine_messages", "Messages in quarantine")
        self.deliveries = gauge("webhook_deliveries", "Deliveries that wait or were parked", "site", "state")
        self.oldest = gauge("webhook_oldest_seconds", "Age of the oldest of them", "site", "state")

    async def read(self, tx: Tx, at: datetime) -> None:
        """Reads it all, and only then tells it: whoever asks at the same moment sees no half of it."""
        ledgers, agents, alarms, tickets, orders, kept, deliveries = [
            await rows(tx, query, at=at)
            for query in (_sql.ledgers, _sql.agents, _sql.alarms, _sql.tickets, _sql.orders, _sql.quarantine,
                          _sql.webhooks)
        ]  # fmt: skip
        for labelled in (
            self.entries, self.unsigned, self.online, self.known, self.alarms, self.tickets, self.orders,
            self.oldest_order, self.deliveries, self.oldest,
        ):  # fmt: skip
            labelled.clear()
        for row in ledgers:
            self.entries.labels(row["site"]).set(row["size"])
            self.unsigned.labels(row["site"]).set(row["unsigned"])
        for row in agents:
            self.online.labels(row["site"]).set(row["online"])
            self.known.labels(row["site"]).set(row["known"])
        for row in alarms:
            self.alarms.labels(row["site"], row["severity"]).set(row["living"])
        for row in tickets:
            self.tickets.labels(row["site"], row["state"]).set(row["living"])
        for row in orders:
            self.orders.labels(row["site"]).set(row["open"])
            self.oldest_order.labels(row["site"]).set(row["oldest"])
        for row in kept:
            self.quarantine.set(row["messages"])
        for row in deliveries:
            self.deliveries.labels(row["site"], row["state"]).set(row["deliveries"])
            self.oldest.labels(row["site"], row["state"]).set(row["oldest"])


class Counting:
    """Counts every request of `app`, and the time until its answer begins."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = _route(scope)
                self._metrics.requests.labels(scope["method"], route, message["status"]).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)


def _route(scope: Scope) -> str:
    """The route's pattern: an address with ids in it would make a new counter for each."""
    return str(getattr(scope.get("route"), "path", "other"))
