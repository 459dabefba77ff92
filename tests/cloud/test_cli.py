"""The commands as a person types them: their own processes, one sentence for what is wrong."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proof.keys import SigningKey
from proof.note import NoteVerifier
from tests.cloud.conftest import Database

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = [sys.executable, "-m", "sealtrail", "cloud"]


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> dict[str, str]:
    """A whole environment that works."""
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    members = {
        "DATABASE_URL": database.app, "OWNER_DATABASE_URL": database.owner, "KEYS_DIR": tmp_path / "keys",
        "DEPLOYMENT": "test", "BROKER_HOST": "127.0.0.1", "BROKER_PORT": 1, "BROKER_CA": tmp_path / "ca.pem",
        "BROKER_CERT": tmp_path / "cert.pem", "BROKER_KEY": tmp_path / "key.pem",
    }  # fmt: skip
    return {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in members.items()}


@pytest.fixture
def run(settings: dict[str, str]) -> Run:
    def run(*arguments: str, standard_input: str = "", **changed: str | None) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALTRAIL_")}
        for name, value in (settings | {f"SEALTRAIL_CLOUD_{k}": v for k, v in changed.items()}).items():
            if value is not None:
                environment[name] = value
        return subprocess.run(
            [*COMMAND, *arguments], env=environment, input=standard_input, capture_output=True, text=True, timeout=240
        )

    return run


def answered(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stderr
    members: dict[str, object] = json.loads(done.stdout)
    return members


@pytest.mark.timeout(1200)  # more than a dozen processes
def test_from_an_empty_folder_to_a_ledger_that_holds(run: Run, settings: dict[str, str]) -> None:
    assert answered(run("migrate")) == {"applied": []}
    keys = answered(run("keygen"))
    assert answered(run("keygen")) == keys
    site = answered(run("site", "add", "nj01", "--zh", "一号库", "--en", "One"))
    assert NoteVerifier.from_vkey(str(site["vkey"])).name == "sealtrail/test/nj01"
    key = SigningKey.from_seed(b"a" * 32).public.text
    assert answered(run("agent", "add", "nj01.gate-a", "--public-key", key)) == {"agent": "nj01.gate-a", "entry": 3}
    person = run(
        "person", "add", "li", "--site", "nj01", "--name", "李", "--role", "keeper", "--role", "inspector",
        "--password-stdin", standard_input="long enough for anybody\n",
    )  # fmt: skip
    assert answered(person)["roles"] == ["keeper", "inspector"]
    lives = [json.loads(line) for line in run("key", "list", "--site", "nj01").stdout.splitlines()]
    assert [(life["role"], life["born"], life["ended"]) for life in lives] == [
        ("log", 0, None), ("cloud", 1, None), ("label", 2, None), ("agent", 4, None),
    ]  # fmt: skip
    coming = [answered(run("key", "next", "cloud"))["public_key"] for _ in range(2)]
    replaced = answered(run("key", "rotate", "cloud"))
    assert replaced["sites"] == ["nj01"]
    assert coming == [replaced["public_key"]] * 2  # agents could be told of it before
    assert answered(run("keygen"))["cloud"] != keys["cloud"]
    second = SigningKey.from_seed(b"b" * 32).public
    assert answered(run("key", "rotate", "nj01.gate-a", "--public-key", second.text))["kid"] == second.kid
    for command, life in (("retire", lives[3]["kid"]), ("lost", second.kid), ("revoke", lives[2]["kid"])):
        assert answered(run("key", command, life, "--site", "nj01"))["kid"] == life
    assert answered(run("key", "record")) == {"entries": {"nj01": []}}
    unsigned = run("ledger-check", "nj01", "--json")
    assert unsigned.returncode == 1
    assert json.loads(unsigned.stdout)["fault"] == "no_checkpoint"


WRONG: dict[str, tuple[list[str], dict[str, str | None], str]] = {
    "no settings": (["uplink"], {"DATABASE_URL": None, "KEYS_DIR": None}, "SEALTRAIL_CLOUD_KEYS_DIR"),
    "no database": (["downlink"], {"DATABASE_URL": "postgresql://x@/x?host=/nowhere"}, "no connection to the database"),
    "a port that is none": (["uplink"], {"BROKER_PORT": "70000"}, "SEALTRAIL_CLOUD_BROKER_PORT"),
    "no keys": (["uplink"], {}, "cloud.pem"),
    "no certificate": (["downlink"], {"BROKER_CERT": "/nowhere/cert.pem"}, "BROKER_CERT: /nowhere/cert.pem is no file"),
    "no rule pack": (["uplink"], {"RULE_PACK": "/nowhere.yaml"}, "/nowhere.yaml"),
    "no such site": (["ledger-check", "zz99"], {}, "no site 'zz99'"),
    "no site of the agent": (["agent", "add", "zz99.a", "--public-key", "A" * 43], {}, "zz99"),
    "a key that is none": (["agent", "add", "zz99.a", "--public-key", "key"], {}, "base64url"),
    "an agent that is none": (["agent", "add", "Gate", "--public-key", "A" * 43], {}, "not an agent id"),
    "a site that is none": (["site", "add", "NJ", "--zh", "一", "--en", "one"], {}, "no site id"),
    "a policy that is none": (["jobs"], {"POLICY": "/dev/null"}, "SEALTRAIL_CLOUD_POLICY: /dev/null: a policy has one"),
    "half an authority": (["jobs"], {"TSA_URL": "http://127.0.0.1/"}, "TSA_CERT belong together"),
    "a certificate that is none": (
        ["jobs"], {"TSA_URL": "http://127.0.0.1/", "TSA_CERT": "/dev/null"}, "SEALTRAIL_CLOUD_TSA_CERT: /dev/null",
    ),
    "a key to end that nobody has": (["key", "revoke", "00", "--site", "nj01"], {}, "no site 'nj01'"),
    "a key to replace that is none": (["key", "rotate", "gate"], {}, "'gate' is none of cloud, label"),
    "a role that is none": (
        ["person", "add", "li", "--site", "nj01", "--name", "x", "--role", "king", "--password-stdin"], {}, "king",
    ),
    "a short password": (
        ["person", "add", "li", "--site", "nj01", "--name", "x", "--role", "admin", "--password-stdin"], {}, "password",
    ),
}  # fmt: skip


@pytest.mark.timeout(1200)  # a dozen processes
def test_units_and_the_life_of_an_account(run: Run) -> None:
    run("keygen")
    assert answered(run("unit", "add", "js", "--zh", "江苏省局", "--en", "Jiangsu"))["entries"] == {}
    answered(run("site", "add", "nj01", "--zh", "一号库", "--en", "One"))
    county = run("unit", "add", "js-nj", "--parent", "js", "--zh", "南京市局", "--en", "Nanjing")
    assert answered(county)["entries"] == {"nj01": 4}
    assert answered(run("site", "place", "nj01", "--unit", "js-nj")) == {"site": "nj01", "unit": "js-nj", "entry": 5}
    answered(run("site", "add", "js00", "--zh", "省库", "--en", "Province", "--unit", "js"))
    assert [json.loads(line)["id"] for line in run("unit", "list").stdout.splitlines()] == ["js", "js-nj"]
    new = ("person", "add", "li", "--site", "nj01", "--name", "李", "--role", "keeper", "--password-stdin")
    person = answered(run(*new, "--unit", "js", standard_input="long enough for anybody\n"))["person"]
    answer = answered(run("person", "roles", "li", "--role", "auditor"))
    assert answer == {"person": person, "roles": ["auditor"], "disabled": False}
    assert answered(run("person", "disable", "li"))["disabled"] is True
    twice = run("person", "disable", "li")
    assert (twice.returncode, "disabled already" in twice.stderr) == (2, True)
    assert answered(run("person", "enable", "li"))["disabled"] is False
    common = run("person", "password", "li", "--password-stdin", standard_input="password123456\n")
    assert (common.returncode, "many people have this one" in common.stderr) == (2, True)
    reset = run("person", "password", "li", "--password-stdin", standard_input="another, long enough\n")
    assert answered(reset) == {"person": person, "username": "li"}
    for wrong in (
        ("unit", "add", "Js", "--zh", "江苏省局", "--en", "Jiangsu"),
        ("site", "place", "nj01", "--unit", "nowhere"),
        ("person", "disable", "nobody"),
    ):
        done = run(*wrong)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence_and_exit_2(run: Run, name: str, settings: dict[str, str]) -> None:
    arguments, changed, sentence = WRONG[name]
    if name == "no rule pack":
        run("keygen")
    done = run(*arguments, standard_input="short\n", **changed)
    assert (done.returncode, done.stdout) == (2, "")
    told = done.stderr.strip().splitlines()
    assert len(told) == 1, done.stderr
    assert told[0].startswith("sealtrail: ")
    assert sentence in told[0]


def test_all_faults_of_the_settings_are_told_at_once(run: Run) -> None:
    done = run("uplink", DATABASE_URL=None, BROKER_PORT="0", DEPLOYMENT="Not This")
    for name in ("DATABASE_URL", "BROKER_PORT", "DEPLOYMENT"):
        assert f"SEALTRAIL_CLOUD_{name}: " in done.stderr


def test_secrets_can_be_files(run: Run, settings: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "sealtrail_cloud_owner_database_url").write_text(
        settings.pop("SEALTRAIL_CLOUD_OWNER_DATABASE_URL") + "\n"
    )
    settings["SEALTRAIL_SECRETS_DIR"] = str(tmp_path / "secrets")
    assert answered(run("migrate")) == {"applied": []}


def test_a_worker_without_a_broker_waits_and_stops_when_it_is_told_to(run: Run, settings: dict[str, str]) -> None:
    run("keygen")
    worker = subprocess.Popen(
        [*COMMAND, "uplink"], env=os.environ | settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert worker.stderr is not None
    line = json.loads(worker.stderr.readline())  # waiting for the broker, which is told in a line of its own
    assert (line["level"], line["from"]) == ("warning", "cloud.uplink")
    worker.send_signal(signal.SIGTERM)
    out, _ = worker.communicate(timeout=240)
    assert json.loads(out) == {"event": "stopped", "process": "uplink"}
    assert worker.returncode == 0
