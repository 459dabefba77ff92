"""`sealtrail release`: a key, a release, a look at one; and what the cloud says to the rest (tests/system)."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cloud.release_cli import app
from tests.cloud.releases.publishing import PUBLISHER, packed
from tests.firmware_scripts.wheels import wheel

RUN = CliRunner()


def said(*arguments: str) -> dict[str, Any]:
    ended = RUN.invoke(app, list(arguments))
    assert ended.exit_code == 0, ended.output
    return dict(json.loads(ended.stdout))


def test_a_key_is_made_once_a_release_with_it_and_anybody_can_look_at_that(tmp_path: Path) -> None:
    key, out, lock = tmp_path / "release.pem", tmp_path / "out.zip", tmp_path / "lock"
    public = said("keygen", str(key))["public_key"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert RUN.invoke(app, ["keygen", str(key)]).exit_code == 2, "a key is not written over"
    lock.write_text("# nothing else\n")
    wheels = wheel(tmp_path / "wheels", "1.4.0", "pass").parent
    made = said("pack", str(out), "--key", str(key), "--wheels", str(wheels), "--lock", str(lock), "--follows", "1.3.0")
    shown = said("show", str(out), "--release-key", public)
    assert (made["sha256"], made["version"], made["bytes"]) == (shown["sha256"], "1.4.0", out.stat().st_size)
    assert (shown["follows"], shown["platform"], shown["form"]) == ("1.3.0", "linux_aarch64", "wheels")


@pytest.mark.parametrize("release", ["of a stranger", "torn"])
def test_what_is_no_release_is_told_in_one_sentence(tmp_path: Path, release: str) -> None:
    path, key = packed(tmp_path), PUBLISHER.public.text
    if release == "torn":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        key = said("keygen", str(tmp_path / "other.pem"))["public_key"]
    ended = RUN.invoke(app, ["show", str(path), "--release-key", key])
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (2, 1)


def test_a_cloud_that_is_not_there_is_told_in_one_sentence() -> None:
    ended = RUN.invoke(app, ["status", "--url", "http://127.0.0.1:9", "--token", "x"])
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (2, 1)
