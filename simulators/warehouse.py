"""A whole system on this machine: PostgreSQL, Mosquitto, the cloud's processes, a warehouse with one edge agent.

Everything is the real thing but the world before the gates, which is the stage. Between warehouse and cloud lie two
cables, one to the broker and one to the web server, that can be pulled.
"""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from cloud.errors import CloudError
from edge_agent.journal.journal import FILE
from proof.errors import ProofError
from proof.keys import SigningKey
from simulators.broker import Broker, find_mosquitto
from simulators.cable import Cable
from simulators.errors import FolderError, SimulatorError, StartError
from simulators.pki import CLOUD_DOWNLINK, CLOUD_UPLINK, Authority
from simulators.premises import HOST, write_secret
from simulators.processes import Child, OnEvent
from simulators.rooms import RoomSet
from simulators.site_file import write_site_file
from simulators.stage import Stage
from wire.link import Connect
from wire.mqtt import MqttOptions, mqtt_connect

SITE, OTHER_SITE = "nj01", "sz01"
AGENT = f"{SITE}.gate-a"
DOOR = "store"
"""The door before the racks, where there is one."""
FRAMES_PER_S = {"gate-a": 10, "gate-b": 3}
"""Gates, and how often the agent looks through each one's camera: nearly all that happens happens at the first."""
DATABASE = "sealtrail"
START_S = 120
"""How long a process may take to be ready: many start at once, and one that ends is told at once."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody with an account."""

    username: str
    site: str
    name: str
    roles: tuple[str, ...]
    password: str


