"""Settings and site file: right ones are read, wrong ones tell every fault with its line and stop the start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge_agent.choosing import choose_drivers
from edge_agent.errors import SettingsError
from edge_agent.key_files import read_witness_key
from edge_agent.settings import EdgeSettings
from edge_agent.site_entries import RackEntry, WatchEntry
from edge_agent.site_file import SiteFile
from proof.keys import SigningKey
from proof.note import COSIGNATURE, NoteVerifier

RIGHT = """\
site: nj01
agent: nj01.gate-a
stations:
  - {kind: gate, name: gate-a, camera: camera, gate: barrier, beam_outside: beam-out, beam_inside: beam-in, lamp: lamp}
devices:
  - {name: camera, driver: camera_sim, options: {stage: stage.sock, device: gate-a.camera}}
  - {name: barrier, driver: gate_gpiozero, options: {pin: 17, closed_pin: 27}}
  - {name: beam-out, driver: beam_gpiozero, options: {pin: 22}}
  - {name: beam-in, driver: beam_gpiozero, options: {pin: 23}}
  - {name: lamp, driver: lamp_gpiozero, options: {green_pin: 5, red_pin: 6}}
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    """Of the site file `text`, without the folder."""
    path = tmp_path / "site.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        SiteFile(path)
    return [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(RIGHT, "utf-8")
    site = SiteFile(path).site
    assert site.agent == "nj01.gate-a"
    assert [device.kind for device in SiteFile(path).devices] == ["camera", "gate", "beam", "beam", "lamp"]
    assert site.clock.source == "system"


def test_a_label_printer_needs_no_station_but_its_options(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    printer = "  - {name: labels, driver: labelprinter_tcp, options: {host: 10.0.0.7, language: zpl}}\n"
    path.write_text(RIGHT + printer, "utf-8")
    assert SiteFile(path).devices[-1].kind == "labelprinter"
    path.write_text(RIGHT + printer.replace("zpl", "epl"), "utf-8")
    with pytest.raises(SettingsError, match=r"site\.yaml:11: devices\.5\.options\.language: Input should be 'tspl'"):
        choose_drivers(SiteFile(path))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("agent: nj01.gate-a", "agent: sz01.gate-a", "site.yaml:2: agent: sz01.gate-a is no agent of site nj01"),
        ("agent: nj01.gate-a", "agent: nobody", "site.yaml:2: agent: Value error, an agent id reads <site>.<name>"),
        ("lamp: lamp}", "lamp: moon}", "site.yaml:4: stations.0.lamp: no moon"),
        ("lamp: lamp}", "lamp: barrier}", "site.yaml:4: stations.0.lamp: barrier is a gate, no lamp"),
        (
            "beam_inside: beam-in",
            "beam_inside: beam-out",
            "site.yaml:4: stations.0.beam_inside: beam-out is used twice",
        ),
        ("name: beam-in,", "name: beam-out,", "site.yaml:9: devices.3.name: a second device called beam-out"),
        ("lamp_gpiozero", "toaster_gpiozero", "site.yaml:10: devices.4.driver: String should match pattern"),
        ("site: nj01", "sight: nj01", "site.yaml:1: site: Field required"),
        ("kind: gate,", "kind: tower,", "site.yaml:4: stations.0.kind: Input tag 'tower'"),
        ("kind: gate, ", "", "site.yaml:4: stations.0.kind: Unable to extract tag"),
        (
            "lamp: lamp}",
            "lamp: lamp, break_glass: lamp}",
            "site.yaml:4: stations.0.break_glass: lamp is a lamp, no button",
        ),
        (
            "lamp: lamp}",
            "lamp: lamp, heads: {camera: barrier}}",
            "site.yaml:4: stations.0.heads.camera: barrier is a gate, no camera",
        ),
        (
            "lamp: lamp}",
            "lamp: lamp, heads: {camera: camera}}",
            "site.yaml:4: stations.0.heads.camera: camera is used twice",
        ),
        (
            "lamp: lamp}",
            "lamp: lamp, heads: {camera: above, line: 0.2, top: 0.3}}",
            "site.yaml:4: stations.0.heads: Value error, the line lies between top and bottom",
        ),
        ("lamp: lamp}", "lamp: lamp, cross_within_s: 0}", "site.yaml:4: stations.0.cross_within_s: Input should be"),
    ],
)
def test_a_wrong_file_says_what_and_on_which_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in RIGHT
    assert any(told.startswith(fault) for told in faults(tmp_path, RIGHT.replace(old, new))), faults(
        tmp_path, RIGHT.replace(old, new)
    )


