"""The site's own MQTT broker, as drivers reach it: one link each, in an event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from wire.errors import LinkError
from wire.link import Link
from wire.mqtt import MqttOptions, Will, mqtt_connect

RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses before the broker is tried again; the last one repeats."""


class BrokerOptions(BaseModel):
    """The local broker, with this agent's certificate for it."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(8884, ge=1, le=65535)
    ca_file: Path
    cert_file: Path
    key_file: Path

    def mqtt(self, folder: Path, client_id: str, will: Will | None = None) -> MqttOptions:
        """The same for a link under that name; relative paths start in `folder`."""
        return MqttOptions(
            host=self.host, port=self.port, client_id=client_id, ca_file=folder / self.ca_file,
            cert_file=folder / self.cert_file, key_file=folder / self.key_file, will=will,
        )  # fmt: skip


class LocalLink:
    """Keeps a link for ever: `work` has it while it holds, `lose` hears why there is none. Both run in `loop`."""

    def __init__(
        self, options: MqttOptions, work: Callable[[Link], Awaitable[None]], lose: Callable[[str], None]
    ) -> None:
        self._connect, self._work, self._lose = mqtt_connect(options), work, lose
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=options.client_id, daemon=True)
        self._life = self.loop.create_task(self._live())

    def start(self) -> None:
        """Begins, once whoever works with it is ready."""
        self._thread.start()

    def stop(self) -> None:
        """Leaves the broker."""
        self.loop.call_soon_threadsafe(self._life.cancel)
        self._thread.join()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self.loop.run_until_complete(self._life)
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _live(self) -> None:
        failures = 0
        while True:
            try:
                async with self._connect() as link:
                    failures = 0
                    await self._work(link)
            except LinkError as error:
                self._lose(f"local broker: {error}")
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1
