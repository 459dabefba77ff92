"""The rules of a simulated warehouse: the default pack with a short wait for sensors, and the next pack.

By the default pack record and sensor have five minutes to tell of the same movement; a day that lasts three cannot wait
so long. So the demo's cloud is founded with a pack of its own version, in which that window is WINDOW_S and nothing
else differs, and its edge agent is given the same one.
"""

import copy
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from custody.permits import time_text
from wire.rule_packs import DEFAULT_PACK, read_content

WINDOW_S = 20


def founding_rules(path: Path) -> Path:
    """Writes the demo's pack to `path`, where it is not there yet. Raises RulePackFileError."""
    if not path.exists():
        content = read_content(DEFAULT_PACK)
        content["corroboration"]["window_s"] = WINDOW_S
        content["version"] += "-demo"
        write_rules(path, content)
    return path


def write_rules(path: Path, content: Mapping[str, Any]) -> None:
    """Writes the pack that says `content`; whoever reads it finds the same hash."""
    path.write_text(rules_text(content), "utf-8")


def rules_text(content: Mapping[str, Any]) -> str:
    """A pack as its file is written."""
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False)


def next_rules(content: Mapping[str, Any], version: str, start: datetime) -> str:
    """The text of the pack after `content`: in force from `start` on, with a handover to be done within two days."""
    changed = copy.deepcopy(dict(content))
    basis = {"zh": "交接须在二日内完成", "en": "A handover is completed within two days"}
    changed["limits"]["handover"] = {"hours": 48, "basis": basis}
    return rules_text({**changed, "version": version, "effective_from": time_text(start)})
