"""What is laid down for systemd, chrony, journald, udev and Mosquitto, by their own words where these are here."""

import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.updates.home import FOLDER
from simulators.broker import find_mosquitto, free_port
from simulators.pki import Authority
from tests.law.tree import ROOT

PI = ROOT / "firmware_scripts" / "pi"
UNITS = sorted((PI / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
LOOKERS = [unit for unit in SERVICES if unit.name != "sealtrail-update.service"]  # that one asks for no time
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")


def settings(unit: Path) -> dict[str, list[str]]:
    """Key → its values in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/sealtrail/current/venv/bin/sealtrail", sys.executable)
        (tmp_path / unit.name).write_text(text, "utf-8")
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
    )
    about_ours = [line for line in ended.stderr.splitlines() if "sealtrail" in line]
    assert (ended.returncode, about_ours) == (0, [])


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_can_do_little_else_than_its_work(unit: Path) -> None:
    """The threshold is in tenths of systemd's measure, in which a service without any limit has 96."""
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", str(unit)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-200:]


@pytest.mark.parametrize("unit", LOOKERS, ids=lambda unit: unit.name)
def test_a_service_may_read_how_wrong_the_clock_is(unit: Path) -> None:
    """Every gate stays shut where adjtimex(2) is refused, and the usual hardening refuses it."""
    said = settings(unit)
    assert "ProtectClock" not in said
    assert said["SystemCallFilter"][-1].split() == ["adjtimex", "clock_adjtime"]
    assert not any(value.startswith("~") for value in said["SystemCallFilter"][-1:])


def test_the_agent_is_watched_is_never_given_up_and_drives_only_what_it_has_to() -> None:
    said = settings(PI / "systemd" / "sealtrail-edge.service")
    assert (said["Type"], said["Restart"], said["StartLimitIntervalSec"]) == (["notify"], ["always"], ["0"])
    assert int(said["WatchdogSec"][0]) > 0
    assert said["CapabilityBoundingSet"] == [""]
    assert said["DevicePolicy"] == ["closed"]
    groups = set(said["SupplementaryGroups"][0].split())
    declared = re.findall(r"^m sealtrail (\w+)$", (PI / "files/sysusers.conf").read_text(), re.M)
    assert groups == set(declared) == {"gpio", "i2c", "video", "dialout"}
    # lgpio makes a pipe in its working directory, and fails where it may not write.
    assert (said["RuntimeDirectory"], said["WorkingDirectory"]) == (["sealtrail"], ["/run/sealtrail"])
    assert "LG_WD=/run/sealtrail" in said["Environment"]
    assert {"MemoryMax", "CPUQuota", "LimitNOFILE", "TasksMax"} <= set(said)


def test_the_launcher_begins_as_root_and_runs_as_the_agent_and_lays_ready_without_a_network() -> None:
    edge, update = (settings(PI / "systemd" / f"sealtrail-{name}.service") for name in ("edge", "update"))
    start = "/usr/bin/python3 -I /opt/sealtrail/launcher.py"
    assert edge["ExecStartPre"] == [f"-+{start} begin"], "where it fails the agent starts all the same"
    assert (edge["ExecStart"], edge["User"]) == ([f"{start} run"], ["sealtrail"])
    assert (update["ExecStart"], update["PrivateNetwork"]) == ([f"{start} stage"], ["yes"])
    assert update["ReadWritePaths"] == ["/opt/sealtrail"]
    assert "ReadWritePaths" not in edge, "the agent writes no programs"
    watched = settings(PI / "systemd" / "sealtrail-update.path")["PathChanged"]
    assert watched == [f"/var/lib/sealtrail/data/{FOLDER}/ready"]


def test_every_jump_in_the_udev_rules_has_its_place_and_every_name_is_under_one_folder() -> None:
    text = (PI / "files" / "udev.rules").read_text()
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))
    assert all(name.startswith("sealtrail/") for name in re.findall(r'SYMLINK\+="([^"]+)"', text))
    part = re.compile(r'^(\w+(\{\w+\})?(==|!=|\+=|=)"[^"]*")$')
    assert [rule for rule in rules if not all(part.match(one.strip()) for one in rule.split(", "))] == []


def test_chrony_and_journald_are_told_only_what_they_know() -> None:
    chrony = (PI / "files" / "chrony.conf").read_text()
    directives = {line.split()[0] for line in chrony.splitlines() if line and not line.startswith("#")}
    assert directives == {"rtcsync", "makestep", "maxclockerror", "minsources"}
    said = settings(PI / "files" / "journald.conf")
    assert set(said) == {
        "SystemMaxUse", "SystemKeepFree", "RuntimeMaxUse", "MaxRetentionSec", "RateLimitIntervalSec", "RateLimitBurst",
    }  # fmt: skip


def test_mosquitto_takes_the_local_brokers_configuration(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = Authority.open(tmp_path / "pki", now)
    server = authority.server(now)
    port = free_port()
    text = (PI / "files" / "mosquitto-local.conf").read_text()
    text = text.replace("listener 8884", f"listener {port} 127.0.0.1\nsocket_domain ipv4")
    for name, path in {
        "ca.pem": authority.certificate_file, "server.pem": server.certificate, "server.key": server.key,
        "acl": PI / "files" / "mosquitto-local.acl",
    }.items():  # fmt: skip
        text = text.replace(f"/etc/mosquitto/sealtrail/{name}", str(path))
    (tmp_path / "conf").write_text(f"user root\n{text}")
    broker = subprocess.Popen([find_mosquitto(), "-c", tmp_path / "conf"], stderr=subprocess.PIPE, text=True)
    assert broker.stderr is not None
    try:
        for line in broker.stderr:
            if "running" in line:
                break
        node = authority.client("rack-1", now)
        context = ssl.create_default_context(cafile=str(authority.certificate_file))
        context.load_cert_chain(node.certificate, node.key)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=240) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            assert secured.version() in ("TLSv1.2", "TLSv1.3")
    finally:
        broker.terminate()
        broker.wait(240)
        broker.stderr.close()
