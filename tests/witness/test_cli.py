"""The key is made once and for its owner; status tells what is kept, in two languages, and hands it over."""

import json
import re
import stat
from pathlib import Path

import pytest

import verify
from proof.keys import SigningKey
from proof.note import NoteVerifier
from tests.witness.logs import FORK, LOG, ME, NAME, ROOT, run, sitting
from witness.keys import read_key


def test_a_key_is_made_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made = run("keygen", "-o", path, "--name", NAME)
    assert made.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    verifier = NoteVerifier.from_vkey(made.stdout.strip())
    assert (verifier.name, verifier.type) == (NAME, 4)
    assert verifier.key == read_key(path).public == SigningKey.from_pem(path.read_bytes()).public
    before = path.read_bytes()
    again = run("keygen", "-o", path, "--name", NAME)
    assert (again.exit_code, again.stdout) == (2, "")
    assert path.read_bytes() == before


def test_two_keys_are_not_one(tmp_path: Path) -> None:
    assert (
        run("keygen", "-o", tmp_path / "a", "--name", NAME).stdout
        != run("keygen", "-o", tmp_path / "b", "--name", NAME).stdout
    )


def test_a_name_that_is_none_makes_no_key(tmp_path: Path) -> None:
    assert run("keygen", "-o", tmp_path / "key.pem", "--name", "the court").exit_code == 2
    assert not (tmp_path / "key.pem").exists()


@pytest.fixture
def quiet(tmp_path: Path) -> Path:
    with sitting(tmp_path / "state.db") as witness:
        witness.add_checkpoint(LOG.request(0, 5))
    return tmp_path / "state.db"


@pytest.fixture
def accusing(quiet: Path) -> Path:
    with sitting(quiet) as witness:
        witness.add_checkpoint(FORK.request(5, 5))
        witness.add_checkpoint(LOG.request(2, 4))
    return quiet


def test_status_of_a_quiet_witness(quiet: Path) -> None:
    told = run("status", "--state", quiet, "--lang", "en")
    root = LOG.checkpoint(5).root.hex()
    assert (told.exit_code, told.stdout) == (
        0,
        f"{ME.vkey}\n{LOG.origin}: 5 entries, root {root}, cosigned 2026-11-22T12:00:00Z\n"
        "Nothing is kept against any log.\n",
    )


@pytest.mark.parametrize(
    ("lang", "proof", "doubt"),
    [("en", "PROOF: two roots", "no proof by itself"), ("zh", "证明成立", "其本身不构成证明")],
)
def test_status_tells_a_proof_from_a_doubt(accusing: Path, lang: str, proof: str, doubt: str) -> None:
    told = run("status", "--state", accusing, "--lang", lang)
    assert told.exit_code == 1
    first, second = told.stdout.splitlines()[-2:]
    assert proof in first
    assert doubt in second


def test_status_for_programs(accusing: Path) -> None:
    told = run("status", "--state", accusing, "--json")
    report = json.loads(told.stdout)
    assert told.exit_code == 1
    assert report["vkey"] == ME.vkey
    assert report["logs"][LOG.origin]["size"] == 5
    first, second = report["accusations"]
    assert (first["kind"], first["proves"], first["request"]) == ("two_roots", True, FORK.request(5, 5).decode())
    assert (second["kind"], second["proves"]) == ("behind", False)


def test_a_doubt_alone_is_no_alarm(quiet: Path) -> None:
    with sitting(quiet) as witness:
        witness.add_checkpoint(LOG.request(2, 4))
    assert run("status", "--state", quiet).exit_code == 0


def test_an_accusation_is_handed_over_as_files_that_anyone_can_check(
    accusing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "handed over"
    run("status", "--state", accusing, "--save", folder)
    assert (folder / "1.request").read_bytes() == FORK.request(5, 5)
    policy = tmp_path / "policy.txt"
    policy.write_text(f"log {LOG.verifier.vkey}\nwitness w {ME.vkey}\nquorum none\n")
    for name in ("1.checkpoint", "1.seen"):
        assert verify.main([str(folder / name), "--policy", str(policy), "--lang", "en"]) == 0
    assert capsys.readouterr().out.count(f"{LOG.origin} 5") == 2
    assert (folder / "1.checkpoint").read_text().split("\n")[2] != (folder / "1.seen").read_text().split("\n")[2]


def test_status_of_what_is_no_state(tmp_path: Path) -> None:
    told = run("status", "--state", tmp_path / "none.db")
    assert (told.exit_code, told.stdout, told.stderr.count("\n")) == (2, "", 1)
    assert not (tmp_path / "none.db").exists()


def code_blocks(paper: str) -> list[str]:
    text = (ROOT / "docs" / paper).read_text("utf-8")
    return [block for block in text.split("```")[1::2] if not ("PROOF" in block or "证明" in block)]


def test_the_papers_give_the_same_commands_in_both_languages_and_they_exist() -> None:
    blocks = code_blocks("witness.md")
    assert blocks == code_blocks("witness.zh-CN.md")
    asked = re.findall(r"sealtrail witness (\w+) (.*)", "".join(blocks))
    assert {name for name, _ in asked} == {"keygen", "serve", "status"}
    for name, options in asked:
        told = run(name, "--help").stdout
        assert [option for option in re.findall(r"--[a-z]+", options) if option not in told] == []
