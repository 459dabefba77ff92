"""`sealtrail ledger sample` as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cloud.conftest import Database
from tests.cloud.stock_takes.shelves import Shelves

Sample = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sample(database: Database, tmp_path: Path) -> Sample:
    members = {"DATABASE_URL": database.app, "KEYS_DIR": tmp_path, "DEPLOYMENT": "test"}
    environment = os.environ | {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}
    command = [sys.executable, "-m", "sealtrail", "ledger", "sample"]
    return lambda *arguments: subprocess.run(
        [*command, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=240
    )


async def test_a_sample_that_was_drawn_and_one_that_was_chosen(
    shelves: Shelves, sample: Sample, tmp_path: Path
) -> None:
    shelves.more(10)
    take = await shelves.open(kind="random", count=5)
    waiting = sample(take)
    assert (waiting.returncode, waiting.stdout, len(waiting.stderr.splitlines())) == (2, "", 1)
    assert f"no sample of {take} was drawn" in waiting.stderr
    await shelves.sign()
    await shelves.seen(take)
    (row,) = await shelves.office.rows("SELECT note FROM checkpoint")
    (tmp_path / "kept").write_text(row["note"])
    good = sample(take, "--known", tmp_path / "kept")
    assert (good.returncode, good.stderr) == (0, "")
    assert "5 of 14 things" in good.stdout
    assert "样本与账本抽取的结果一致" in good.stdout
    told = json.loads(sample(take, "--json").stdout)
    assert (told["holds"], len(told["sample"])) == (True, 5)
    shelves.owner("UPDATE stock_take_line SET drawn = NOT drawn")
    bad = sample(take)
    assert bad.returncode == 1
    assert "样本与账本抽取的结果不符" in bad.stdout


WRONG = {
    "no such stock-take": (["nj01/T-NONE"], "no stock-take 'nj01/T-NONE'"),
    "no such file": (["nj01/T-NONE", "--known", "/nowhere"], "/nowhere"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_2(sample: Sample, name: str) -> None:
    arguments, sentence = WRONG[name]
    done = sample(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert sentence in done.stderr
