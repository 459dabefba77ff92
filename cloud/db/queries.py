"""SQL lives in `queries.sql` beside the service that speaks it; each query begins with a line `-- name: <name>`."""

import re
from collections.abc import Iterator
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


class Queries:
    """The queries of one file, each an attribute: the bytes of its SQL."""

    def __init__(self, text: str) -> None:
        parts = _NAME.split(text)[1:]
        names = parts[::2]
        if len(set(names)) != len(names):
            raise ValueError("two queries of one name")
        self._sql = {name: sql.strip().encode() for name, sql in zip(names, parts[1::2], strict=True)}

    def __getattr__(self, name: str) -> bytes:
        try:
            return self._sql[name]
        except KeyError:
            raise AttributeError(f"no query {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._sql)


def load_queries(beside: str, name: str = "queries.sql") -> Queries:
    """The queries in file `name` beside the module `beside` (its `__file__`)."""
    return Queries((Path(beside).parent / name).read_text("utf-8"))
