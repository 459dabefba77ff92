"""The worker that keeps the broker's files: the authority, the list of revoked certificates, the access list.

When one changes it writes it, tells the broker to read it (SIGHUP), and ends the sessions of those whose certificate
was revoked: it takes their name at the broker for a moment, which throws them out, and they do not come back in.
"""

import asyncio
import logging
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cloud.authority import Authority
from cloud.db.pool import Pool, listening, transaction
from cloud.errors import DatabaseGoneError, KeyFileError, first_of
from cloud.joining.issuing import revocation_list, revoked_since
from cloud.world import World
from wire.access import acl_text
from wire.errors import LinkError
from wire.link import Connect

CA, REVOKED, ACL = "ca.pem", "crl.pem", "acl"
ROUNDS = 2
"""How often a session is ended: the second time for whoever came back before the broker had read its files."""

LATELY = timedelta(hours=1)
"""Sessions of what was revoked within it are ended at a start, for nobody may have looked meanwhile."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gatekeeper:
    """The worker. `run` ends only by being cancelled; `ready` is set once the files are there.

    `reload` tells the broker; `take_name` connects to it under another's name.
    """

    pool: Pool
    database_url: str
    world: World
    authority: Authority
    folder: Path
    reload: Callable[[], None]
    take_name: Callable[[str], Connect]
    every: timedelta = timedelta(seconds=5)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _out: dict[str, int] = field(default_factory=dict)
    """agent → how often its session is to be ended still"""
    _seen: set[str] = field(default_factory=set)
    """serials of what was revoked lately, whose agents were put out or are in `_out`"""

    async def run(self) -> None:
        """Looks when something was revoked, and every few seconds, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._look())

    async def _hear(self) -> None:
        while True:
            try:
                async with listening(self.database_url, "access") as connection:
                    self._wake.set()
                    async for _ in connection.notifies():
                        self._wake.set()
            except DatabaseGoneError as error:
                _log.warning("%s; trying again", error)
            await asyncio.sleep(self.every.total_seconds())

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.look()
                self.ready.set()
            except* (DatabaseGoneError, LinkError, KeyFileError) as errors:
                _log.warning("%s; trying again", first_of(errors))
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every.total_seconds()):
                    await self._wake.wait()

    async def look(self) -> None:
        """Brings the files up to date, and ends the sessions of those who were revoked."""
        async with transaction(self.pool) as tx:
            revoked = await revocation_list(tx, self.world, self.authority)
            lately = await revoked_since(tx, self.world.now() - LATELY)
        for serial in lately.keys() - self._seen:
            self._out[lately[serial]] = ROUNDS
        self._seen = set(lately)
        wanted = {CA: self.authority.pem, REVOKED: revoked["pem"], ACL: acl_text()}
        changed = [name for name, text in wanted.items() if _replaced(self.folder / name, text)]
        if changed:
            self.reload()
            _log.info("told the broker of %s", ", ".join(changed))
        for agent in list(self._out):
            await asyncio.sleep(0.2)  # the broker reads its files when it comes to it, and says nothing of it
            async with self.take_name(agent)():
                _log.info("ended the session of %s", agent)
            self._out[agent] -= 1
            if not self._out[agent]:
                del self._out[agent]


def _replaced(path: Path, text: str) -> bool:
    """Whether `path` said something else and now says `text`; owner and mode stay. Raises KeyFileError."""
    try:
        before = path.stat() if path.exists() else None
        if before is not None and path.read_text("utf-8") == text:
            return False
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(text, "utf-8")
        if before is None:
            fresh.chmod(0o640)
        else:
            shutil.copymode(path, fresh)
            with suppress(PermissionError):  # only root gives files away; otherwise broker and worker share an account
                os.chown(fresh, before.st_uid, before.st_gid)
        fresh.replace(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    return True


def tell_process(pid_file: Path) -> None:
    """SIGHUP to the broker whose id is in `pid_file`; one that does not run reads its files when it starts."""
    try:
        os.kill(int(pid_file.read_text("ascii")), signal.SIGHUP)
    except (OSError, ValueError) as error:
        _log.warning("the broker was not told: %s: %s", pid_file, error)
