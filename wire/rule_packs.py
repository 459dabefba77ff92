"""Reading rule pack files. The rules themselves are custody's; only the file is read here."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

import custody
from custody.errors import Fault, RulePackError
from custody.errors import Path as Place
from custody.pack_reader import parse_rule_pack
from custody.rule_pack import RulePack
from wire.errors import RulePackFileError

DEFAULT_PACK = Path(custody.__file__).parent / "packs" / "tobacco_cn.yaml"


def load_rule_pack(path: Path = DEFAULT_PACK) -> RulePack:
    """The pack in the YAML file `path`. Raises RulePackFileError, or RulePackError with every fault."""
    return parse_rule_pack(read_content(path))


def read_content(path: Path) -> dict[str, Any]:
    """What the YAML file `path` says. Raises RulePackFileError, with the line where it is no YAML."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackFileError(f"{path}: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise RulePackFileError(f"{path}:{mark.line + 1 if mark else 1}: {problem}") from error
    if not isinstance(content, dict):
        raise RulePackFileError(f"{path}:1: not a mapping")
    return content


def told(path: Path, faults: Iterable[Fault]) -> list[str]:
    """`file:line: where: problem` for each fault, with the line of the nearest part that is there, in their order."""
    root = yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)
    lines = dict(lines_of(root)) if root else {}
    found = []
    for fault in faults:
        nearest = next((fault.at[:end] for end in range(len(fault.at), 0, -1) if fault.at[:end] in lines), ())
        found.append((lines.get(nearest, 1), str(fault)))
    return [f"{path}:{line}: {text}" for line, text in sorted(found)]


def check_file(path: Path) -> tuple[RulePack | None, list[Fault]]:
    """The pack in `path`, or all that is wrong with it. Raises RulePackFileError where it is no YAML mapping."""
    try:
        return load_rule_pack(path), []
    except RulePackError as error:
        return None, list(error.faults)


def lines_of(node: yaml.Node, at: Place = ()) -> Iterator[tuple[Place, int]]:
    """The line, from 1, of everything in a YAML document."""
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from lines_of(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from lines_of(value, (*at, number))
