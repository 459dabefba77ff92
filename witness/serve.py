"""The witness's process: uvicorn around the application, a JSON line when it is ready, a clean end on SIGTERM."""

import asyncio
import json
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from proof.checkpoint import Checkpoint
from proof.keys import SigningKey
from proof.note import NoteVerifier
from witness.app import create_app
from witness.errors import OptionsError
from witness.state import State
from witness.witness import Witness

if TYPE_CHECKING:
    from witness.metrics import Meter

GRACE_S = 5
"""How long requests in work may take to end once the process is asked to."""
KEEP_ALIVE_S = 75
"""How long an idle connection stays open: longer than a log with traffic takes from one checkpoint to the next."""
MOST_CONNECTIONS = 256


@dataclass(frozen=True, slots=True)
class Options:
    """What a witness is started with."""

    name: str
    key: SigningKey
    logs: Mapping[str, NoteVerifier]
    state: Path
    host: str
    port: int
    prefix: str
    metrics_port: int | None = None


class Server(uvicorn.Server):
    """Says when it listens; takes signals through the event loop and does not die of them afterwards."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens, and says where."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._on_ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end it after the requests in work; a second one at once."""
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


def serve(options: Options, now_s: Callable[[], int], say: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT; `say` gets JSON lines: `ready`, and every new accusation.

    Raises OptionsError, also when it cannot listen there, and StateError.
    """

    def accused(origin: str, kind: str, why: str) -> None:
        if meter is not None:
            meter.accused(origin, kind)
        say(json.dumps({"event": "accusation", "origin": origin, "kind": kind, "why": why}))

    with (
        closing(State(options.state, create=True)) as state,
        _listen(options.host, options.port) as listener,
        ThreadPoolExecutor(1, "witness") as executor,
        ExitStack() as undo,
    ):
        newest = [checkpoint for checkpoint, _ in state.all_newest()]
        meter = _meter(newest, options.metrics_port, undo)
        answered = meter.answered if meter is not None else lambda _: None
        witness = Witness(options.name, options.key, options.logs, state, now_s, accused, answered)
        sizes = {checkpoint.origin: checkpoint.size for checkpoint in newest}

        def ready(url: str) -> None:
            seen = {origin: sizes.get(origin) for origin in options.logs}
            line = {"event": "ready", "process": "witness", "url": url + options.prefix, "vkey": witness.vkey}
            say(json.dumps(line | {"logs": seen}, ensure_ascii=False))

        config = uvicorn.Config(
            create_app(witness, executor, options.prefix),
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
        asyncio.run(Server(config, ready).serve([listener]))


def _meter(newest: Sequence[Checkpoint], port: int | None, undo: ExitStack) -> "Meter | None":
    if port is None:
        return None
    from witness.metrics import Meter, give_out  # loaded only where somebody asks

    meter = Meter(newest)
    undo.callback(give_out(meter, port))
    return meter


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise OptionsError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
