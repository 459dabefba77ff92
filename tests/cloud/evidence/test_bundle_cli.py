"""`sealtrail bundle export` as a person types it, on the database of a package that was out and came back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import verify
from cloud import keys
from tests.cloud.api import Office
from tests.cloud.conftest import Clock, Database
from tests.cloud.evidence.test_bundles import POLICY, told_of_its_log
from tests.cloud.evidence.walk import Walk
from tests.cloud.evidence.warehouse import Warehouse
from tests.cloud.receiving import LOG_KEY

Export = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def store(office: Office, clock: Clock) -> Warehouse:
    await told_of_its_log(office)
    return await Walk(office, clock, LOG_KEY).whole()


@pytest.fixture
def export(database: Database, tmp_path: Path) -> Export:
    keys.write_key(tmp_path / "keys", "log-nj01", b"l" * 32)
    members = {
        "DATABASE_URL": database.app, "KEYS_DIR": tmp_path / "keys", "DEPLOYMENT": "test",
        "MEDIA_URL": tmp_path / "media",
    }  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALTRAIL_")}
    environment |= {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}
    command = [sys.executable, "-m", "sealtrail", "bundle", "export", "--site", "nj01", "--no-media"]

    def export(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    return export


async def test_it_signs_writes_and_records(store: Warehouse, office: Office, export: Export, tmp_path: Path) -> None:
    policy, bundle = tmp_path / "policy.txt", tmp_path / "bundle.zip"
    policy.write_text(POLICY)
    for number in range(2):  # the second is about a ledger that the first has added to, so it needs a new checkpoint
        bundle = tmp_path / f"{number}.zip"
        done = export("--package", store.package, "-o", str(bundle), "--policy", str(policy))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["bundle"] == str(bundle)
        assert verify.main([str(bundle), "--policy", str(policy)]) == 0
    rows = await office.rows("SELECT index, content FROM record WHERE kind = 'bundle_exported' ORDER BY index")
    assert rows[-1]["index"] == told["recorded_as"]
    assert json.loads(rows[-1]["content"])["sha256"] == told["sha256"]
    again = export("--package", store.package, "-o", str(bundle))
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


def test_what_cannot_be_is_one_sentence(store: Warehouse, export: Export, tmp_path: Path) -> None:
    output, noise = str(tmp_path / "x.zip"), tmp_path / "noise.txt"
    noise.write_text("noise")
    for arguments, words in (
        (["-o", output], "one of --item, --package, --case"),
        (["--item", store.item, "--case", store.case, "-o", output], "one of --item"),
        (["--item", store.package, "-o", output], "no item"),
        (["--item", store.item, "-o", str(tmp_path / "none" / "x.zip")], "No such file"),
        (["--item", store.item, "-o", output, "--policy", str(noise)], "POLICY"),
    ):
        done = export(*arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    assert not Path(output).exists()
