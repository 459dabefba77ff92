"""A YAML file with the line of everything in it, so that every fault can say where it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from edge_agent.errors import SettingsError

At = tuple[str | int, ...]
"""Where something is in a file: keys and numbers from the root on."""


class LinedYaml:
    """What is in the file, as `content`."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """The file `path`, or `text` in its place. Raises SettingsError where it is no YAML."""
        self.path = path
        try:
            text = path.read_text("utf-8") if text is None else text
            root = yaml.compose(text, yaml.SafeLoader)
            self.content: Any = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f"{path}: cannot be read: {error}"]) from error
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            problem = getattr(error, "problem", None) or error
            raise SettingsError([f"{path}:{mark.line + 1 if mark else 1}: {problem}"]) from error
        self._lines = dict(_lines(root, ())) if root else {}

    def fault(self, at: At, problem: str) -> str:
        """`file:line: where: problem`, with the line of the nearest part that is there."""
        nearest = next((at[:end] for end in range(len(at), 0, -1) if at[:end] in self._lines), ())
        where = ".".join(str(step) for step in at)
        return f"{self.path}:{self._lines.get(nearest, 1)}: {where}: {problem}"

    def faults(self, error: ValidationError, at: At) -> Iterator[str]:
        """One line for each fault that pydantic found in the part at `at`."""
        for fault in error.errors(include_url=False):
            yield self.fault((*at, *_in_the_file(fault["loc"], fault["type"])), fault["msg"])


def _in_the_file(loc: At, type_: str) -> At:
    """Where pydantic's `loc` is in the file: it puts the kind of a station behind its number, where nothing is."""
    if loc[:1] != ("stations",) or len(loc) < 2:
        return loc
    return (*loc, "kind") if type_.startswith("union_tag") else (*loc[:2], *loc[3:])


def _lines(node: yaml.Node, at: At) -> Iterator[tuple[At, int]]:
    yield at, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*at, key.value))
            yield (*at, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _lines(value, (*at, number))
