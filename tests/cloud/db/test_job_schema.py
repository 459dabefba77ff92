"""The queue's tables come with ours, and those of an older version are brought up to date with what waits in them."""

from collections.abc import Iterator

import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from cloud.db.embedded import APP, EmbeddedServer
from cloud.db.job_schema import OPTIONS, check_job_schema, job_files
from cloud.db.migrate import migrate
from cloud.db.pool import Pool, connect, transaction
from cloud.errors import MigrationError
from tests.cloud.conftest import START

OLD = "03.00.00_50_post_cancel_notification.sql"


@pytest.fixture
def aged(server: EmbeddedServer, template: str) -> Iterator[tuple[str, str]]:
    """A database whose queue was made by an older version of the library, with a job that waits: owner, application."""
    server.create("aged", template)
    owner = server.url("aged")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("DROP SCHEMA jobs CASCADE; CREATE SCHEMA jobs; SET search_path = jobs")
        connection.execute("CREATE TABLE applied (file text PRIMARY KEY, applied_at timestamptz NOT NULL)")
        for path in job_files():
            if path.name <= OLD:
                connection.execute(path.read_bytes())
                connection.execute("INSERT INTO applied VALUES (%s, now())", [path.name])
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('q', 'note', '{\"word\": \"old\"}')"
        )
        connection.execute("GRANT USAGE ON SCHEMA jobs TO sealtrail_app; GRANT SELECT ON applied TO sealtrail_app")
    yield owner, server.url("aged", APP)
    server.drop("aged")


async def test_a_newer_version_brings_an_older_queue_up_to_date_and_what_waited_is_done(aged: tuple[str, str]) -> None:
    owner, app_url = aged
    async with await connect(app_url) as tx:
        with pytest.raises(MigrationError):
            await check_job_schema(tx)
    assert migrate(owner, START) == []
    async with await connect(app_url) as tx:
        await check_job_schema(tx)
    done: list[str] = []

    async def note(word: str) -> None:
        done.append(word)

    queue = App(connector=PsycopgConnector(conninfo=app_url, kwargs={"options": OPTIONS}, min_size=1, max_size=2))
    task = queue.task(name="note", queue="q")(note)
    async with queue.open_async():
        await task.defer_async(word="new")
        await queue.run_worker_async(queues=["q"], wait=False, listen_notify=False, install_signal_handlers=False)
    assert done == ["old", "new"]


async def test_the_application_can_use_the_queue_and_not_say_what_was_applied(pool: Pool) -> None:
    async with transaction(pool) as tx:
        await check_job_schema(tx)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with transaction(pool) as tx:
            await tx.execute("DELETE FROM jobs.applied")
