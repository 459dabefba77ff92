"""What the cloud wants is believed from the cloud alone, looked at wholly, and undone where the agent is not well."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge_agent.clock import SystemClock
from edge_agent.configuration import Book, Configuration
from edge_agent.errors import SettingsError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.site_file import SiteFile
from proof import jws
from proof.errors import ProofError
from proof.keys import SigningKey
from tests.system.waiting import until
from wire.errors import MessageError
from wire.joining import DESIRED_TYPE, content_hash
from wire.kinds import FactKind

AGENT = "nj01.gate-a"
CLOUD = SigningKey.from_seed(b"c" * 32)


@dataclass
class Place:
    """A journal, the file of configurations, and what the agent finds when it looks."""

    folder: Path
    journal: Journal
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def start(self, trial_s: float = 30) -> tuple[Book, Configuration]:
        """As at a new start of the process."""
        book = Book(self.folder)
        book.begin()
        find = {CLOUD.public.kid: CLOUD.public}.get
        wanted = Configuration(AGENT, book, self.journal, find, lambda _: self.faults, lambda: self.lost, trial_s)
        return book, wanted

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What was told of configurations, in its order."""
        run = self.journal.run_from(1, 1000, 1 << 20)
        facts = run.facts if run else []
        return [(fact.kind, fact.body) for fact in facts if fact.kind.startswith("configuration")]

    def heard_by_the_cloud(self) -> None:
        """Something is told, and the cloud gives its receipt."""
        self.journal.record(Draft(kind=FactKind.HEARTBEAT, device="agent", body={}))
        head = self.journal.head_at(self.journal.last)
        assert head is not None
        self.journal.receipt(self.journal.last, head.hex())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    journal = Journal(tmp_path / "journal", SystemClock("b0"), lambda n: bytes(n))
    yield Place(tmp_path, journal)
    journal.close()


def desired(version: int = 1, key: SigningKey = CLOUD, **change: Any) -> bytes:
    site_file, settings = change.get("site_file", "site: nj01"), change.get("settings", {"keep_days": "60"})
    said = {"v": 1, "agent": AGENT, "version": version, "at": "2026-11-22T03:00:00.000000Z", "site_file": site_file,
            "settings": settings, "hash": content_hash(site_file, settings)}  # fmt: skip
    return jws.sign(said | change, key, DESIRED_TYPE).encode()


async def test_a_configuration_is_tried_and_kept_once_the_cloud_heard_of_it(place: Place) -> None:
    book, wanted = place.start()
    assert wanted.on_desired(desired(3)) is True
    assert book.in_force is not None
    assert (book.in_force.version, book.in_force.settings) == (3, {"keep_days": "60"})
    book, wanted = place.start()
    working = asyncio.create_task(wanted.work())
    wanted.ready.set()
    await asyncio.to_thread(place.heard_by_the_cloud)
    await until(lambda: bool(place.told()), "it is told")
    working.cancel()
    await asyncio.wait({working})
    name = content_hash("site: nj01", {"keep_days": "60"})
    assert place.told() == [("configuration_applied", {"version": 3, "hash": name, "before": 0})]
    again, _ = place.start()
    assert again.in_force == again.state.applied
    assert again.in_force is not None


@pytest.mark.parametrize("sick", ["a device is lost", "no receipt", "never ready"])
async def test_where_it_is_not_well_in_time_it_is_undone_and_started_anew(place: Place, sick: str) -> None:
    _, wanted = place.start()
    wanted.on_desired(desired(1))
    book, wanted = place.start(trial_s=0.2)
    if sick != "never ready":
        wanted.ready.set()
    if sick == "a device is lost":
        place.lost = ["camera"]
        await asyncio.to_thread(place.heard_by_the_cloud)
    await asyncio.wait_for(wanted.work(), 240)
    assert wanted.again.is_set()
    assert (book.in_force, book.state.newest) == (None, 1)
    _, after = place.start()
    working = asyncio.create_task(after.work())
    await until(lambda: bool(place.told()), "it is told")
    working.cancel()
    await asyncio.wait({working})
    ((kind, body),) = place.told()
    assert (kind, body["version"], body["to"]) == ("configuration_rolled_back", 1, 0)
    assert {"a device is lost": "lost: camera", "no receipt": "no receipt", "never ready": "never ready"}[sick] in body[
        "problem"
    ]


def test_what_was_lost_before_does_not_count_against_it(place: Place) -> None:
    place.lost = ["an old lamp"]
    _, wanted = place.start()
    wanted.on_desired(desired(1))
    _, wanted = place.start()
    place.heard_by_the_cloud()
    assert wanted._unwell() is None


def test_a_process_that_died_in_the_trial_starts_under_what_was_before(place: Place) -> None:
    _, wanted = place.start()
    wanted.on_desired(desired(1))
    book, _ = place.start()
    assert book.in_force is not None
    book, _ = place.start()
    assert book.in_force is None
    ((kind, body),) = book.state.untold
    assert (kind, body["problem"]) == ("configuration_rolled_back", "the agent ended while it was tried")


def test_what_has_faults_changes_nothing_and_all_of_them_are_told(place: Place) -> None:
    book, wanted = place.start()
    place.faults = ["site.yaml:3: devices.0.driver: camera_x: no such driver", "site.yaml:9: a second fault"]
    assert wanted.on_desired(desired(1, settings={"key_file": "/elsewhere"})) is False
    assert book.in_force is None
    ((kind, body),) = place.told()
    assert kind == "configuration_refused"
    assert body["faults"] == ["key_file: may not be set from afar", *place.faults]
    assert wanted.on_desired(desired(1)) is False, "it is retained, and comes again with every link"
    assert len(place.told()) == 1


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (desired(key=SigningKey.from_seed(b"x" * 32)), ProofError),
        (desired(agent="nj01.gate-b"), ProofError),
        (desired(4), ProofError),
        (desired(6, hash="ab"), MessageError),
        (desired(6, v=2), MessageError),
        (desired(6, more=1), MessageError),
        (b"noise", ProofError),
    ],
    ids=["another key", "another agent", "an old one", "another hash", "another version", "more in it", "noise"],
)
def test_what_is_not_the_clouds_word_for_us_is_not_believed(
    place: Place, payload: bytes, error: type[Exception]
) -> None:
    book, wanted = place.start()
    wanted.on_desired(desired(5))
    before = book.in_force
    with pytest.raises(error):
        wanted.on_desired(payload)
    assert Book(place.folder).in_force == before


def test_a_spoiled_file_is_named(place: Place) -> None:
    book, _ = place.start()
    book.save()
    (place.folder / "configuration" / "state.json").write_text("{")
    with pytest.raises(SettingsError, match=r"state\.json"):
        Book(place.folder)


def test_the_faults_of_a_text_name_the_file_it_stands_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"site\.yaml:2: agent"):
        SiteFile(tmp_path / "site.yaml", "site: nj01\nagent: Nobody\ndevices: []\n")
