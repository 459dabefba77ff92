"""The count at the end of a day: what the edge's journal holds against what the cloud's ledger holds."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from edge_agent.journal.journal import read_tail
from edge_agent.store import Reads
from proof.chain import commit_content


@dataclass(frozen=True, slots=True)
class Tally:
    """Facts in the journal and in the ledger, by (seq, commitment): `lost` are in the first only, `duplicated` more
    than once in the second, `foreign` in the second only.
    """

    recorded: int
    in_ledger: int
    lost: int
    duplicated: int
    foreign: int
    in_order: bool


def journal_facts(journal: Path) -> list[tuple[int, str]]:
    """Seq and commitment (hex), computed anew from content and salt, of every fact in the agent's journal."""
    reads = Reads(journal)
    try:
        rows = reads.rows("facts_from", first=0, limit=-1)
    finally:
        reads.close()
    return [(seq, commit_content(content.encode(), salt).hex()) for seq, content, salt, _ in rows]


def ledger_facts(database_url: str, site: str, agent: str) -> list[tuple[int, str]]:
    """The same of every fact of `agent` in the ledger of `site`, in the ledger's order, from the entries themselves."""
    with psycopg.connect(database_url) as connection:
        entries = connection.execute("SELECT entry FROM ledger_entry WHERE site = %s ORDER BY index", [site])
        told = [json.loads(entry) for (entry,) in entries]
    return [(one["seq"], one["c"]) for one in told if one["type"] == "fact" and one["agent"] == agent]


def tally(recorded: Sequence[tuple[int, str]], in_ledger: Sequence[tuple[int, str]]) -> Tally:
    """Compares the two from the journal's oldest fact (older ones may be pruned) to its newest when it was read."""
    oldest, newest = (recorded[0][0], recorded[-1][0]) if recorded else (1, 0)
    kept = [fact for fact in in_ledger if oldest <= fact[0] <= newest]
    counted = Counter(kept)
    seqs = [seq for seq, _ in in_ledger]
    return Tally(
        recorded=len(recorded),
        in_ledger=len(kept),
        lost=sum(fact not in counted for fact in recorded),
        duplicated=sum(times - 1 for times in counted.values()),
        foreign=len(set(counted) - set(recorded)),
        in_order=seqs == sorted(seqs),
    )


def receipted(journal: Path) -> int:
    """Up to which fact the agent holds the cloud's receipt."""
    reads = Reads(journal)
    try:
        return int(reads.rows("mark")[0][0])
    finally:
        reads.close()


def newest(journal: Path) -> int:
    """Seq of the newest fact in the journal; 0 while there is none."""
    reads = Reads(journal)
    try:
        return read_tail(reads)[0]
    finally:
        reads.close()


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50 and p99 by nearest rank, in the unit of `values`; NaN has no place in JSON, so none at all gives -1."""
    if not values:
        return {"p50": -1.0, "p99": -1.0}
    ranked = sorted(values)
    return {name: round(ranked[math.ceil(share * len(ranked)) - 1], 1) for name, share in (("p50", 0.5), ("p99", 0.99))}
