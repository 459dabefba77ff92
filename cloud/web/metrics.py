"""What the process counts, in Prometheus' format."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.live.hub import Hub

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one application."""

    def __init__(self, hub: Hub) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sealtrail_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "sealtrail_http_request_seconds", "Time to answer (streams: to begin)", ["route"], registry=self.registry
        )
        self.ledger = Gauge("sealtrail_ledger_entries", "Entries in the ledger", ["site"], registry=self.registry)
        self.online = Gauge("sealtrail_agents_online", "Agents that are online", registry=self.registry)
        watchers = Gauge("sealtrail_live_watchers", "Screens that watch the live stream", registry=self.registry)
        watchers.set_function(lambda: hub.watching)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)


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
