"""Two sites, each with an agent that is a witness of the other's log; then the database is put back to an old copy."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from edge_agent.cli import app as edge_app
from proof.checkpoint import Checkpoint
from proof.cosignature import verify_cosignature
from proof.errors import SignatureError
from proof.keys import SigningKey
from proof.note import NoteVerifier, read_note
from simulators.broker import free_port
from simulators.processes import Child
from simulators.warehouse import AGENT, DATABASE, OTHER_SITE, SITE, Warehouse, sealtrail
from tests.system.waiting import until

OTHER_AGENT = f"{OTHER_SITE}.gate-a"
COPY = "copy"
WITNESS_OF = {SITE: f"sealtrail/{OTHER_AGENT}", OTHER_SITE: f"sealtrail/{AGENT}"}

pytestmark = pytest.mark.timeout(1200)


class Neighbours(Warehouse):
    """A warehouse whose agent looks after the log of the other site."""

    def edge_settings(self) -> dict[str, str]:
        return super().edge_settings() | self.witness_settings(AGENT, OTHER_SITE)

    def witness_settings(self, agent: str, site: str) -> dict[str, str]:
        """What makes `agent` a witness of the log of `site`."""
        return {
            "witness_logs": self.log(site).vkey,
            "witness_key_file": str(self.folder / f"witness-{agent}.pem"),
            "witness_every_s": "1",
            "heartbeat_s": "1",
        }

    def log(self, site: str) -> NoteVerifier:
        """The log of `site`, as anybody may know it."""
        key = SigningKey.from_pem((self.folder / "keys" / f"log-{site}.pem").read_bytes())
        return NoteVerifier(f"sealtrail/demo/{site}", key.public)

    def cloud_settings(self, client: str | None = None) -> dict[str, str]:
        return super().cloud_settings(client) | {"policy": str(self.folder / "policy.txt")}


def keygen(folder: Path, agent: str) -> NoteVerifier:
    made = CliRunner().invoke(edge_app, ["keygen", "--witness", agent, str(folder / f"witness-{agent}.pem")])
    assert made.exit_code == 0, made.output
    return NoteVerifier.from_vkey(made.stdout.strip())


@dataclass
class Scene:
    """Both sites, and the two witnesses by the site whose log they look after."""

    warehouse: Neighbours
    witnesses: dict[str, NoteVerifier]

    def asked(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse.database_url()) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def cosigned(self) -> dict[str, int]:
        """Of each site the largest size that the other's agent cosigned, by what the cloud knows."""
        return {
            site: size or 0
            for site in WITNESS_OF
            for ((size,),) in [
                self.asked("SELECT max(size) FROM cosignature WHERE site = %s AND witness = %s", site, WITNESS_OF[site])
            ]
        }

    async def grown_beyond(self, sizes: dict[str, int]) -> None:
        """Returns when both witnesses have cosigned more than `sizes`."""

        async def more() -> bool:
            now = await asyncio.to_thread(self.cosigned)
            return all(now[site] > sizes[site] for site in sizes)

        await until(more, f"both logs are cosigned beyond {sizes}")

    async def workers(self, act: str) -> None:
        """Stops or starts all processes of the cloud."""
        house = self.warehouse
        workers = [house.uplink, house.downlink, house.jobs, house.web]
        await asyncio.gather(*(getattr(one, act)() for one in workers))
        if act == "start":
            await asyncio.gather(*(one.ready() for one in workers))

    async def replace(self, new: str, old: str) -> None:
        """The database `new` becomes what `old` is now, while nobody is connected."""
        server = self.warehouse._database
        await asyncio.to_thread(server.drop, new)
        await asyncio.to_thread(server.create, new, old)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root PostgreSQL runs as somebody else, to whom every pytest that starts shuts that one."""
    with tempfile.TemporaryDirectory(prefix="sealtrail-witnesses-", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.fixture
async def scene(folder: Path) -> AsyncIterator[Scene]:
    witnesses = {SITE: keygen(folder, OTHER_AGENT), OTHER_SITE: keygen(folder, AGENT)}
    lines = [f"witness {site} {witness.vkey}\n" for site, witness in witnesses.items()]
    (folder / "policy.txt").write_text("".join([*lines, "quorum none\n"]), "utf-8")
    async with AsyncExitStack() as stack:
        house = Neighbours(folder, free_port(), stack, lambda said: None)
        await house.start_services()
        await house.start_cloud([])
        await house.start_edge()
        other = await second_agent(house)
        stack.push_async_callback(other.stop)
        await other.ready()
        yield Scene(house, witnesses)


async def second_agent(house: Neighbours) -> Child:
    """An agent of the other site, which records twenty facts a second."""
    folder = house.folder / "other"
    folder.mkdir()
    key = SigningKey.from_seed(b"2" * 32)
    (folder / "agent.pem").write_bytes(key.to_pem())
    await house.add_agent(OTHER_AGENT, key.public.text)
    identity = house.authority.client(OTHER_AGENT, datetime.now(UTC))
    settings = house.edge_settings() | house.witness_settings(OTHER_AGENT, SITE)
    settings |= {
        "data_dir": str(folder / "data"), "key_file": str(folder / "agent.pem"),
        "broker_cert": str(identity.certificate), "broker_key": str(identity.key),
    }  # fmt: skip
    child = Child(
        "the other agent", [*sealtrail()[:2], "simulators.fleet", OTHER_AGENT, "20"], log=folder / "edge.log",
        env={f"SEALTRAIL_EDGE_{name}".upper(): value for name, value in settings.items()},
    )  # fmt: skip
    await child.start()
    return child


async def test_two_sites_watch_over_each_other_and_an_old_copy_of_the_database_is_found_out(scene: Scene) -> None:
    await scene.grown_beyond(dict.fromkeys(WITNESS_OF, 0))
    async with httpx.AsyncClient(base_url=scene.warehouse.url, trust_env=False, timeout=240) as public:
        for site, witness in scene.witnesses.items():
            await until(partial(carries, public, scene, site, witness), f"{site} is cosigned")
    assert alarms(scene) == set()

    await scene.workers("stop")
    await scene.replace(COPY, DATABASE)
    in_the_copy = dict(scene.asked("SELECT site, size FROM ledger_head"))
    await scene.workers("start")
    await scene.grown_beyond(in_the_copy)

    await scene.workers("stop")
    await scene.replace(DATABASE, COPY)
    await scene.workers("start")
    expected = {(site, "checkpoint_refused", WITNESS_OF[site], "critical") for site in WITNESS_OF}

    async def found_out() -> bool:
        return expected <= await asyncio.to_thread(alarms, scene)

    await until(found_out, "both agents refuse what the other site's log has become")
    await until(partial(forks_shown, scene), "grown again, both logs are shown to have two histories")
    for site in WITNESS_OF:
        ((detail,),) = refusals(scene, site)
        seen = read_note(detail["seen"]["note"].encode())
        seen.verify(scene.warehouse.log(site))
        verify_cosignature(seen, scene.witnesses[site])
        read_note(detail["note"].encode()).verify(scene.warehouse.log(site))


async def carries(public: httpx.AsyncClient, scene: Scene, site: str, witness: NoteVerifier) -> bool:
    """Whether the public checkpoint of `site` is cosigned by `witness` now."""
    note = read_note((await public.get(f"/log/{site}/checkpoint")).raise_for_status().content)
    note.verify(scene.warehouse.log(site))
    assert Checkpoint.from_text(note.text).size > 0
    try:
        return verify_cosignature(note, witness) > 0
    except SignatureError:
        return False


def alarms(scene: Scene) -> set[tuple[str, str, str, str]]:
    rows = scene.asked("SELECT site, cause, place, severity FROM alarm WHERE cause = 'checkpoint_refused'")
    return {(site, cause, place, severity) for site, cause, place, severity in rows}


async def forks_shown(scene: Scene) -> bool:
    """Whether each agent has told of a fork, with the proof that the log's own tiles give."""
    told = await asyncio.to_thread(
        scene.asked, "SELECT site FROM fact WHERE kind = 'checkpoint_refused' AND content LIKE '%%\"forked\"%%'"
    )
    return {site for (site,) in told} == set(WITNESS_OF)


def refusals(scene: Scene, site: str) -> list[tuple[Any, ...]]:
    return scene.asked(
        "SELECT detail FROM alarm WHERE site = %s AND cause = 'checkpoint_refused' AND place = %s",
        site, WITNESS_OF[site],
    )  # fmt: skip
