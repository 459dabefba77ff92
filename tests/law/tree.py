"""The tree as git has it: what the house rules are checked on."""

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("proof", "custody", "wire", "edge_agent", "cloud", "witness", "simulators", "benchmarks")


@functools.cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """Files that are committed or about to be, by git's own patterns such as `*.py` or `tests/*`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return tuple(sorted(ROOT / name for name in set(listed) if name and (ROOT / name).is_file()))


def shown(path: Path) -> str:
    """A path as a person writes it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    """The file's text; empty for a picture or another file that is not UTF-8."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def hits(pattern: re.Pattern[str], *globs: str) -> Iterator[str]:
    """`file:line: text` of every line in the matching tracked files in which the pattern is found."""
    for path in tracked(*globs):
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if pattern.search(line):
                yield f"{shown(path)}:{number}: {line.strip()[:160]}"


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call in a Python file, such as `(12, "time.sleep")`."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, ast.unparse(node.func)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every absolute import in a Python file, wherever it stands in it."""
    for node in ast.walk(ast.parse(text_of(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
