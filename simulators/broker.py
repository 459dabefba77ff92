"""A real Mosquitto of our own: TLS, a certificate from every client, and the ACL of `wire.access`."""

import asyncio
import os
import pwd
import shutil
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from simulators.errors import MissingProgramError
from simulators.pki import Authority, Identity
from simulators.processes import Child
from wire.access import acl_text

MAX_PACKET_BYTES = 2 << 20
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/sbin", "/usr/local/opt/mosquitto/sbin")
INSTALL = "sudo apt-get install -y --no-install-recommends mosquitto"
ACCOUNTS = ("mosquitto", "nobody")
_KEPT: list[socket.socket] = []
"""Bound to ports that free_port gave out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFiles:
    """Where the broker finds what its configuration names; `account` is whom it becomes when root starts it.

    `revoked` is the list of revoked certificates, `pid` where the broker writes who is to be told when it changed;
    `workers` is the authority that signs the cloud's workers alone.
    """

    ca: Path
    certificate: Path
    key: Path
    acl: Path
    store: Path
    account: str | None = None
    workers: Path | None = None
    revoked: Path | None = None
    pid: Path | None = None


def config_text(files: BrokerFiles, *, port: int, worker_port: int | None = None, address: str = "127.0.0.1") -> str:
    """The configuration of a Mosquitto 2 that listens at `address`:`port`; used here and in containers alike.

    With `worker_port` the cloud's workers have that one to themselves, with certificates by an authority of their own,
    and at `port` a client's id is its name: so a certificate has one session, no agent can push another off, and a
    worker ends one by taking that id.
    """
    lines = [*_listener(files, port, address), *(["use_username_as_clientid true"] if worker_port else [])]
    if worker_port:
        lines += _listener(replace(files, ca=files.workers or files.ca, revoked=None), worker_port, address)
    if files.pid:
        lines.append(f"pid_file {files.pid}")
    lines += [
        "allow_anonymous false",
        f"acl_file {files.acl}",
        f"max_packet_size {MAX_PACKET_BYTES}",
        # A slow reader's queue: bounded by bytes rather than by a count that a burst of batches would overrun.
        # Not 0 ("no limit"): Mosquitto 2.0 then disconnects whoever publishes what is forbidden.
        "max_queued_messages 100000",
        f"max_queued_bytes {64 << 20}",
        "max_inflight_messages 200",
        "set_tcp_nodelay true",
        # Births and waiting orders outlive a restart. Facts need no such care: without a receipt they come again.
        # autosave_on_changes writes the whole store at every message and costs a factor of 40.
        "persistence true",
        f"persistence_location {files.store}/",
        "autosave_interval 60",
        "autosave_on_changes false",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "connection_messages true",
    ]
    if files.account:
        lines.append(f"user {files.account}")
    return "\n".join(lines) + "\n"


def _listener(files: BrokerFiles, port: int, address: str) -> list[str]:
    return [
        f"listener {port} {address}",
        f"cafile {files.ca}",
        f"certfile {files.certificate}",
        f"keyfile {files.key}",
        *([f"crlfile {files.revoked}"] if files.revoked else []),
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
    ]


def find_mosquitto(path: str | None = None) -> str:
    """The program's path, also where an ordinary user's PATH does not look. Raises MissingProgramError."""
    places = os.pathsep.join([path if path is not None else os.environ.get("PATH", ""), *SYSTEM_FOLDERS])
    program = shutil.which("mosquitto", path=places if path is None else path)
    if program is None:
        raise MissingProgramError(
            f"Mosquitto, the message broker, is not installed: {INSTALL}", f"未安装消息代理 Mosquitto：{INSTALL}"
        )
    return program


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on, kept for this process and its children until it ends.

    A socket that never listens stays bound to it: so the system gives the port to no connection and to nobody who asks
    for any. Servers set SO_REUSEADDR, as the socket does, and may listen there all the same.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    _KEPT.append(keeper)
    port: int = keeper.getsockname()[1]
    return port


class Broker:
    """Starts, kills and stops one Mosquitto; the port stays the same over restarts."""

    def __init__(
        self, folder: Path, authority: Authority, server: Identity, *, log: Path, program: str, acl: str | None = None
    ) -> None:
        self.port = free_port()
        self.worker_port = free_port() if acl is None else self.port
        self.ca = authority.certificate_file
        self._account = _account()
        # As root it becomes another user, who may not be able to enter `folder`: then it lives in the system's own
        # temporary folder. Nothing in it is evidence.
        self._home = Path(tempfile.mkdtemp(prefix="sealtrail-broker-")) if self._account else folder
        empty = authority.no_one_revoked(datetime.now(UTC)) if acl is None else None
        files = _install(self._home, authority, server, self._account, acl_text() if acl is None else acl, empty)
        config = self._home / "mosquitto.conf"
        worker_port = self.worker_port if acl is None else None
        config.write_text(config_text(files, port=self.port, worker_port=worker_port), "utf-8")
        _give(config, self._account)
        self._child = Child("mosquitto", [program, "-c", str(config)], log=log)

    @property
    def home(self) -> Path:
        """Where the files are that it reads."""
        return self._home

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    async def start(self, timeout_s: float = 60) -> None:
        """Returns when it takes connections at its ports. Raises StartError with its last words when it does not."""
        await self._child.start()
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self._child.running and asyncio.get_running_loop().time() < deadline:
            if await _listens(self.port) and await _listens(self.worker_port):
                return
            await asyncio.sleep(0.02)  # it sends no event when it does
        await self._child.kill()
        raise self._child.failure("did not start")

    async def kill(self) -> None:
        """SIGKILL: what it had not saved is lost."""
        await self._child.kill()

    async def restart(self) -> None:
        """Ends it in order, so that it saves what it holds, and starts it again."""
        await self._child.stop()
        await self.start()

    async def stop(self) -> None:
        """Ends it and removes what root's way of starting it left behind."""
        await self._child.stop()
        if self._account:
            shutil.rmtree(self._home, ignore_errors=True)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with suppress(OSError):  # it may be gone again
        await writer.wait_closed()
    return True


def _account() -> str | None:
    """Whom a Mosquitto that root starts becomes; None for other users."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), "root")


def _install(
    home: Path, authority: Authority, server: Identity, account: str | None, acl: str, revoked: bytes | None
) -> BrokerFiles:
    """Copies of what the broker reads, in `home`, readable by its account alone."""
    home.mkdir(parents=True, exist_ok=True)
    store = home / "store"
    store.mkdir(exist_ok=True)
    files = BrokerFiles(
        ca=home / "ca.pem", certificate=home / "server.pem", key=home / "server.key", acl=home / "acl", store=store,
        account=account, workers=home / "workers.pem", revoked=None if revoked is None else home / "crl.pem",
        pid=home / "mosquitto.pid",
    )  # fmt: skip
    shutil.copyfile(authority.certificate_file, files.ca)
    shutil.copyfile(authority.workers_file, home / "workers.pem")
    shutil.copyfile(server.certificate, files.certificate)
    files.key.touch(mode=0o600)
    shutil.copyfile(server.key, files.key)
    files.acl.touch(mode=0o600)
    files.acl.write_text(acl, "utf-8")
    if files.revoked and revoked is not None:
        files.revoked.write_bytes(revoked)
    there = [one for one in (files.workers, files.revoked) if one]
    for path in (home, store, files.ca, files.certificate, files.key, files.acl, *there):
        _give(path, account)
    return files


def _give(path: Path, account: str | None) -> None:
    if account:
        shutil.chown(path, account)
    path.chmod(0o700 if path.is_dir() else 0o600)
