"""The command as a technician types it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.journal.journal import Journal
from tests.edge_agent.doctor.ward import picture, save
from tests.edge_agent.hands import Hands, counted_bytes
from tests.edge_agent.scene import AGENT, CLOUD, LABELS, SITE
from tests.edge_agent.test_cli import edge

DEVICES: list[dict[str, Any]] = [
    {"name": "camera", "driver": "camera_file", "options": {"path": "shots"}},
    {"name": "barrier", "driver": "gate_gpiozero", "options": {"pin": 17, "closed_pin": 27}},
    {"name": "beam-outside", "driver": "beam_gpiozero", "options": {"pin": 22}},
    {"name": "beam-inside", "driver": "beam_gpiozero", "options": {"pin": 27}},
]


class Card:
    """A folder with settings, keys, a site file and pictures in place of a camera."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        station = {"kind": "gate", "name": "gate-a", "camera": "camera", "gate": "barrier",
                   "beam_outside": "beam-outside", "beam_inside": "beam-inside"}  # fmt: skip
        self.site = {"site": SITE, "agent": AGENT, "stations": [station], "devices": DEVICES}
        save(folder / "shots" / "1.png", picture())
        assert edge("keygen", str(folder / "agent.pem"))[0] == 0
        self.write_site()
        self.env = folder / "edge.env"
        self.env.write_text(
            "# as the installer writes it\n" + "".join(f"{k}={v}\n" for k, v in self.settings().items())
        )

    def write_site(self) -> None:
        (self.folder / "site.yaml").write_text(yaml.safe_dump(self.site), "utf-8")

    def settings(self) -> dict[str, str]:
        files = {"SITE_FILE": "site.yaml", "DATA_DIR": "data", "KEY_FILE": "agent.pem", "BROKER_CA": "ca.pem",
                 "BROKER_CERT": "cert.pem", "BROKER_KEY": "key.pem"}  # fmt: skip
        values = {name: str(self.folder / file) for name, file in files.items()} | {
            "CLOUD_KEYS": CLOUD.public.text, "LABEL_KEYS": LABELS.public.text, "BROKER_HOST": "127.0.0.1",
            "BROKER_PORT": "1", "CLOUD_URL": "http://127.0.0.1:1",
        }  # fmt: skip
        return {f"SEALTRAIL_EDGE_{name}": value for name, value in values.items()}

    def doctor(self, *options: str) -> tuple[int, str, str]:
        with kept_environment():
            ended = CliRunner().invoke(app, ["doctor", "--env-file", str(self.env), *options])
        return ended.exit_code, ended.stdout, ended.stderr

    def findings(self, *options: str) -> Mapping[str, list[dict[str, Any]]]:
        """By their codes."""
        by_code: dict[str, list[dict[str, Any]]] = {}
        for line in self.doctor("--json", *options)[1].splitlines():
            one = json.loads(line)
            by_code.setdefault(one["code"], []).append(one)
        return by_code


@contextmanager
def kept_environment() -> Iterator[None]:
    """The command's settings are its process's; here that is the test's."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_everything_is_looked_at_and_what_fails_is_the_exit_code(card: Card) -> None:
    code, out, _ = card.doctor("--lang", "en")
    assert code == 1
    *lines, last = out.splitlines()
    marks = {line[:4] for line in lines}
    assert marks <= {"ok  ", "warn", "FAIL"}
    for text in (
        "devices.3.options.pin: pin 27 is taken by barrier",
        "pin 27 is wanted by beam-inside.pin and by barrier.closed_pin → Give one of them another pin",
        "this machine has no pins, and 4 are wanted",
        "camera reads nj01/I-0000000001: 4.",
        "127.0.0.1:1 cannot be reached: Connection refused → Check the cable",
        f"{card.folder}/cert.pem cannot be used: No such file or directory",
        "1 key files, for their owner alone",
        "holds no journal: the agent never ran here",
    ):
        assert text in out
    assert last.endswith(f"{out.count('FAIL ')} fail, {out.count('warn ')} to look after")


def test_in_chinese_every_line_is_chinese(card: Card) -> None:
    code, out, _ = card.doctor("--lang", "zh")
    assert code == 1
    assert {line[:2] for line in out.splitlines()} == {"正常", "注意", "故障", "检查"}
    assert "引脚 27 同时分配给 beam-inside.pin 和 barrier.closed_pin → 请在站点文件中" in out


def test_faults_of_the_site_file_come_with_their_lines_and_the_rest_is_looked_at(card: Card) -> None:
    card.site["devices"] = [*DEVICES[:3], {"name": "beam-inside", "driver": "beam_gpiozero", "options": {"pin": "x"}}]
    card.site["site"] = "sh02"
    card.write_site()
    faults = [one["values"]["fault"] for one in card.findings()["settings.fault"]]
    assert any("site.yaml:1: agent: nj01.gate-a is no agent of site sh02" in fault for fault in faults)
    assert "clock.no_rtc" in card.findings() or "clock.rtc" in card.findings()
    card.site["site"] = SITE
    card.write_site()
    (fault,) = card.findings()["settings.fault"]
    assert "options.pin" in fault["values"]["fault"]


def test_while_the_agent_runs_its_cameras_and_pins_are_left_to_it(card: Card) -> None:
    journal = Journal(card.folder / "data", Hands().clock, counted_bytes())
    said = card.findings()
    journal.close()
    assert "settings.runs" in said
    assert not any(code.startswith("camera.") for code in said)
    assert "pins.none" not in said
    assert "pins.twice" in said


def test_one_camera_alone(card: Card) -> None:
    code, out, _ = card.doctor("--lang", "en", "--camera", "camera")
    assert code == 0
    assert [line[:4] for line in out.splitlines()] == ["ok  "] * 4 + ["4 th"]
    code, _, err = card.doctor("--camera", "door-cam")
    assert code == 2
    assert "there is no camera called door-cam" in err


def test_watching_a_camera_prints_its_focus_again_and_again(card: Card) -> None:
    for number, blur_px in enumerate((3, 1.5, 0)):
        save(card.folder / "shots" / f"{number}.png", picture(blur_px=blur_px))
    code, out, _ = card.doctor("--camera", "camera", "--watch", "--json")
    assert code == 0
    shown = [json.loads(line) for line in out.splitlines()]
    assert [one["focus"] for one in shown] == sorted(one["focus"] for one in shown)
    assert shown[-1]["label"] == "nj01/I-0000000001"
    code, out, _ = card.doctor("--camera", "camera", "--watch")
    assert (code, len(out.splitlines())) == (0, 3)
    assert "✓ nj01/I-0000000001 4." in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--watch"], "--watch goes with --camera NAME"),
        (["--lang", "fr"], "--lang fr: en or zh"),
        (["--env-file", "nowhere.env"], "nowhere.env: cannot be read"),
    ],
)
def test_a_wrong_option_is_one_sentence(card: Card, options: list[str], problem: str) -> None:
    code, _, err = card.doctor(*options)
    assert code == 2
    assert problem in err
