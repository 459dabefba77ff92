"""docs/settings.md names every setting of every process, in both languages, and docker-compose.yml lets all through."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from cloud import settings
from edge_agent.settings import EdgeSettings
from tests.law.tree import ROOT

CLOUD: dict[str, type[BaseSettings]] = {
    "uplink": settings.BrokerSettings, "readings": settings.BrokerSettings, "downlink": settings.BrokerSettings,
    "gatekeeper": settings.GatekeeperSettings, "jobs": settings.JobsSettings, "mirror": settings.MirrorSettings,
    "web": settings.WebSettings, "migrate": settings.OwnerSettings,
}  # fmt: skip
"""Process of `sealtrail cloud` → its settings, as cloud/cli.py loads them."""
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
OURS: dict[str, tuple[dict[str, Any], type[BaseSettings]]] = {
    name: (service, EdgeSettings if service["command"][0] == "edge" else CLOUD[service["command"][1]])
    for name, service in SERVICES.items()
    if isinstance(service.get("command"), list) and service["command"][0] in ("cloud", "edge")
}
"""The services that run a part of ours for good."""


def variable(kind: type[BaseSettings], name: str) -> str:
    return f"{kind.model_config.get('env_prefix')}{name}".upper()


def shown(kind: type[BaseSettings], name: str) -> str:
    """The default as the papers have it: a dash where there is none and it must be said."""
    field = kind.model_fields[name]
    if field.is_required():
        return "—"
    default = field.get_default(call_default_factory=True)
    if default is None or default == () or default == "" or default == {}:
        return ""
    if isinstance(default, Path):
        return f"`{default.name}`"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def table() -> dict[str, tuple[str, str]]:
    """Variable → its default, and who reads it."""
    readers: dict[str, list[str]] = defaultdict(list)
    defaults: dict[str, str] = {}
    everyone: dict[str, type[BaseSettings]] = {**CLOUD, "edge": EdgeSettings}
    for process, kind in everyone.items():
        for name in kind.model_fields:
            readers[variable(kind, name)].append(process)
            defaults[variable(kind, name)] = shown(kind, name)
    workers = [process for process in CLOUD if process != "migrate"]
    return {each: (defaults[each], "all" if told == workers else ", ".join(told)) for each, told in readers.items()}


@pytest.mark.parametrize(("paper", "every"), [("settings.md", "all"), ("settings.zh-CN.md", "全部")])
def test_the_paper_names_every_setting_with_its_default_and_who_reads_it(paper: str, every: str) -> None:
    text = (ROOT / "docs" / paper).read_text("utf-8")
    rows = re.findall(r"^\| `(SEALTRAIL_[A-Z_]+)` \| ([^|]*) \| ([^|]*) \| ([^|]+) \|$", text, re.M)
    said = {name: (default.strip(), "all" if who.strip() == every else who.strip()) for name, default, who, _ in rows}
    assert said == table()
    assert len(rows) == len(said), "each once"


@pytest.mark.parametrize("name", OURS)
def test_every_setting_passes_through_to_a_container(name: str) -> None:
    service, kind = OURS[name]
    if name != "migrate":
        assert service["env_file"] == [{"path": "sealtrail.env", "required": False}]
    ours = {variable(kind, field) for field in kind.model_fields} | {"SEALTRAIL_SECRETS_DIR"}
    assert {each for each in service["environment"] if each.startswith("SEALTRAIL_")} - ours == set()


def test_every_process_of_the_cloud_has_a_service() -> None:
    assert {service["command"][1] for service, kind in OURS.values() if kind is not EdgeSettings} == set(CLOUD)
