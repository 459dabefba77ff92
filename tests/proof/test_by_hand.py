"""docs/verification.md, section 2: the commands as they are printed there, run by a shell on a real bundle."""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.proof.bundles import site, zipped

DOC = Path(__file__).parents[2] / "docs" / "verification.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```", DOC.read_text("utf-8"), re.M | re.S)


def by_hand(folder: Path, entry: int) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash")
    assert bash
    script = "set -u\n" + "\n".join(BLOCKS)
    return subprocess.run(
        [bash, "-c", script], cwd=folder, env={"N": str(entry), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(zipped(site().files()))) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("entry", range(8))
def test_every_entry_checks_out_by_hand(folder: Path, entry: int) -> None:
    ran = by_hand(folder, entry)
    assert ran.stdout.splitlines() == ["content: ok", "entry: in the log", "Signature Verified Successfully"], ran
    assert ran.returncode == 0


def edit(folder: Path, name: str, old: bytes, new: bytes) -> None:
    file = folder / name
    data = file.read_bytes()
    assert old in data
    file.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new", "missing"),
    [
        ("contents/3.json", b"refused", b"allowed", "content: ok"),
        ("contents/3.salt", b"03", b"04", "content: ok"),
        ("entries/3.json", b'"seq":2', b'"seq":7', "entry: in the log"),
        ("checkpoint.txt", b"\n8\n", b"\n9\n", "Signature Verified Successfully"),
    ],
)
def test_what_was_changed_does_not(folder: Path, name: str, old: bytes, new: bytes, missing: str) -> None:
    edit(folder, name, old, new)
    ran = by_hand(folder, 3)
    assert missing not in ran.stdout
    assert "FAILED" in ran.stdout + ran.stderr
