"""`sealtrail rules`: a person with a pack in a file."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.rules_cli import app
from tests.cloud.conftest import Database
from wire.rule_packs import DEFAULT_PACK, load_rule_pack

RUN = CliRunner()
SOON = 'effective_from: "2999-01-01T00:00:00Z"'


def pack_file(folder: Path, **changes: str) -> Path:
    text = DEFAULT_PACK.read_text("utf-8").replace('effective_from: "2026-11-01T00:00:00Z"', SOON)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "pack.yaml"
    path.write_text(text, "utf-8")
    return path


def test_the_pack_that_ships_is_sound_and_named_by_its_hash() -> None:
    done = RUN.invoke(app, ["check"])
    assert (done.exit_code, done.output.split()[-1]) == (0, load_rule_pack().hash)


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = pack_file(tmp_path, presence_s="presence", permit_longest_h="permit")
    done = RUN.invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    told = [line for line in done.output.splitlines() if line.startswith(f"{path}:")]
    assert len(told) == 2
    assert all(int(line.split(":")[1]) > 200 for line in told)
    assert "2 faults" in done.output


def test_a_pack_that_would_begin_in_the_past_is_a_fault_unless_it_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_bytes(DEFAULT_PACK.read_bytes())
    done = RUN.invoke(app, ["check", str(path)])
    assert done.exit_code == 1
    assert "effective_from" in done.output
    assert f"{path}:7:" in done.output
    assert RUN.invoke(app, ["check", str(path), "--in-force"]).exit_code == 0
    assert RUN.invoke(app, ["check", str(pack_file(tmp_path))]).exit_code == 0


@pytest.mark.parametrize("text", ["a: [", "- 1", "\t"])
def test_what_is_no_pack_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(text)
    for command in ("check", "show", "diagram"):
        done = RUN.invoke(app, [command, str(path)])
        assert done.exit_code == 2
        assert f"{path}:1" in done.output
        assert "Traceback" not in done.output
    assert RUN.invoke(app, ["check", str(tmp_path / "nowhere.yaml")]).exit_code == 2


@pytest.mark.parametrize(("language", "word"), [("zh", "封箱"), ("en", "Seal")])
def test_steps_limits_and_diagram_are_shown_in_both_languages(language: str, word: str) -> None:
    shown = RUN.invoke(app, ["show", "--language", language], env={"COLUMNS": "220"})
    drawn = RUN.invoke(app, ["diagram", "--language", language])
    assert (shown.exit_code, drawn.exit_code) == (0, 0)
    assert word in shown.output
    assert {"zh": "库温过高", "en": "Too hot"}[language] in shown.output
    assert word in drawn.output
    assert drawn.output.startswith("stateDiagram-v2")


def test_rules_of_alarms_are_tried_on_a_sites_past(database: Database, site: str, tmp_path: Path) -> None:
    told = {"database_url": database.app, "keys_dir": str(tmp_path), "deployment": "test"}
    env = {"COLUMNS": "160", **{f"SEALTRAIL_CLOUD_{name}".upper(): value for name, value in told.items()}}
    done = RUN.invoke(app, ["try", "--site", site, "--language", "en"], env=env)
    assert done.exit_code == 0, done.output
    assert "Too hot" in done.output
    assert "entries were read" in done.output
    assert RUN.invoke(app, ["try", "--site", "zz99"], env=env).exit_code == 2
    assert RUN.invoke(app, ["try"], env=env).exit_code == 2
