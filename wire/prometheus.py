"""How a process of ours gives out what it counts: Prometheus asks it at `/metrics` of a port of its own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server


def give_out(registry: CollectorRegistry, host: str, port: int) -> Callable[[], None]:
    """Answers at `http://host:port/metrics` until the callable is called. Raises OSError."""
    server, thread = start_http_server(port, host, registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end
