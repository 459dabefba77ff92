"""Devices that say of themselves whether they are there."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from edge_agent.choosing import choose_drivers
from edge_agent.doctor.examine import Patient, check_devices
from edge_agent.doctor.finding import Finding
from edge_agent.site_file import SiteFile
from simulators.pki import Authority
from tests.edge_agent.doctor.ward import Ward
from tests.edge_agent.drivers.test_scales import OnLine
from tests.edge_agent.drivers.worlds import on_node
from tests.edge_agent.hands import NOON
from tests.edge_agent.scene import AGENT, SITE

PINS = {"A-01": {"green_pin": 5, "switch_pin": 6}}


@pytest.fixture
def line(tmp_path: Path) -> Iterator[OnLine]:
    line = OnLine(tmp_path)
    yield line
    line.unplug()


def check(folder: Path, indicator: dict[str, object], scale: str = "ttyUSB0") -> list[Finding]:
    """Of a site with a rack, its scale behind the device file `scale`."""
    rack = {"kind": "rack", "name": "rack-1", "camera": "eye", "indicator": "slots", "scale": "balance",
            "slots": {"A-01": f"{SITE}/S-A-01"}}  # fmt: skip
    devices = [
        {"name": "eye", "driver": "camera_file", "options": {"path": "nothing.png"}},
        {"name": "slots", **indicator},
        {"name": "balance", "driver": "scale_serial", "options": {"device": scale}},
    ]
    content = {"site": SITE, "agent": AGENT, "stations": [rack], "devices": devices}
    (folder / "site.yaml").write_text(yaml.safe_dump(content), "utf-8")
    file = SiteFile(folder / "site.yaml")
    return list(check_devices(Patient(None, file, choose_drivers(file)), Ward(folder).world))


def test_a_scale_on_its_line_answers_and_pins_are_not_asked(line: OnLine, tmp_path: Path) -> None:
    (said,) = check(tmp_path, {"driver": "slots_gpiozero", "options": {"slots": PINS}})
    assert (said.code, said.about) == ("device.ok", "balance")


def sensors(folder: Path, *devices: Mapping[str, object]) -> list[Finding]:
    """Of a site with nothing but these."""
    content = {"site": SITE, "agent": AGENT, "devices": list(devices)}
    (folder / "site.yaml").write_text(yaml.safe_dump(content), "utf-8")
    file = SiteFile(folder / "site.yaml")
    return list(check_devices(Patient(None, file, choose_drivers(file)), Ward(folder).world, within_s=3))


def test_sensors_that_are_not_there_are_told_and_one_that_may_sleep_is_not(tmp_path: Path) -> None:
    with on_node(tmp_path) as world:
        local = {key: str(value) if isinstance(value, Path) else value for key, value in world.local.options().items()}
        own = {key: value for key, value in local.items() if key not in ("node", "slots")}
        sleeper = {"name": "cellar", "profile": "shelly-plus-ht", "options": {**own, "at": "cellar"}}
        air = {"name": "air", "profile": "sensirion-sht31", "options": {"bus": 250}}
        seal = {"name": "seal", "profile": "tilt-switch-nc", "options": {"pin": 5}}
        (lost,) = sensors(tmp_path, sleeper, air, seal)
        assert (lost.code, lost.about) == ("device.lost", "air")
        assert "SHT31 at 0x44 on bus 250" in lost.values["problem"]
        cut = sensors(tmp_path, {**sleeper, "options": {**own, "at": "cellar", "port": 1}})
        assert "local broker" in cut[0].values["problem"]


def test_what_does_not_answer_is_told_with_why(line: OnLine, tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", NOON)
    own = authority.client(AGENT, NOON)
    options = {
        "host": "127.0.0.1", "port": 1, "ca_file": str(authority.certificate_file),
        "cert_file": str(own.certificate), "key_file": str(own.key), "node": "rack-1", "slots": ["A-01"],
    }  # fmt: skip
    said = check(tmp_path, {"driver": "slots_mqtt", "options": options}, scale="ttyUSB7")
    assert [(one.code, one.about) for one in said] == [("device.lost", "slots"), ("device.lost", "balance")]
    assert "no connection to 127.0.0.1:1" in said[0].values["problem"]
    assert "No such file" in said[1].values["problem"]
