"""A board's folders, keys and launcher, without a board: what the agent would write is written by the test."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud.releases.packing import For, pack_tree
from proof import jws
from proof.keys import SigningKey
from wire.messages import ORDER_TYPE
from wire.releases import digest_of

LAUNCHER = Path(__file__).parents[2] / "firmware_scripts" / "pi" / "launcher.py"
CLOUD, PUBLISHER = SigningKey.from_seed(b"c" * 32), SigningKey.from_seed(b"p" * 32)
AGENT = "nj01.gate-a"
ANYWHERE = For(follows="0.1.0", python="3.11", platform="any")


@dataclass
class Bench:
    """`programs` are what the releases are by their version: the text of a `sealtrail.py`."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def notes(self) -> Path:
        return self.folder / "data" / "updates"

    @property
    def state(self) -> dict[str, Any]:
        path = self.home / "state.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    @property
    def current(self) -> str:
        return Path(os.readlink(self.home / "current")).name

    def lay_out(self) -> None:
        """As the installer does: the first release, and the link to it."""
        first = self.home / "releases" / "first"
        (first / "tree").mkdir(parents=True)
        (first / "tree" / "sealtrail.py").write_text("print('first')\n", "utf-8")
        (self.home / "current").symlink_to("releases/first")
        self.notes.mkdir(parents=True)
        self.site(f"agent: {AGENT}\n")

    def site(self, text: str) -> None:
        """The site file that root put there."""
        (self.folder / "site.yaml").write_text(f"site: nj01\n{text}devices: []\n", "utf-8")

    def release(self, version: str, program: str = "print('new')\n", key: SigningKey = PUBLISHER) -> Path:
        """A release of one file."""
        tree = self.folder / f"tree-{version}"
        tree.mkdir(exist_ok=True)
        (tree / "sealtrail.py").write_text(program, "utf-8")
        out = self.folder / f"{version}.zip"
        out.unlink(missing_ok=True)
        pack_tree(out, key, tree, version, ANYWHERE, {})
        return out

    def fetched(
        self, release: Path, number: int = 1, key: SigningKey = CLOUD, agent: str = AGENT, **change: Any
    ) -> str:
        """The agent has fetched it, by an order for `agent`; its name."""
        with release.open("rb") as file:
            sha256 = digest_of(file)
        body = {"number": number, "version": release.stem, "sha256": sha256, "bytes": release.stat().st_size,
                "approved": 7} | change  # fmt: skip
        order = {"v": 1, "id": "nj01/O-1", "agent": agent, "kind": "update", "at": "", "body": body}
        (self.notes / "release.zip").write_bytes(release.read_bytes())
        (self.notes / "wanted.jws").write_text(jws.sign(order, key, ORDER_TYPE), "utf-8")
        return sha256[:12]

    def note(self, name: str, **said: Any) -> None:
        """What the agent tells the launcher."""
        (self.notes / name).write_text(json.dumps(said), "utf-8")

    def launch(self, command: str, timeout: float = 60) -> "subprocess.CompletedProcess[str]":
        """One call of the launcher."""
        around = {key: value for key, value in os.environ.items() if not key.startswith("SEALTRAIL_")}
        env = {
            **around, "SEALTRAIL_RELEASES_HOME": str(self.home), "SEALTRAIL_EDGE_DATA_DIR": str(self.folder / "data"),
            "SEALTRAIL_EDGE_CLOUD_KEYS": CLOUD.public.text, "SEALTRAIL_EDGE_RELEASE_KEYS": PUBLISHER.public.text,
            "SEALTRAIL_RELEASES_TREES": "1", "SEALTRAIL_EDGE_SITE_FILE": str(self.folder / "site.yaml"), **self.env,
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-I", str(LAUNCHER), command], env=env, check=False, capture_output=True, text=True,
            timeout=timeout,
        )  # fmt: skip

    def begun(self, release: Path, number: int = 1) -> str:
        """A release on trial; its name."""
        name = self.fetched(release, number)
        assert self.launch("stage").returncode == 0
        self.note("apply.json", number=number)
        assert self.launch("begin").returncode == 0
        assert self.current == name, self.state
        return name
