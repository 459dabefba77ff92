"""The web process: uvicorn around the application, one line when it is ready, an end that waits for nobody for long."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from cloud.errors import CloudError
from cloud.live.hub import Hub

GRACE_S = 5
"""How long requests in work may take to end once the process is asked to."""


class ListenError(CloudError, OSError):
    """The address or port cannot be listened on."""

    diagnosis = "The address or port is taken or not allowed; choose another with SEALTRAIL_CLOUD_WEB_PORT."


class Server(uvicorn.Server):
    """Says when it listens; on SIGTERM or SIGINT ends the live streams, then the requests, then itself."""

    def __init__(self, config: uvicorn.Config, hub: Hub, say: Callable[[str], None]) -> None:
        super().__init__(config)
        self._hub, self._say = hub, say

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and says where."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            scheme = "https" if self.config.is_ssl else "http"
            self._say(json.dumps({"event": "ready", "process": "web", "url": f"{scheme}://{host}:{port}"}))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams, which never end by themselves, and then all else."""
        self._hub.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes signals through the event loop; unlike uvicorn's own it does not die of them afterwards."""
        loop = asyncio.get_running_loop()
        taken = (signal.SIGINT, signal.SIGTERM)
        for number in taken:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in taken:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Ends it; asked a second time, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def serve(
    app: FastAPI, host: str, port: int, say: Callable[[str], None], tls: tuple[Path, Path] | None = None
) -> None:
    """Serves `app` until SIGTERM or SIGINT, by TLS with that certificate and key; `say` gets one JSON line when it
    listens. Raises ListenError when it cannot listen there, or the TLS files cannot be used.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        access_log=False,  # /metrics counts requests; a line for each would drown what matters
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        listener.close()
        raise ListenError(f"the TLS files cannot be used: {error}") from error
    await Server(config, app.state.hub, say).serve([listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ListenError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return listener
