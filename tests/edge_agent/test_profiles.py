"""Profiles that ship are right, devices may name them, and the checked-in schemas are those of the models."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from edge_agent.choosing import look_at
from edge_agent.errors import SettingsError
from edge_agent.profiles import FOLDER, read_profile, shipped
from edge_agent.schema import profile_schema, site_schema
from edge_agent.site_file import SiteFile
from tests.edge_agent.test_settings import RACK, RIGHT

LAMP = "{name: lamp, driver: lamp_gpiozero, options: {green_pin: 5, red_pin: 6}}"


def faults(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "site.yaml").write_text(text, "utf-8")
    return [fault.removeprefix(f"{tmp_path}/") for fault in look_at(tmp_path / "site.yaml").faults]


def with_lamp(entry: str) -> str:
    assert LAMP in RIGHT
    return RIGHT.replace(LAMP, entry)


def test_every_profile_that_ships_is_right_by_itself_and_by_the_schema() -> None:
    schema = json.loads((FOLDER / "profile.schema.json").read_text("utf-8"))
    for path in shipped().values():
        assert read_profile(path).profile == path.stem
        jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), schema)


@pytest.mark.parametrize(("name", "make"), [("site", site_schema), ("profile", profile_schema)])
def test_the_schemas_beside_the_profiles_are_those_of_the_models(name: str, make: Callable[[], dict[str, Any]]) -> None:
    """Where not: `sealtrail edge schema site > device_profiles/site.schema.json`, and the same with `profile`."""
    assert json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8")) == make()


def test_the_schema_takes_right_site_files_and_no_wrong_ones() -> None:
    schema = site_schema()
    profiled = with_lamp("{name: lamp, profile: tower-lamp-low-active, options: {green_pin: 5, red_pin: 6}}")
    for right in (RIGHT, RACK, profiled):
        jsonschema.validate(yaml.safe_load(right), schema)
    for wrong in (
        RIGHT.replace("green_pin", "green_pen"), profiled.replace("low-active", "square"),
        profiled.replace("red_pin: 6", ""), RIGHT.replace("lamp_gpiozero", "lamp_gpio"),
    ):  # fmt: skip
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(yaml.safe_load(wrong), schema)


def test_a_device_has_the_options_of_its_profile_and_its_own_above_them(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    entry = "{name: lamp, profile: tower-lamp-low-active, options: {green_pin: 5, red_pin: 6}}"
    path.write_text(with_lamp(entry), "utf-8")
    lamp = SiteFile(path).devices[-1]
    assert (lamp.kind, lamp.driver) == ("lamp", "lamp_gpiozero")
    assert lamp.options == {"active_high": False, "green_pin": 5, "red_pin": 6}
    path.write_text(with_lamp(entry.replace("red_pin: 6", "red_pin: 6, active_high: true")), "utf-8")
    assert SiteFile(path).devices[-1].options["active_high"] is True


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (
            "{name: lamp, profile: tower-lamp-low-activ, options: {green_pin: 5, red_pin: 6}}",
            "site.yaml:10: devices.4.profile: no profile tower-lamp-low-activ, did you mean tower-lamp-low-active?",
        ),
        (
            "{name: lamp, profile: photo-beam-npn, options: {pin: 5}}",
            "site.yaml:4: stations.0.lamp: lamp is a beam (photo-beam-npn), no lamp",
        ),
        (
            "{name: lamp, profile: tower-lamp-low-active, options: {green_pin: 5}}",
            "site.yaml:10: devices.4.options.red_pin: Field required",
        ),
        (
            "{name: lamp, profile: tower-lamp-low-active, driver: lamp_gpiozero, options: {green_pin: 5, red_pin: 6}}",
            "site.yaml:10: devices.4: Value error, a device has a profile or a driver, and not both",
        ),
        ("{name: lamp}", "site.yaml:10: devices.4: Value error, a device has a profile or a driver, and not both"),
        (
            "{name: lamp, driver: lamp_gpiozer, options: {green_pin: 5, red_pin: 6}}",
            "site.yaml:10: devices.4.driver: lamp_gpiozer: no such driver, did you mean lamp_gpiozero?",
        ),
        (
            "{name: lamp, driver: lamp_gpiozero, options: {green_pin: 5, red_pin: 22}}",
            "site.yaml:10: devices.4.options.red_pin: pin 22 is taken by beam-out",
        ),
        (
            "{name: lamp, driver: lamp_gpiozero, options: {green_pin: 5, red_pin: 5}}",
            "site.yaml:10: devices.4.options.red_pin: pin 5 is taken by lamp",
        ),
    ],
)
def test_a_wrong_device_is_told_with_its_line_and_what_may_be_meant(tmp_path: Path, entry: str, fault: str) -> None:
    assert faults(tmp_path, with_lamp(entry)) == [fault]


@pytest.mark.parametrize(
    ("one", "other", "fault"),
    [
        (
            "driver: climate_sht31, options: {address: 0x45}",
            "profile: sensirion-sht31, options: {address: 0x45}",
            "12: devices.6.options.address: address 0x45 of bus 1 is taken by one",
        ),
        (
            "driver: camera_opencv, options: {source: 'rtsp://keeper:secret@10.0.0.7/1'}",
            "driver: camera_opencv, options: {source: 'rtsp://keeper:secret@10.0.0.7/1'}",
            "12: devices.6.options.source: this source is taken by one",
        ),
        (
            "driver: scale_serial, options: {device: /dev/ttyUSB0}",
            "driver: scale_serial, options: {device: /dev/ttyUSB0}",
            "12: devices.6.options.device: this device is taken by one",
        ),
    ],
)
def test_what_only_one_device_can_have_is_not_given_to_two(tmp_path: Path, one: str, other: str, fault: str) -> None:
    entry = "\n  - ".join((LAMP, f"{{name: one, {one}}}", f"{{name: other, {other}}}"))
    assert faults(tmp_path, with_lamp(entry)) == [f"site.yaml:{fault}"]


def test_faults_of_every_sort_are_told_at_once(tmp_path: Path) -> None:
    wrong = (
        RIGHT.replace("agent: nj01.gate-a", "agent: nobody")
        .replace("camera_sim, options: {stage: stage.sock", "camera_sim, options: {stage: stage.sock, zoom: 2")
        .replace("beam_gpiozero, options: {pin: 23}", "beam_gpiozero, options: {pin: 22}")
        .replace("pin: 17", "pen: 17")
        .replace("beam_inside: beam-in", "beam_inside: beam-inn")
        .replace(LAMP, "{name: lamp, profile: square-lamp}")
        + "colour: blue\n"
    )
    assert [":".join(fault.split(":")[1:3]) for fault in faults(tmp_path, wrong)] == [
        "2: agent", "11: colour", "10: devices.4.profile", "4: stations.0.beam_inside", "6: devices.0.options.zoom",
        "7: devices.1.options.pin", "7: devices.1.options.pen", "9: devices.3.options.pin",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("profile: b\nkind: lamp\nabout: x\ndriver: lamp_gpiozero\n", "1: profile: b in a file that is called a"),
        ("profile: a\nkind: lamp\nabout: x\ndriver: beam_gpiozero\n", "4: driver: beam_gpiozero drives no lamp"),
        ("profile: a\nkind: lamp\nabout: x\ndriver: moon_sim\n", "4: driver: String should match pattern"),
        ("profile: a\nkind: lamp\ndriver: lamp_gpiozero\n", "1: about: Field required"),
    ],
)
def test_a_wrong_profile_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        read_profile(tmp_path / "a.yaml")
    assert caught.value.faults[0].startswith(f"{tmp_path}/a.yaml:{fault}")


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sealtrail", "edge", *words], capture_output=True, text=True, timeout=240
    )  # fmt: skip


def test_the_command_tells_all_faults_and_exits_2_and_nothing_is_wrong_with_a_right_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(RIGHT, "utf-8")
    right = command("check", str(path))
    assert (right.returncode, right.stdout) == (0, "nj01.gate-a: 5 devices, 1 stations: right\n"), right.stderr
    path.write_text(RIGHT.replace("pin: 23", "pin: 22").replace("lamp: lamp}", "lamp: lump}"), "utf-8")
    wrong = command("check", str(path))
    assert wrong.returncode == 2
    assert wrong.stderr.splitlines() == [
        f"{path}:4: stations.0.lamp: no lump, did you mean lamp?",
        f"{path}:9: devices.3.options.pin: pin 22 is taken by beam-out",
        "The settings have faults; nothing was started.",
    ]
    assert command("check", str(tmp_path / "absent.yaml")).returncode == 2


def test_the_command_prints_a_schema() -> None:
    assert json.loads(command("schema", "profile").stdout) == profile_schema()
    assert command("schema", "moon").returncode == 2