class Warehouse:
    """The system in `folder`; `on_event` hears every JSON line that the edge agent prints.

    `rules` is the pack that cloud and agent are founded with, None for the default. `address` is where people open the
    console: browsers make passkeys at localhost, not at 127.0.0.1. With `film` the agent's cameras are filmed.
    """

    def __init__(self, folder: Path, port: int, stack: AsyncExitStack, on_event: OnEvent) -> None:
        self.folder, self.port = folder, port
        self.url = f"http://{HOST}:{port}"
        self.address = f"http://localhost:{port}"
        self._stack, self._on_event = stack, on_event
        self._logs = folder / "logs"
        self._server: EmbeddedServer | None = None
        self._run = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sealtrail-stage-")))
        self.stage = Stage(self._run / "stage.sock", tuple(FRAMES_PER_S))
        self._racks: dict[str, Mapping[str, str]] = {}
        self._doors: dict[str, Sequence[str]] = {}
        self._watches: list[str] = []
        self._rooms: list[str] = []
        self.rules: Path | None = None
        self.more_settings: dict[str, str] = {}
        self.film = False
        self.journal = folder / "edge" / "data" / FILE

    async def start_services(self) -> None:
        """Database and broker, at the same time. Raises SimulatorError."""
        program = find_mosquitto()
        now = datetime.now(UTC)
        self.authority = Authority.open(self.folder / "pki", now, home=self.folder / "keys")
        self.broker = Broker(
            self.folder / "broker", self.authority, self.authority.server(now), log=self._logs / "mosquitto.log",
            program=program,
        )  # fmt: skip
        self._stack.push_async_callback(self.broker.stop)
        self._stack.push_async_callback(self._stop_database)
        await asyncio.gather(self.start_database(), self.broker.start())

    async def prepare_cloud(self) -> None:
        """The schema and the keys."""
        (self.folder / "media").mkdir(mode=0o700, exist_ok=True)
        await asyncio.gather(self._command("migrate"), self._command("keygen"))

    async def start_cloud(self, first: Sequence[Staff]) -> None:
        """Schema, keys, sites, the agent and each site's `first` account where they are missing; then the processes."""
        await self.prepare_cloud()
        self.uplink = self._worker("uplink", CLOUD_UPLINK)
        self.downlink = self._worker("downlink", CLOUD_DOWNLINK)
        self.jobs = self._worker("jobs", CLOUD_DOWNLINK)
        self.web = self._worker("web", None)
        await asyncio.gather(self.found(first), *map(self._up, self.workers))

    async def restart_web(self, settings: dict[str, str]) -> None:
        """The web process under other settings. Raises StartError."""
        await self.web.stop()
        self.more_settings |= settings
        self.web = self._worker("web", None)
        await self._up(self.web)

    async def start_gatekeeper(self) -> None:
        """The worker that keeps the broker's files, where devices join and leave. Raises StartError."""
        self.gatekeeper = self._worker("gatekeeper", CLOUD_DOWNLINK)
        await self._up(self.gatekeeper)

    @property
    def workers(self) -> tuple[Child, ...]:
        """The cloud's processes."""
        return self.uplink, self.downlink, self.jobs, self.web

    async def found(self, first: Sequence[Staff]) -> None:
        """Sites, agent and first accounts: once in a folder's life."""
        founded = self.folder / "founded"
        if founded.exists():
            return
        if (self.folder / "edge").exists():
            raise FolderError(
                f"{self.folder} holds a start that was never finished: delete it, or choose another with --data.",
                f"{self.folder} 中是一次未完成的启动：请删除它，或用 --data 另选文件夹。",
            )
        await asyncio.gather(
            self._command("site", "add", SITE, "--zh", "南京一号仓", "--en", "Nanjing warehouse 1"),
            self._command("site", "add", OTHER_SITE, "--zh", "苏州一号仓", "--en", "Suzhou warehouse 1"),
        )
        await asyncio.gather(self._add_agent(), *map(self._add_person, first))
        founded.touch()

    def furnish(self, rack: str, slots: Mapping[str, str]) -> None:
        """Before the edge starts: puts up `rack` with these slots, their ids by the names they have on stage."""
        self._racks[rack] = slots
        self.stage.put_up(rack, tuple(slots))

    def hang_door(self, zones: Sequence[str]) -> None:
        """Before the edge starts: a door before all racks there are, with zones of these classes behind it."""
        self._doors[DOOR] = zones
        self.stage.hang(DOOR)

    def watch(self, corridor: str) -> None:
        """Before the edge starts: a camera that only watches a corridor, in which nobody is to be."""
        self._watches.append(corridor)
        self.stage.put_up(corridor, ())

    def air(self, room: str) -> RoomSet:
        """Before the edge starts: a room whose air is measured at a high rate."""
        self._rooms.append(room)
        return self.stage.air(room)

    async def start_readings(self) -> None:
        """The worker that stores telemetry. Raises StartError."""
        self.readings = self._worker("readings", CLOUD_UPLINK)
        await self._up(self.readings)

    async def check_telemetry(self) -> int | None:
        """How many readings are stored as their agents signed them; None when any is not. Raises StartError."""
        env = _environment(self.cloud_settings())
        command = [*sealtrail(), "cloud", "telemetry-check", SITE]
        found: list[int] = []
        child = Child("telemetry-check", command, log=self._logs / "commands.log", env=env,
                      on_event=lambda told: found.append(int(told["readings"])))  # fmt: skip
        await child.start()
        status = await child.ended()
        if status not in (0, 1) or not found:
            raise child.failure("failed")
        return found[-1] if status == 0 else None

    async def start_edge(self, facts_a_second: int = 0) -> None:
        """Cables, stage and the agent; with `facts_a_second` one without gates that records as many.

        Raises StartError when it is not ready in time.
        """
        await self.open_stage()
        counting = [sys.executable, "-m", "simulators.fleet", AGENT, str(facts_a_second)]
        command = counting if facts_a_second else [*sealtrail(), "edge", "run"]
        self.edge = Child(
            "the edge agent", command, log=self._logs / "edge.log", on_event=self._on_event,
            env={f"SEALTRAIL_EDGE_{name}".upper(): value for name, value in self.edge_settings().items()},
        )  # fmt: skip
        await self._up(self.edge)

    async def open_stage(self) -> None:
        """The cables, and the world before the gates."""
        self.cables = [Cable(self.broker.port), Cable(self.port)]
        for cable in self.cables:
            await cable.plug()
            self._stack.push_async_callback(cable.unplug)
        await self.stage.open()
        self._stack.push_async_callback(self.stage.close)

    def edge_settings(self) -> dict[str, str]:
        """What the agent is told, by the names of its settings."""
        identity = self.authority.client(AGENT, datetime.now(UTC))
        keys, rules = self.folder / "keys", self.rules
        told = {
            "site_file": str(self._site_file()),
            "data_dir": str(self.journal.parent),
            "key_file": str(self.folder / "edge" / "agent.pem"),
            "cloud_keys": _public(keys / "cloud.pem"),
            "label_keys": _public(keys / "label.pem"),
            "broker_host": HOST,
            "broker_port": str(self.cables[0].port),
            "broker_ca": str(self.authority.certificate_file),
            "broker_cert": str(identity.certificate),
            "broker_key": str(identity.key),
            "reserve_mb": "8",
            "film": str(self.film).lower(),
            "film_ring_mb": "64",
            "cloud_url": f"http://{HOST}:{self.cables[1].port}",
        }
        return told if rules is None else {**told, "rule_pack": str(rules)}

    async def check_ledger(self) -> str | None:
        """None when `sealtrail ledger verify` derives all of the site anew and everything holds, else what it found.

        Raises StartError when it could not look.
        """
        command = [*sealtrail(), "ledger", "verify", "--site", SITE, "--json"]
        env = _environment(self.cloud_settings())
        child = Child("ledger verify", command, log=self._logs / "commands.log", env=env)
        await child.start()
        status = await child.ended()
        if status not in (0, 1):
            raise child.failure("failed")
        return None if status == 0 else child.last_words

    async def export_bundle(self, package: str, path: Path) -> None:
        """`sealtrail bundle export` of `package` into the new file `path`. Raises StartError with its last words."""
        command = [*sealtrail(), "bundle", "export", "--site", SITE, "--package", package, "-o", str(path)]
        env = _environment(self.cloud_settings())
        child = Child("bundle export", command, log=self._logs / "commands.log", env=env)
        await child.start()
        if await child.ended() != 0:
            raise child.failure("failed")

    def database_url(self) -> str:
        """Address of the database for the application's role."""
        return self._database.url(DATABASE, APP)

    async def add_agent(self, agent: str, public_key: str) -> None:
        """Makes one more agent known, as the command line does."""
        await self._command("agent", "add", agent, "--public-key", public_key)

    def connect_as(self, name: str) -> Connect:
        """A way to the broker with a certificate for `name`."""
        identity = self.authority.client(name, datetime.now(UTC))
        return mqtt_connect(
            MqttOptions(
                host=HOST, port=self.broker.port, client_id=name, ca_file=self.authority.certificate_file,
                cert_file=identity.certificate, key_file=identity.key,
            )
        )  # fmt: skip

    def cut(self) -> None:
        """Pulls both cables."""
        for cable in self.cables:
            cable.cut()

    def mute(self) -> None:
        """Both cables swallow what is sent, and nobody is told."""
        for cable in self.cables:
            cable.mute()

    def mend(self) -> None:
        """Plugs them in again."""
        for cable in self.cables:
            cable.mend()

    @property
    def _database(self) -> EmbeddedServer:
        if self._server is None:
            raise StartError("PostgreSQL was never started", str(self.folder / "postgres"))
        return self._server

    @property
    def database_pid(self) -> int:
        """Of PostgreSQL's postmaster."""
        return self._database.pid

    async def start_database(self) -> None:
        """Starts PostgreSQL, or starts it anew after its end. Raises SimulatorError."""
        try:
            self._server = await asyncio.to_thread(start_embedded, self.folder / "postgres")
            await asyncio.to_thread(self._server.create, DATABASE)
        except CloudError as error:
            raise SimulatorError(f"{error.diagnosis} ({error})") from error

    async def _stop_database(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)

    async def _add_agent(self) -> None:
        path = self.folder / "edge" / "agent.pem"
        path.parent.mkdir(exist_ok=True)
        key = SigningKey.from_seed(secrets.token_bytes(32))
        await self.add_agent(AGENT, key.public.text)
        write_secret(path, key.to_pem())

    async def _add_person(self, one: Staff) -> None:
        roles = [part for role in one.roles for part in ("--role", role)]
        await self._command(
            "person", "add", one.username, "--site", one.site, "--name", one.name, *roles, "--own", "--password-stdin",
            said_to_it=f"{one.password}\n",
        )  # fmt: skip

    def _worker(self, name: str, client: str | None) -> Child:
        env = _environment(self.cloud_settings(client))
        return Child(f"cloud {name}", [*sealtrail(), "cloud", name], log=self._logs / f"{name}.log", env=env)

    def cloud_settings(self, client: str | None = None) -> dict[str, str]:
        """What the cloud's processes are told, by the names of their settings; `client` is their name at the broker."""
        told = {
            "database_url": self._database.url(DATABASE, APP),
            "owner_database_url": self._database.url(DATABASE, OWNER),
            "keys_dir": str(self.folder / "keys"),
            "deployment": "demo",
            "media_url": (self.folder / "media").as_uri(),
            "web_host": HOST,
            "web_port": str(self.port),
            "origins": self.address,
            "agents_broker_host": HOST,
            "agents_broker_port": str(self.broker.port),
            "broker_files": str(self.broker.home),
            "broker_pid_file": str(self.broker.home / "mosquitto.pid"),
        }
        told |= {} if self.rules is None else {"rule_pack": str(self.rules)}
        pages = Path(__file__).parents[1] / "cloud" / "console" / "dist"
        if pages.is_dir():
            told["console_dir"] = str(pages)
        if client:
            identity = self.authority.worker(client, datetime.now(UTC))
            told |= {
                "broker_host": HOST,
                "broker_port": str(self.broker.worker_port),
                "broker_ca": str(self.authority.certificate_file),
                "broker_cert": str(identity.certificate),
                "broker_key": str(identity.key),
            }
        return told | self.more_settings

    async def _command(self, *arguments: str, said_to_it: str = "") -> None:
        """One `sealtrail cloud …` from start to end. Raises StartError with its last words when it fails."""
        child = self._cloud(*arguments, said_to_it=said_to_it)
        await child.start()
        if await child.ended() != 0:
            raise child.failure("failed")

    def _cloud(self, *arguments: str, said_to_it: str = "") -> Child:
        return Child(
            f"cloud {' '.join(arguments[:2])}", [*sealtrail(), "cloud", *arguments], log=self._logs / "commands.log",
            env=_environment(self.cloud_settings()), said_to_it=said_to_it,
        )  # fmt: skip

    async def _up(self, child: Child) -> None:
        self._stack.push_async_callback(child.stop)
        await child.start()
        await child.ready(START_S)

    def _site_file(self) -> Path:
        path = self.folder / "edge" / "site.yaml"
        write_site_file(path, SITE, AGENT, self.stage.path, FRAMES_PER_S, self._racks, self._doors, self._watches,
                        self._rooms)  # fmt: skip
        return path


def _environment(cloud_settings: dict[str, str]) -> dict[str, str]:
    return {f"SEALTRAIL_CLOUD_{name}".upper(): value for name, value in cloud_settings.items()}


def sealtrail() -> list[str]:
    """The command `sealtrail` under this very Python."""
    return [sys.executable, "-m", "sealtrail"]


def _public(path: Path) -> str:
    try:
        return SigningKey.from_pem(path.read_bytes()).public.text
    except (OSError, ProofError) as error:
        raise FolderError(
            f"The key {path} cannot be used ({error}): choose another folder with --data.",
            f"密钥 {path} 无法使用（{error}）：请用 --data 另选文件夹。",
        ) from error
