"""docker-compose.yml: right by the Compose specification, careful with secrets, and each of its commands runs.

There need be no container engine here: the second half starts every service's own command line by hand, with its own
environment, the folders and ports of the containers being exchanged for some of this machine.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cloud.db.embedded import APP, OWNER, EmbeddedServer, start_embedded
from simulators.broker import find_mosquitto, free_port
from simulators.processes import Child
from tests.system.waiting import until

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = ("prepare", "migrate", "found")
RUNNING = ("uplink", "readings", "downlink", "gatekeeper", "web", "stage", "edge")
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("sealtrail:")]


def test_it_is_right_by_the_compose_specification() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_every_image_is_named_by_its_exact_version() -> None:
    images = {service["image"] for service in SERVICES.values()} | set(
        re.findall(r"^ARG \w+_IMAGE=(\S+)", DOCKERFILE, re.M)
    )
    assert len(images) == 6
    assert [image for image in images if not re.search(r":\d+\.\d+\.\d+(-[a-z0-9-]+)?$", image)] == []


def test_our_image_holds_every_package_and_no_root() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M))
    ignored_not = set(re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.M))
    assert packages <= ignored_not, "what is copied is sent to the builder"
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.M) == ["10001:10001"]
    assert "\nHEALTHCHECK " in DOCKERFILE


def test_our_image_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    packages = [path.parent.name for path in ROOT.glob("*/__init__.py")]
    beside = ["sealtrail.py", "verify.py", "pyproject.toml", "LICENSE"]
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--", *beside, *packages],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    wanted = {name for name in tracked.split("\0") if name and not name.startswith("cloud/console/")}
    for name in wanted:  # built from copies: building leaves things behind
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", "out"]
    env = {**os.environ, "VIRTUAL_ENV": str(Path(sys.executable).parents[1])}
    subprocess.run(build, cwd=tmp_path, check=True, env=env)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    assert wanted - {"pyproject.toml", "LICENSE"} - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "user" not in service  # the image's own, which is not root


def test_what_stays_up_is_watched_and_what_runs_once_is_not_restarted() -> None:
    for name, service in SERVICES.items():
        if name in ONCE:
            assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True}), name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"], name


def test_secrets_are_files() -> None:
    named = [
        (name, variable)
        for name, service in SERVICES.items()
        for variable, value in service.get("environment", {}).items()
        if re.search("PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL", variable) and not value.startswith("/secrets")
    ]
    assert named == []


def test_only_this_machine_reaches_the_published_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8080:8080", "127.0.0.1:3000:3000"]


class ByHand:
    """Runs services of the file as processes of this machine."""

    def __init__(self, folder: Path, database: EmbeddedServer) -> None:
        self.folder = folder
        self.database = database
        self.broker_port, self.worker_port, self.web_port = free_port(), free_port(), free_port()
        for name in COMPOSE["volumes"]:
            (folder / name).mkdir(mode=0o700)
        (folder / "prepared").mkdir()
        for volume in SERVICES["prepare"]["volumes"]:
            name, target = volume.split(":")
            (folder / "prepared" / Path(target).name).symlink_to(folder / name)

    def local(self, service: str, text: str) -> str:
        """`text` of a service with its folders, hosts and ports exchanged for those of this machine."""
        places = {
            "/opt/sealtrail/console": ROOT / "cloud" / "console" / "dist",
            "/prepared": self.folder / "prepared",
        }
        for volume in SERVICES[service].get("volumes", []):
            name, target = volume.split(":")[:2]
            places[target] = self.folder / name
        for config in SERVICES[service].get("configs", []):
            content = self.local_paths(places, COMPOSE["configs"][config["source"]]["content"])
            places[config["target"]] = self.folder / config["source"]
            places[config["target"]].write_text(content, "utf-8")
        text = self.local_paths(places, text)
        text = re.sub(r"\b8883\b", str(self.broker_port), re.sub(r"\b8080\b", str(self.web_port), text))
        text = re.sub(r"\b8884\b", str(self.worker_port), text).replace("22B4", f"{self.worker_port:04X}")
        text = text.replace("22B3", f"{self.broker_port:04X}").replace("$$", "$")
        return re.sub(r"^(broker|0\.0\.0\.0)$|(?<=//)web(?=:)", "127.0.0.1", text)

    @staticmethod
    def local_paths(places: dict[str, Path], text: str) -> str:
        for target in sorted(places, key=len, reverse=True):
            text = re.sub(rf"(?<![\w.-]){re.escape(target)}(?![\w-])", str(places[target]), text)
        return text

    def env(self, service: str) -> dict[str, str]:
        """The service's environment; the database is the one address that its files name and we must."""
        given = {name: self.local(service, value) for name, value in SERVICES[service].get("environment", {}).items()}
        given["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        if (self.folder_of(service, "/secrets") / "sealtrail_cloud_database_url").exists():
            given["SEALTRAIL_CLOUD_DATABASE_URL"] = self.database.url("sealtrail", APP)
        if (self.folder_of(service, "/secrets") / "sealtrail_cloud_owner_database_url").exists():
            given["SEALTRAIL_CLOUD_OWNER_DATABASE_URL"] = self.database.url("sealtrail", OWNER)
        return given

    def folder_of(self, service: str, target: str) -> Path:
        """Where this machine has the volume that the service has at `target`."""
        return Path(self.local(service, target))

    def child(self, service: str) -> Child:
        """The service's entrypoint and command as a process."""
        words = [*SERVICES[service].get("entrypoint", ["sealtrail"]), *SERVICES[service]["command"]]
        words = [self.local(service, word) for word in words]
        return Child(service, words, log=self.folder / f"{service}.log", env=self.env(service))

    async def once(self, service: str) -> None:
        """Runs a service that ends."""
        child = self.child(service)
        await child.start()
        assert await child.ended() == 0, child.log.read_text("utf-8")

    def broker(self) -> Child:
        """Mosquitto by the file that `prepare` made."""
        config = self.folder_of("broker", "/secrets") / "mosquitto.conf"
        text = "".join(self.local("broker", line) for line in config.read_text("utf-8").splitlines(keepends=True))
        config.write_text(
            text.replace(" 0.0.0.0", " 127.0.0.1") + ("user root\n" if os.geteuid() == 0 else ""), "utf-8"
        )
        _, *arguments = (self.local("broker", word) for word in SERVICES["broker"]["command"])
        return Child("broker", [find_mosquitto(), *arguments], log=self.folder / "broker.log")

    def healthy(self, service: str) -> bool:
        """Whether the service's own health check says so."""
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        words = [self.local(service, word) for word in words]
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        return subprocess.run(command, env=self.env(service), check=False).returncode == 0


@pytest.fixture
async def by_hand() -> AsyncIterator[ByHand]:
    # Not under pytest's own folder, which every pytest that starts shuts to others: root's PostgreSQL is one of them.
    with tempfile.TemporaryDirectory(prefix="sealtrail-compose-") as folder:
        database = await asyncio.to_thread(start_embedded, Path(folder) / "postgres")
        try:
            await asyncio.to_thread(database.create, "sealtrail")
            yield ByHand(Path(folder), database)
        finally:
            await asyncio.to_thread(database.stop)


@pytest.mark.timeout(1200)  # a dozen processes start one after the other, on two cores with other tests
async def test_every_command_runs_and_a_refused_stranger_reaches_the_screen(by_hand: ByHand) -> None:
    for _ in range(2):  # a second `docker compose up` finds everything there
        for service in ONCE:
            await by_hand.once(service)
    async with AsyncExitStack() as running:
        broker = by_hand.broker()
        running.push_async_callback(broker.stop)
        await broker.start()
        for service in RUNNING:
            child = by_hand.child(service)
            running.push_async_callback(child.stop)
            await child.start()
            await child.ready()
        for name in RUNNING:
            await until(partial(asyncio.to_thread, by_hand.healthy, name), f"{name} finds itself healthy")

        password = (by_hand.folder_of("found", "/founding") / "operator_password").read_text("ascii")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{by_hand.web_port}", timeout=240) as client:
            signed_in = await client.post("/api/v1/session", json={"username": "operator", "password": password})
            assert signed_in.status_code == 200, signed_in.text
            row = await first_passage(client)
            assert (row["station"], row["outcome"], row["reason"]) == ("gate-a", "refused", "forged_label")
            assert "<!doctype html>" in (await client.get("/")).text.lower()


async def first_passage(client: httpx.AsyncClient) -> dict[str, Any]:
    """The first passage that the live stream tells of."""
    async with client.stream("GET", "/api/v1/live", params={"site": "nj01", "after": -1}) as stream:
        event = ""
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                event = line.removeprefix("event:").strip()
            if line.startswith("data:") and event == "passage":
                row: dict[str, Any] = json.loads(line.removeprefix("data:"))
                return row
    raise AssertionError("the live stream ended")
