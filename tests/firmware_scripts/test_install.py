"""The installer, run whole into a folder that stands for a Raspberry Pi's file system."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.firmware_scripts.card import Card
from tests.law.tree import ROOT, tracked

pytestmark = pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="needs systemd's programs")


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Card:
    """A card with everything on it. Whoever changes it makes it as it was again."""
    card = Card(tmp_path_factory.mktemp("card"))
    ended = card.install()
    assert ended.code == 0, ended.err
    return card


def test_a_dry_run_says_exactly_what_is_done_and_does_nothing(card: Card) -> None:
    before = card.everything()
    dry = card.install("--dry-run")
    assert (dry.code, card.everything()) == (0, before)
    real = card.install()
    assert real.code == 0, real.err
    assert dry.actions == real.actions
    assert len(real.actions) > 20


def test_what_is_installed_runs_and_is_whose_it_should_be(installed: Card) -> None:
    root, files = installed.root, installed.everything()
    said = subprocess.run(
        [root / "opt/sealtrail/current/venv/bin/sealtrail", "edge", "--help"], capture_output=True, text=True, cwd=root
    )
    assert said.returncode == 0, said.stderr
    modes = {name: mode for name, (mode, _) in files.items()}
    assert (modes["var/lib/sealtrail/keys/agent.pem"], modes["var/lib/sealtrail/tls/key.pem"]) == (0o600, 0o600)
    assert stat.S_IMODE((root / "var/lib/sealtrail").stat().st_mode) == 0o700
    groups = {line.split(":")[0] for line in (root / "etc/group").read_text().splitlines() if "sealtrail" in line}
    assert groups == {"sealtrail", "gpio", "i2c", "video", "dialout"}
    (account,) = (root / "etc/passwd").read_text().splitlines()
    assert account.startswith("sealtrail:x:")
    assert account.endswith("/usr/sbin/nologin")
    assert "etc/systemd/system/multi-user.target.wants/sealtrail-edge.service" in files
    assert "etc/systemd/system/timers.target.wants/sealtrail-doctor.timer" in files
    assert set((root / "etc/sealtrail/edge.env").read_text().splitlines()) == {
        "SEALTRAIL_EDGE_SITE_FILE=/etc/sealtrail/site.yaml",
        "SEALTRAIL_EDGE_DATA_DIR=/var/lib/sealtrail/data",
        "SEALTRAIL_EDGE_KEY_FILE=/var/lib/sealtrail/keys/agent.pem",
        "SEALTRAIL_EDGE_CLOUD_KEYS=cloud1,cloud2",
        "SEALTRAIL_EDGE_LABEL_KEYS=label1",
        "SEALTRAIL_EDGE_BROKER_HOST=broker.example",
        "SEALTRAIL_EDGE_BROKER_PORT=8883",
        "SEALTRAIL_EDGE_BROKER_CA=/var/lib/sealtrail/tls/ca.pem",
        "SEALTRAIL_EDGE_BROKER_CERT=/var/lib/sealtrail/tls/cert.pem",
        "SEALTRAIL_EDGE_BROKER_KEY=/var/lib/sealtrail/tls/key.pem",
        "SEALTRAIL_EDGE_CLOUD_URL=https://cloud.example",
    }


def test_a_second_run_does_nothing_and_need_not_be_told_again(installed: Card) -> None:
    before = installed.everything()
    for again in (installed.install(), installed.run()):
        assert (again.code, again.actions) == (0, []), again.err
    assert installed.everything() == before


def test_a_wrong_site_file_is_told_and_the_one_in_use_stays(installed: Card) -> None:
    before = installed.everything()
    wrong = installed.home / "wrong.yaml"
    wrong.write_text((installed.home / "site.yaml").read_text().replace("zebra", "zebro"))
    ended = installed.run("--site-file", str(wrong))
    assert ended.code == 2
    assert f"{wrong}:4: devices.0.profile: no profile zebro-zpl-label-printer, did you mean zebra" in ended.err
    assert "the one in use is left as it is" in ended.err
    assert installed.everything() == before


def test_one_setting_is_changed_and_the_rest_stays_also_what_a_person_added(installed: Card) -> None:
    env = installed.root / "etc/sealtrail/edge.env"
    before = env.read_text()
    env.write_text(before + "SEALTRAIL_EDGE_HEARTBEAT_S=30\n")
    changed = installed.run("--broker", "other.example")
    assert changed.actions == ["+ write /etc/sealtrail/edge.env (mode 0644, of root)"]
    assert set(env.read_text().splitlines()) == {
        *before.replace("broker.example", "other.example").splitlines(), "SEALTRAIL_EDGE_HEARTBEAT_S=30",
    }  # fmt: skip
    env.write_text(before)


def test_a_key_is_made_once_and_belongs_to_one_agent(installed: Card) -> None:
    other = installed.home / "other.yaml"
    other.write_text("site: nj01\nagent: nj01.gate-b\n")
    ended = installed.run("--site-file", str(other))
    assert (ended.code, ended.actions) == (2, [])
    assert "those of nj01.gate-a, not of nj01.gate-b" in ended.err


def test_a_new_release_is_switched_to_when_it_is_whole_and_a_broken_one_is_not(installed: Card) -> None:
    current = installed.root / "opt/sealtrail/current"
    first = current.resolve()
    lock = installed.tree / "requirements.lock"
    sound = lock.read_text()
    lock.write_text("borrowed==1.0 --hash=sha256:" + "0" * 64 + "\n")
    failed = installed.run("--wheels", str(installed.home / "wheels"))
    assert (failed.code, current.resolve()) == (2, first)
    assert "This failed" in failed.err
    lock.write_text(sound + "# another\n")
    assert installed.run("--wheels", str(installed.home / "wheels")).code == 0
    assert current.resolve() != first
    assert [path.name for path in (installed.root / "opt/sealtrail/releases").iterdir()] == [current.resolve().name]
    lock.write_text(sound)
    assert installed.run("--wheels", str(installed.home / "wheels")).code == 0


def test_uninstall_keeps_the_evidence_and_purge_asks_for_a_sentence(card: Card) -> None:
    assert card.install().code == 0
    (card.root / "var/lib/sealtrail/data").mkdir()
    (card.root / "var/lib/sealtrail/data/journal.db").write_text("evidence")
    kept = {name: file for name, file in card.everything().items() if name.startswith(("var/lib/", "etc/sealtrail/"))}
    whole = card.everything()
    for typed in ("", "yes\n", "purge nj01.gate-b\n"):
        refused = card.run("--uninstall", "--purge", typed=typed)
        assert (refused.code, card.everything()) == (2, whole)
    dry = card.run("--uninstall", "--purge", "--dry-run")
    assert (dry.code, card.everything()) == (0, whole)
    gone = card.run("--uninstall")
    assert gone.code == 0
    assert set(card.everything()) - set(kept) == {
        "etc/group", "etc/gshadow", "etc/passwd", "etc/shadow", "etc/.pwd.lock", "etc/os-release",
        "etc/sysusers.d/sealtrail.conf", "proc/device-tree/model",
    }  # fmt: skip
    assert kept.items() <= card.everything().items()
    assert card.run("--uninstall", "--purge", typed="purge nj01.gate-a\n").code == 0
    assert not (card.root / "var/lib/sealtrail").exists()


@pytest.mark.parametrize(
    ("broken", "architecture", "english", "chinese"),
    [
        ({"proc/device-tree/model": "Toaster\0"}, "arm64", "no Raspberry Pi (Toaster)", "不是树莓派"),
        ({"etc/os-release": 'VERSION_ID="11"\n'}, "arm64", "Raspberry Pi OS 12", "Raspberry Pi OS 12"),
        ({}, "armhf", "Write the 64-bit Raspberry Pi OS", "请在存储卡上写入 64 位"),
        ({}, "amd64", "is no Raspberry Pi OS", "不是 Raspberry Pi OS"),
    ],
)
def test_a_machine_that_will_not_do_is_told_before_anything_is_changed(
    card: Card, broken: dict[str, str], architecture: str, english: str, chinese: str
) -> None:
    for name, content in broken.items():
        (card.root / name).write_text(content)
    before = card.everything()
    ended = card.run("--site-file", str(card.home / "site.yaml"), architecture=architecture)
    assert (ended.code, ended.actions, card.everything()) == (2, [], before)
    assert english in ended.err
    assert chinese in ended.err


@pytest.mark.parametrize(
    ("options", "english"),
    [
        (["--bluetooth"], "--bluetooth needs a value"),
        (["--bluetooth", "on"], "no option --bluetooth"),
        (["--site-file"], "--site-file needs a value"),
        (["--site-file", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        ([], "--site-file site.yaml"),
        (["--site-file", "{home}/ca.pem"], "names no agent"),
        (["--site-file", "{home}/site.yaml", "--agent", "nj01.gate-b"], "One of them is wrong"),
        (["--site-file", "{home}/site.yaml"], "--broker is missing"),
        (["--site-file", "{home}/site.yaml", "--broker", "b", "--cloud-url", "u"], "--cloud-key is missing"),
        (["--local-broker", "{home}"], "/server.pem cannot be read"),
        (["--purge"], "--purge goes with --uninstall"),
    ],
)
def test_a_wrong_option_is_told_in_both_languages(card: Card, options: list[str], english: str) -> None:
    ended = card.run(*(option.format(home=card.home) for option in options))
    assert (ended.code, ended.actions) == (2, [])
    said, gesagt = ended.err.splitlines()
    assert english in said
    assert gesagt.startswith("错误：")


def test_a_local_broker_and_a_read_only_root_are_put_there_when_asked_for(installed: Card) -> None:
    pki = installed.home / "pki"
    pki.mkdir()
    for name in ("ca.pem", "server.pem", "server.key"):
        (pki / name).write_text(name)
    ended = installed.run("--local-broker", str(pki), "--read-only-root", "--ntp", "time.example")
    assert ended.code == 0, ended.err
    files = installed.everything()
    assert b"user nj01.gate-a\n" in files["etc/mosquitto/sealtrail/acl"][1]
    assert files["etc/mosquitto/sealtrail/server.key"][0] == 0o600
    assert b"/var/lib/sealtrail" in files["etc/systemd/system/sealtrail-edge.service.d/only-on-data.conf"][1]
    assert files["etc/chrony/sources.d/sealtrail.sources"][1] == b"server time.example iburst\n"


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_the_scripts_hold_what_shellcheck_looks_for() -> None:
    scripts = [str(path) for path in tracked("firmware_scripts/*.sh")]
    ended = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "")