RACK = """\
site: nj01
agent: nj01.rack-1
stations:
  - kind: rack
    name: rack-1
    camera: camera
    indicator: lights
    slots:
      A-01: nj01/S-0000000001
      A-02: nj01/S-0000000002
devices:
  - {name: camera, driver: camera_sim, options: {stage: stage.sock, device: rack-1.camera}}
  - name: lights
    driver: slots_gpiozero
    options: {slots: {A-01: {green_pin: 7, switch_pin: 8}, A-02: {green_pin: 9, red_pin: 10, switch_pin: 11}}}
"""


def test_a_rack_is_read(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(RACK, "utf-8")
    file = SiteFile(path)
    (rack,) = file.site.stations
    assert isinstance(rack, RackEntry)
    assert rack.slots == {"A-01": "nj01/S-0000000001", "A-02": "nj01/S-0000000002"}
    assert set(choose_drivers(file)) == {"camera", "lights"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("indicator: lights", "indicator: camera", "site.yaml:7: stations.0.indicator: camera is a camera, no slots"),
        ("A-02: nj01/S-0000000002", "A-02: nowhere", "site.yaml:10: stations.0.slots.A-02: Value error, a slot's id"),
        (
            "A-02: nj01/S",
            "A-02: sz01/S",
            "site.yaml:10: stations.0.slots.A-02: sz01/S-0000000002 is no slot of site nj01",
        ),
        (
            "S-0000000002",
            "S-0000000001",
            "site.yaml:10: stations.0.slots.A-02: a second place called nj01/S-0000000001",
        ),
        ("    indicator: lights\n", "", "site.yaml:4: stations.0.indicator: Field required"),
    ],
)
def test_a_wrong_rack_says_what_and_on_which_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in RACK
    told = faults(tmp_path, RACK.replace(old, new))
    assert any(one.startswith(fault) for one in told), told


def test_a_slot_that_its_device_has_not_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(RACK.replace("A-01: {green", "B-01: {green"), "utf-8")
    with pytest.raises(SettingsError) as caught:
        choose_drivers(SiteFile(path))
    assert [one.removeprefix(f"{tmp_path}/") for one in caught.value.faults] == [
        "site.yaml:9: stations.0.slots.A-01: lights has no slot called A-01"
    ]


WATCH = """\
site: nj01
agent: nj01.rack-1
stations:
  - kind: watch
    name: aisle
    cameras: [eye-1, eye-2]
    doors: [door-a]
    zones: [ordinary]
    quiet:
      - {begin: "19:00", end: "07:30", days: [mon, tue, wed, thu, fri]}
  - {kind: door, name: door-a, camera: eye-3, door: leaf, guards: [gate-a], zones: [ordinary]}
  - {kind: gate, name: gate-a, camera: eye-4, gate: bar, beam_outside: out, beam_inside: in}
devices:
  - {name: eye-1, driver: camera_sim, options: {stage: stage.sock, device: aisle.camera}}
  - {name: eye-2, driver: camera_sim, options: {stage: stage.sock, device: aisle.camera}}
  - {name: eye-3, driver: camera_sim, options: {stage: stage.sock, device: door-a.camera}}
  - {name: eye-4, driver: camera_sim, options: {stage: stage.sock, device: gate-a.camera}}
  - {name: leaf, driver: door_sim, options: {stage: stage.sock, device: door-a.leaf}}
  - {name: bar, driver: gate_sim, options: {stage: stage.sock, device: gate-a.barrier}}
  - {name: out, driver: beam_sim, options: {stage: stage.sock, device: gate-a.beam-outside}}
  - {name: in, driver: beam_sim, options: {stage: stage.sock, device: gate-a.beam-inside}}
"""


