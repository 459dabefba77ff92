"""A card to install on: a folder as the root of a Raspberry Pi, and a tree to install from with few packages."""

import base64
import hashlib
import os
import shutil
import site
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.law.tree import ROOT, tracked

PARTS = ("sealtrail.py", "verify.py", "pyproject.toml", "LICENSE", "proof/*", "custody/*", "wire/*", "edge_agent/*",
         "device_profiles/*", "firmware_scripts/*")  # fmt: skip
SITE = """\
site: nj01
agent: nj01.gate-a
devices:
  - {name: labels, profile: zebra-zpl-label-printer, options: {host: 10.0.0.7}}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """What the installer said and did."""

    code: int
    out: str
    err: str

    @property
    def actions(self) -> list[str]:
        """The lines that tell of something done."""
        return [line for line in self.out.splitlines() if line.startswith("+ ")]


class Card:
    """`home/root` is the Pi's file system, `home/tree` what was copied there to install from."""

    def __init__(self, home: Path) -> None:
        self.home, self.root, self.tree = home, home / "root", home / "tree"
        self._tree()
        self._raspberry_pi()
        (home / "site.yaml").write_text(SITE)
        for name in ("ca.pem", "cert.pem", "key.pem"):
            (home / name).write_text(f"{name}\n")

    def run(self, *options: str, typed: str = "", architecture: str = "arm64") -> Ended:
        """The installer with `options`, for this root."""
        (self.home / "bin" / "dpkg").write_text(f"#!/bin/sh\necho {architecture}\n")
        (self.home / "bin" / "dpkg").chmod(0o755)
        command = [str(self.tree / "firmware_scripts/pi/install.sh"), "--root", str(self.root), *options]
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        ended = subprocess.run(
            command, input=typed, capture_output=True, text=True, env={"PATH": path, "LC_ALL": "C.UTF-8"}, timeout=240
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def install(self, *options: str) -> Ended:
        """The installer with all that a first installation has to be told."""
        at = self.home
        return self.run(
            "--site-file", str(at / "site.yaml"), "--broker", "broker.example:8883", "--cloud-url",
            "https://cloud.example", "--cloud-key", "cloud1", "--cloud-key", "cloud2", "--label-key", "label1",
            "--ca", str(at / "ca.pem"), "--cert", str(at / "cert.pem"), "--key", str(at / "key.pem"),
            "--wheels", str(at / "wheels"), *options,
        )  # fmt: skip

    def everything(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the root but the releases: its mode and its content, or where it points."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if not name.startswith("opt/sealtrail/releases/") and (path.is_symlink() or not path.is_dir()):
                content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
                found[name] = path.lstat().st_mode & 0o7777, content
        return found

    def _raspberry_pi(self) -> None:
        for name, content in {
            "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
            "etc/os-release": 'ID=debian\nVERSION_ID="13"\n',
        }.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(content)
        (self.home / "bin").mkdir()

    def _tree(self) -> None:
        for path in tracked(*PARTS):
            copy = self.tree / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        wheel = borrowed_wheel(self.home / "wheels")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.tree / "requirements.lock").write_text(f"borrowed==1.0 --hash=sha256:{digest}\n")


def borrowed_wheel(folder: Path) -> Path:
    """A wheel whose one file lends the packages of this very environment: installing all of them takes minutes."""
    folder.mkdir()
    wheel = folder / "borrowed-1.0-py3-none-any.whl"
    info = "borrowed-1.0.dist-info"
    files = {
        "borrowed.pth": f"import sys; sys.path.insert(0, {site.getsitepackages()[0]!r})\n",  # before its own setuptools
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: borrowed\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_digest(text)},{len(text.encode())}\n" for name, text in files.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
