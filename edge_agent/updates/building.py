"""Putting updates together from the settings."""

import ssl
from collections.abc import Callable, Iterable, Sequence

from edge_agent.clock import Clock
from edge_agent.journal.journal import Journal
from edge_agent.settings import EdgeSettings
from edge_agent.updates.book import Book
from edge_agent.updates.fetching import Fetching
from edge_agent.updates.home import FOLDER, Home
from edge_agent.updates.updates import Around, Updates
from proof.keys import SigningKey

Busy = Callable[[], str | None]
"""What is open, as a code; None: nothing."""


def updates_of(
    settings: EdgeSettings, agent: str, key: SigningKey, journal: Journal, clock: Clock, tls: ssl.SSLContext | None,
    busy: Busy, lost: Callable[[], Sequence[str]],
) -> Updates | None:  # fmt: skip
    """The updates of `agent`; None where no launcher starts it, or nobody publishes for it. Raises SettingsError."""
    if settings.releases is None or not settings.release_keys:
        return None
    folder = settings.data_dir / FOLDER
    fetching = Fetching(
        agent=agent, key=key, clock=clock, url=f"{str(settings.cloud_url).rstrip('/')}/api/v1/releases", folder=folder,
        short=lambda: journal.reserve.opened, tls=tls,
    )  # fmt: skip
    around = Around(
        busy=busy, lost=lost, publisher={key.kid: key for key in settings.release_keys}.get,
        quiet_s=settings.update_quiet_s, trial_s=settings.update_trial_s,
    )  # fmt: skip
    return Updates(Home(settings.releases, folder), Book(folder), journal, fetching, around)


def busy_of(asked: Iterable[Busy]) -> str | None:
    """The first of what is open."""
    return next((code for one in asked if (code := one())), None)
