"""`sealtrail ledger …` as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from cloud.ledger.derived import Derived
from cloud.ledger.walk import Walk, WalkFileError, load, save
from proof.note import NoteVerifier
from tests.cloud.conftest import SITE, Database
from tests.cloud.ledger.walked import Walked, verified
from tests.cloud.receiving import LOG_KEY

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "sealtrail", "ledger"]


@pytest.fixture
def run(tampered: Database, walked: Walked, media: Path) -> Run:
    members = {
        "DATABASE_URL": tampered.app, "KEYS_DIR": walked.folder / "keys", "DEPLOYMENT": "test", "MEDIA_URL": media,
    }  # fmt: skip
    environment = os.environ | {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}
    return lambda *arguments: subprocess.run(
        [*COMMAND, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=240
    )


def test_a_site_that_holds_and_one_that_does_not(run: Run, tampered: Database) -> None:
    good = run("verify")
    assert (good.returncode, good.stderr) == (0, "")
    assert "全部核对无误" in good.stdout
    with psycopg.connect(tampered.owner) as owner:
        owner.execute(
            "INSERT INTO telemetry_batch (site, agent, number, prev, head, rows, since, until, taken_at, jws)"
            " SELECT site, id, 1, '', '', 1, now(), now(), now(), '' FROM agent LIMIT 1"
        )
    lost = run("verify", "--no-stills")
    assert (lost.returncode, "telemetry_differs: Readings are not" in lost.stdout) == (1, True), lost.stdout
    assert "batch 1 of nj01.gate-a was removed, and no entry says so" in lost.stdout
    with psycopg.connect(tampered.owner) as owner:
        owner.execute("UPDATE item SET state = 'out' WHERE name = '卷烟'")
    bad = run("verify", "--site", SITE)
    assert bad.returncode == 1
    assert f"{SITE}: row_differs: A table says something else than the log. item nj01/I-" in bad.stdout
    assert "state is 'out', while the log leads to 'release_approved'" in bad.stdout
    assert "数据表与账本推算的结果不一致" in bad.stdout
    told = json.loads(run("verify", "--json", "--no-stills").stdout)
    assert (told["ok"], told["fault"], told["row"][:4]) == (False, "row_differs", "item")


def test_a_policy_gives_the_keys_and_a_kept_checkpoint_is_held_against_the_log(
    run: Run, walked: Walked, tmp_path: Path
) -> None:
    log = NoteVerifier(f"sealtrail/test/{SITE}", LOG_KEY.public)
    (tmp_path / "policy").write_text(f"log {log.vkey}\nquorum none\n")
    (tmp_path / "kept").write_bytes(walked.outside)
    asked = ("verify", "--site", SITE, "--policy", tmp_path / "policy", "--known", tmp_path / "kept")
    assert run(*asked).returncode == 0
    (tmp_path / "kept").write_bytes(walked.outside.replace(b"\n", b"\n\n", 1))
    assert run(*asked).returncode == 2


WRONG = {
    "no such site": (["verify", "--site", "zz99"], "no site 'zz99'"),
    "a file to go on from without a site": (["verify", "--resume", "x", "--known", "/nowhere"], "/nowhere"),
    "no such policy": (["verify", "--policy", "/nowhere"], "/nowhere"),
    "no such agent": (["complete", "--agent", "nj01.x", "--from", "2026-11-22", "--to", "2026-11-23"], "nj01.x"),
    "a span backwards": (["complete", "--agent", "nj01.gate-a", "--from", "2026-11-23", "--to", "2026-11-22"], "ends"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_2(run: Run, name: str) -> None:
    arguments, sentence = WRONG[name]
    done = run(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert sentence in done.stderr


def test_whether_nothing_happened(run: Run) -> None:
    asked = ["complete", "--agent", "nj01.gate-a", "--from", "2026-11-22T03:00:00", "--to", "2026-11-22T03:05:00"]
    done = run(*asked, "--kind", "passage_crossed", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["holds"]) == (1, False)
    assert {fact["kind"] for fact in told["found"]} == {"passage_crossed"}
    assert told["unclaimed"][0]["why"] == "before_first"
    assert "不能就全部时段作出结论" in run(*asked).stdout


async def test_an_interrupted_walk_is_gone_on_with(tampered: Database, media: Path, tmp_path: Path) -> None:
    """The file holds all that is needed: what comes after it is judged as if it had been read in one go."""
    file, whole = tmp_path / "walk", await verified(tampered.app, media)
    stopped: list[int] = []

    def stop(walk: Walk) -> None:
        if not stopped:
            stopped.append(walk.size)
            save(walk, file)

    await verified(tampered.app, media, save=stop, piece=100)
    walk = load(file, SITE)
    assert walk is not None
    assert walk.size == stopped[0] == 100
    assert file.stat().st_mode & 0o077 == 0
    assert await verified(tampered.app, media, started=walk) == whole
    with psycopg.connect(tampered.owner) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE fact SET content = replace(content, 'open', 'shut') WHERE index > 150")
    again = await verified(tampered.app, media, started=load(file, SITE))
    assert again.fault == "commitment_differs"


def test_a_file_of_another_walk_is_refused(tmp_path: Path) -> None:
    assert load(tmp_path / "none", SITE) is None
    save(Walk("gd01", Derived("gd01")), tmp_path / "other")
    (tmp_path / "noise").write_bytes(b"noise")
    for name in ("other", "noise", "."):
        with pytest.raises(WalkFileError):
            load(tmp_path / name, SITE)
