"""proof and custody are arithmetic: time, ids and salts come in as arguments, nothing goes out but results.

What they may import is a contract in pyproject.toml; here is what they may not call.
"""

import re

from tests.law.tree import calls, shown, tracked

FORBIDDEN = re.compile(
    r"(^|\.)(now|utcnow|today|monotonic|perf_counter|urandom|uuid4|token_bytes)$|^(open|print|input)$"
)


def test_proof_and_custody_read_no_clock_and_roll_no_dice() -> None:
    files = tracked("proof/*.py", "custody/*.py")
    assert files
    assert [
        f"{shown(path)}:{line}: {name}" for path in files for line, name in calls(path) if FORBIDDEN.search(name)
    ] == []
