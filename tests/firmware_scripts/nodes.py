"""A site's own broker, and a slot node's very firmware as a process beside it."""

import json
import queue
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from simulators.broker import Broker, find_mosquitto
from simulators.pki import Authority, Identity
from tests.law.tree import ROOT

FIRMWARE = ROOT / "firmware_scripts" / "slot_node"
ACL = ROOT / "firmware_scripts" / "pi" / "files" / "mosquitto-local.acl"
AGENT = "nj01.gate-a"
NODE = "rack-1"
PINS = {"A-01": 2, "A-02": 3}
COLOURS = {"green": (0, 60, 0), "red": (60, 0, 0), "amber": (60, 24, 0), "off": (0, 0, 0),
           "blue": (0, 0, 60), "violet": (36, 0, 48), "white": (36, 36, 36)}  # fmt: skip


class LocalBroker:
    """Mosquitto with the access list that the installer puts there; certificates for its agent and one node."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        self.authority = Authority.open(folder / "pki", now)
        self.agent = self.authority.client(AGENT, now)
        self.node = self.authority.client(NODE, now)
        self.broker = Broker(
            folder / "broker", self.authority, self.authority.server(now), log=folder / "broker.log",
            program=find_mosquitto(), acl=ACL.read_text("utf-8").replace("@AGENT@", AGENT),
        )  # fmt: skip

    def options(self, **other: Any) -> dict[str, Any]:
        """Options of the agent's driver."""
        return {
            "host": "127.0.0.1", "port": self.broker.port, "ca_file": self.authority.certificate_file,
            "cert_file": self.agent.certificate, "key_file": self.agent.key, "node": NODE, "slots": list(PINS), **other,
        }  # fmt: skip


class NodeProcess:
    """A board with power: the firmware's process, its strip and its switches."""

    def __init__(self, home: Path, local: LocalBroker, **config: Any) -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        self.write_config(
            node=NODE, broker="127.0.0.1", port=local.broker.port, keepalive_s=2, debounce_ms=20, dark_after_s=1,
            tls=der_files(home, local.authority.certificate_file, local.node), strip={"pin": 15, "pixels": 4},
            slots={"A-01": {"pin": 2, "pixels": [0, 1]}, "A-02": {"pin": 3, "pixels": [2, 3]}}, **config,
        )  # fmt: skip
        self.levels: dict[str, int] = {}
        self.shown: list[list[int]] = []
        self.process: subprocess.Popen[str] | None = None

    def write_config(self, **config: Any) -> None:
        (self.home / "config.json").write_text(json.dumps(config))

    def power_on(self) -> None:
        board = Path(__file__).parent / "board" / "run_node.py"
        self.process = subprocess.Popen(
            [sys.executable, str(board), str(FIRMWARE)], cwd=self.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout
        self.said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=_listen, args=(self.process.stdout, self.said))
        self._reader.start()
        self._tell(json.dumps(self.levels) + "\n\n")

    def pull_the_plug(self) -> None:
        """SIGKILL: it says nothing more to anybody."""
        assert self.process
        assert self.process.stdin
        self.process.kill()
        self.process.wait(240)
        self._reader.join(240)
        self.process.stdin.close()
        self.process = None

    def lay(self, slot: str, occupied: bool) -> None:
        self.levels[str(PINS[slot])] = 0 if occupied else 1
        if self.process:
            self._tell(json.dumps(self.levels) + "\n")

    def chatter(self, slot: str, looks: int) -> None:
        """The switch bounces: at so many looks it says something else each time, and is then as it was."""
        self._tell(json.dumps({str(PINS[slot]): -looks}) + "\n")

    def reach(self, slot: str, light: str) -> None:
        """Waits until the slot shows `light`."""
        first = 2 * list(PINS).index(slot)
        while self.shown[first : first + 2] != [list(COLOURS[light])] * 2:
            self.until(lambda said: said.startswith('{"pixels"'))

    def sees(self, *lights: str) -> None:
        """Waits until the strip says anew that its slots show `lights`, in their order."""
        wanted = [list(COLOURS[light]) for light in lights for _ in range(2)]
        while self.until(lambda said: said.startswith('{"pixels"')) and self.shown != wanted:
            pass

    def until(self, is_it: Any) -> str:
        """The next line that `is_it`."""
        while True:
            said = self.said.get(timeout=240)
            if said.startswith('{"pixels"'):
                self.shown = json.loads(said)["pixels"]
            if is_it(said):
                return said

    def _tell(self, text: str) -> None:
        assert self.process
        assert self.process.stdin
        self.process.stdin.write(text)
        self.process.stdin.flush()


def _listen(stream: IO[str], said: "queue.Queue[str]") -> None:
    with stream:
        for line in stream:
            said.put(line.strip())


def der_files(home: Path, ca: Path, identity: Identity) -> dict[str, str]:
    """The files as a board takes them, in `home`; their names."""
    for path, name in ((ca, "ca"), (identity.certificate, "cert")):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        (home / f"{name}.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
    key = serialization.load_pem_private_key(identity.key.read_bytes(), None)
    (home / "key.der").write_bytes(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return {"ca": "ca.der", "cert": "cert.der", "key": "key.der"}