def test_a_watch_is_read_and_each_of_its_cameras_speaks_under_a_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(WATCH, "utf-8")
    watch = SiteFile(path).site.stations[0]
    assert isinstance(watch, WatchEntry)
    assert watch.eyes() == [("aisle-eye-1", "eye-1"), ("aisle-eye-2", "eye-2")]
    assert watch.quiet[0].begin == "19:00"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("eye-1, eye-2]", "eye-1, eye-9]", "site.yaml:6: stations.0.cameras.1: no eye-9"),
        ("doors: [door-a]", "doors: [door-b]", "site.yaml:7: stations.0.doors.0: no door called door-b"),
        ("doors: [door-a]", "racks: [door-a]", "site.yaml:7: stations.0.racks.0: no rack called door-a"),
        ('begin: "19:00"', 'begin: "25:00"', "site.yaml:10: stations.0.quiet.0.begin: String should match"),
        ('end: "07:30"', 'end: "19:00"', "site.yaml:10: stations.0.quiet.0: Value error, quiet hours end"),
        ("days: [mon", "days: [moon", "site.yaml:10: stations.0.quiet.0.days.0: Input should be"),
        ("eye-1, eye-2]", "eye-3]", "site.yaml:11: stations.1.camera: eye-3 is used twice"),
        ("guards: [gate-a]", "guards: [aisle]", "site.yaml:11: stations.1.guards.0: no gate or rack called aisle"),
        ("name: gate-a", "name: aisle-eye-1", "site.yaml:6: stations.0.cameras.0: there is a station called aisle-eye"),
    ],
)
def test_a_wrong_watch_says_what_and_on_which_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in WATCH
    told = faults(tmp_path, WATCH.replace(old, new))
    assert any(one.startswith(fault) for one in told), told


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    wrong = RIGHT.replace("agent: nj01.gate-a", "agent: x").replace("kind: gate,", "kind: tower,") + "colour: blue\n"
    assert [told.split(":")[1] for told in faults(tmp_path, wrong)] == ["2", "4", "11"]


@pytest.mark.parametrize("text", ["", "- a list", "site: [", "\tsite: nj01"])
def test_what_is_no_site_file_is_told_with_a_line(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)[0].startswith("site.yaml:1: ")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        SiteFile(tmp_path / "absent.yaml")


LOG = NoteVerifier("sealtrail/demo/sz01", SigningKey.from_seed(b"o" * 32).public)


def witness_settings(tmp_path: Path, logs: str, key_file: Path | None) -> EdgeSettings:
    """As the environment would give them."""
    key, unused = SigningKey.from_seed(bytes(32)).public, tmp_path / "unused"
    told = {"witness_logs": logs, "witness_key_file": key_file, "cloud_url": "http://127.0.0.1:1"}
    return EdgeSettings.model_validate({
        "site_file": unused, "data_dir": tmp_path, "key_file": unused, "cloud_keys": (key,), "label_keys": (key,),
        "broker_host": "unused", "broker_ca": unused, "broker_cert": unused, "broker_key": unused, **told,
    })  # fmt: skip


