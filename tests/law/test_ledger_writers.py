"""One file writes the ledger."""

import re

from tests.law.tree import hits

WRITES = re.compile(
    r"\b(insert\s+into|update|delete\s+from|truncate(\s+table)?|copy)\s+(only\s+)?(\w+\.)?ledger_entry\b", re.I
)


def test_nothing_but_the_ledgers_own_queries_writes_its_table() -> None:
    found = {hit.split(":")[0] for hit in hits(WRITES, "*.sql", "*.py", "*.sh") if not hit.startswith("tests/")}
    assert found == {"cloud/ledger/queries.sql"}
