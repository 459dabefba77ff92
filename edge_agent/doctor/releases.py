"""Which release of the program runs, whether one waits, and what became of the last one."""

from edge_agent.doctor.finding import Finding, Findings
from edge_agent.errors import SettingsError
from edge_agent.settings import EdgeSettings
from edge_agent.updates.book import Book
from edge_agent.updates.home import FOLDER, Home, running_version


def check_releases(settings: EdgeSettings) -> Findings:
    """What runs, and what is wanted."""
    version = running_version(settings.releases)
    if settings.releases is None or not settings.release_keys:
        yield Finding("release.by_hand", values={"version": version})
        return
    folder = settings.data_dir / FOLDER
    try:
        said, pages = Home(settings.releases, folder).said(), Book(folder).pages
    except SettingsError as error:
        yield Finding("release.unread", values={"problem": str(error)})
        return
    yield Finding("release.runs", values={"version": version})
    if said.trying.number and pages.trial is not None:  # else it was healthy, and only the next start notes it
        yield Finding("release.trial", values={"version": said.trying.version})
    elif pages.wish is not None:
        yield Finding("release.wanted", values={"version": pages.wish.update.version})
    elif said.last.outcome == "rolled_back":
        yield Finding("release.undone", values={"version": said.last.version, "problem": said.last.problem})