def pem(path: Path, seed: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(SigningKey.from_seed(seed).to_pem())
    path.chmod(mode)
    return path


def test_a_witness_has_logs_of_other_sites_and_a_key_of_its_own(tmp_path: Path) -> None:
    own, no_key = SigningKey.from_seed(b"a" * 32), tmp_path / "no.key"
    no_key.touch(0o600)
    key = pem(tmp_path / "witness.pem", b"w" * 32)
    bj = NoteVerifier("sealtrail/demo/bj01", LOG.key)
    settings = witness_settings(tmp_path, f"{LOG.vkey}, {bj.vkey}", key)
    assert settings.witness_logs == (LOG, bj)
    read = read_witness_key(settings, "nj01", own)
    assert read is not None
    assert read.public == SigningKey.from_seed(b"w" * 32).public
    assert read_witness_key(witness_settings(tmp_path, "", None), "nj01", own) is None
    mine = NoteVerifier("sealtrail/demo/nj01", LOG.key)
    for logs, path, fault in (
        (mine.vkey, key, "no witness of its own site's log"),
        (LOG.vkey, None, "WITNESS_KEY_FILE: a witness has a key of its own"),
        (LOG.vkey, tmp_path / "absent.pem", "absent.pem"),
        (LOG.vkey, pem(tmp_path / "open.pem", b"w" * 32, 0o640), "chmod 600"),
        (LOG.vkey, pem(tmp_path / "agent.pem", b"a" * 32), "the agent's own key"),
        (LOG.vkey, no_key, "private key"),
    ):
        with pytest.raises(SettingsError, match=fault):
            read_witness_key(witness_settings(tmp_path, logs, path), "nj01", own)


@pytest.mark.parametrize(
    "logs",
    [
        "nonsense",
        f"{LOG.vkey},{LOG.vkey}",
        NoteVerifier("sealtrail/w", LOG.key, COSIGNATURE).vkey,
        f"{LOG.vkey},{NoteVerifier('other/sz01', LOG.key).vkey}",
    ],
)
def test_what_are_no_logs_to_witness(tmp_path: Path, logs: str) -> None:
    with pytest.raises(ValidationError):
        witness_settings(tmp_path, logs, None)


def edge_run(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """`sealtrail edge run` in nothing but `env`."""
    return subprocess.run(
        [sys.executable, "-m", "sealtrail", "edge", "run"],
        env={"PATH": os.environ["PATH"], **env}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip


def test_the_command_tells_faults_of_environment_site_file_drivers_and_key_together_and_exits_2(
    tmp_path: Path,
) -> None:
    (tmp_path / "site.yaml").write_text(
        RIGHT.replace("pin: 17", "pen: 17").replace("beam_gpiozero, options: {pin: 23}", "beam_telepathy"), "utf-8"
    )
    key = SigningKey.from_seed(bytes(32)).public.text
    ended = edge_run({
        "SEALTRAIL_EDGE_SITE_FILE": str(tmp_path / "site.yaml"),
        "SEALTRAIL_EDGE_DATA_DIR": str(tmp_path / "data"),
        "SEALTRAIL_EDGE_KEY_FILE": str(tmp_path / "absent.pem"),
        "SEALTRAIL_EDGE_CLOUD_KEYS": key,
        "SEALTRAIL_EDGE_LABEL_KEYS": f"{key},{key}",
        "SEALTRAIL_EDGE_BROKER_HOST": "127.0.0.1",
        "SEALTRAIL_EDGE_BROKER_CA": "ca.pem",
        "SEALTRAIL_EDGE_BROKER_CERT": "cert.pem",
        "SEALTRAIL_EDGE_BROKER_KEY": "key.pem",
        "SEALTRAIL_EDGE_CLOUD_URL": "http://127.0.0.1:1",
    })  # fmt: skip
    assert ended.returncode == 2
    told = ended.stderr
    assert f"{tmp_path}/site.yaml:7: devices.1.options.pin: Field required" in told
    assert f"{tmp_path}/site.yaml:7: devices.1.options.pen: Extra inputs are not permitted" in told
    assert f"{tmp_path}/site.yaml:9: devices.3.driver: beam_telepathy: no such driver" in told
    assert "absent.pem" in told
    assert not (tmp_path / "data").exists()


def test_the_command_tells_every_wrong_variable_and_exits_2() -> None:
    ended = edge_run({"SEALTRAIL_EDGE_CLOUD_KEYS": "not a key", "SEALTRAIL_EDGE_BROKER_PORT": "99999"})
    assert ended.returncode == 2
    for name in ("SITE_FILE", "DATA_DIR", "KEY_FILE", "CLOUD_KEYS", "LABEL_KEYS", "BROKER_HOST", "BROKER_PORT"):
        assert f"SEALTRAIL_EDGE_{name}: " in ended.stderr
