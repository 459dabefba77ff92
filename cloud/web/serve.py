"""The web process: uvicorn around the application, one line when it is ready, an end that waits for nobody for long."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from cloud.db.pool import open_pool
from cloud.keys import CLOUD, LABEL, read_key
from cloud.live.hub import Hub
from cloud.media.store import open_store
from cloud.parts import Parts
from cloud.settings import WebSettings
from cloud.web.app import create_app
from cloud.world import World
from wire.rule_packs import load_rule_pack

GRACE_S = 5
"""How long requests in work may take to end once the process is asked to."""

MOST_CONNECTIONS = 16


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
            self._say(json.dumps({"event": "ready", "process": "web", "url": f"http://{host}:{port}"}))

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


async def serve(settings: WebSettings, world: World, say: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; `say` gets one JSON line when it listens.

    Raises the CloudErrors of what it is made of: DatabaseGoneError, KeyFileError, StoreGoneError, RulePackError.
    """
    async with open_pool(settings.database_url, most=MOST_CONNECTIONS) as pool:
        parts = Parts(
            database_url=settings.database_url,
            pool=pool,
            world=world,
            pack=load_rule_pack(settings.rule_pack),
            cloud_key=read_key(settings.keys_dir, CLOUD),
            label_key=read_key(settings.keys_dir, LABEL),
            media=open_store(settings.media_url),
        )
        app = create_app(parts, console=settings.console_dir)
        config = uvicorn.Config(
            app,
            host=settings.web_host,
            port=settings.web_port,
            access_log=False,  # /metrics counts requests; a line for each would drown what matters
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        await Server(config, app.state.hub, say).serve()
