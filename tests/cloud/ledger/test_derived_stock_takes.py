"""Draws and differences are worked out anew from the log: tables that were changed by hand, and records that say what
the checkpoint, the counts or the two pairs of eyes do not lead to.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.db.embedded import APP, OWNER, EmbeddedServer
from cloud.ledger.derived import Derived, Told, take_record
from cloud.ledger.faults import WORDS, LedgerFaultError
from cloud.stock_takes.counting import as_json
from custody.permits import time_text
from custody.sampling import draw
from custody.stock_taking import Seen, compare, population_hash
from tests.cloud.conftest import START, Database
from tests.cloud.ledger.counted import count
from tests.cloud.ledger.tampering import Trick, sql
from tests.cloud.ledger.walked import verified

Content = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counted")


@pytest.fixture(scope="module")
def counted(server: EmbeddedServer, template: str, folder: Path) -> str:
    name = "template_counted"
    server.create(name, template)
    asyncio.run(count(server.url(name, APP), server.url(name, OWNER), folder))
    return name


@pytest.fixture
def media(folder: Path) -> Path:
    return folder / "media"


@pytest.fixture
def steered(server: EmbeddedServer, counted: str, new_name: Callable[[], str]) -> Iterator[Database]:
    """A clone of it, for one case."""
    name = new_name()
    server.create(name, counted)
    yield Database(name, server.url(name, OWNER), server.url(name, APP))
    server.drop(name)


async def test_a_site_whose_stock_was_taken_holds(steered: Database, media: Path) -> None:
    found = await verified(steered.app, media)
    assert (found.ok, found.fault) == (True, None), found
    with psycopg.connect(steered.owner) as owner:
        kept = owner.execute("SELECT state FROM stock_take ORDER BY index").fetchall()
    assert kept == [("closed",), ("compared",), ("open",)]


WAYS: dict[str, tuple[str, str, Trick]] = {
    "a line of the book": ("row_differs", "stock_take_line", sql("UPDATE stock_take_line SET slot = 'elsewhere'")),
    "a line that was not in it": ("row_without_entry", "stock_take_line", sql(
        "INSERT INTO stock_take_line SELECT id, 'nj01/I-9', NULL, 1, true FROM stock_take WHERE state = 'closed'")),
    "a line left out": ("row_missing", "stock_take_line", sql(
        "DELETE FROM stock_take_line USING stock_take WHERE stock_take = id AND state = 'closed'")),
    "a sample that was not drawn": ("row_differs", "stock_take_line", sql(
        "UPDATE stock_take_line SET drawn = false FROM stock_take WHERE stock_take = id AND state = 'closed'")),
    "drawn by another checkpoint": ("row_differs", "stock_take nj01/T-", sql(
        "UPDATE stock_take SET checkpoint_size = checkpoint_size + 1 WHERE state = 'closed'")),
    "the checkpoint that drew removed": ("row_differs", "stock_take nj01/T-", sql(
        "DELETE FROM checkpoint WHERE size = (SELECT checkpoint_size FROM stock_take WHERE state = 'closed')")),
    "another keeper": ("row_differs", "stock_take nj01/T-", sql("UPDATE stock_take SET keeper = 'nj01/U-9'")),
    "closed by hand": ("row_differs", "stock_take nj01/T-", sql(
        "UPDATE stock_take SET state = 'closed' WHERE state = 'compared'")),
    "a stock-take that never was": ("row_missing", "stock_take nj01/T-", sql(
        "DELETE FROM stock_take WHERE state = 'open'")),
    "a scan moved": ("row_differs", "stock_take_count", sql("UPDATE stock_take_count SET slot = 'elsewhere'")),
    "a scan removed": ("row_missing", "stock_take_count", sql("DELETE FROM stock_take_count")),
    "a scan added afterwards": ("row_without_entry", "stock_take_count", sql(
        "INSERT INTO stock_take_count SELECT stock_take, person, 'later-on', thing, slot, 1, false, NULL, now()"
        " FROM stock_take_count JOIN stock_take ON id = stock_take WHERE state = 'closed'")),
    "a difference removed": ("row_missing", "difference", sql("DELETE FROM difference")),
    "a difference of another kind": ("row_differs", "difference", sql("UPDATE difference SET kind = 'miscounted'")),
    "another answer": ("row_differs", "difference", sql("UPDATE difference SET answer = 'missing'")),
    "answered by somebody else": ("row_differs", "difference", sql("UPDATE difference SET answered_by = 'nj01/U-9'")),
    "a difference nobody found": ("row_without_entry", "difference", sql(
        "INSERT INTO difference (stock_take, thing, kind) SELECT id, 'nj01/I-9', 'missing' FROM stock_take"
        " WHERE state = 'closed'")),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_tampering_with_a_stock_take_is_found(steered: Database, media: Path, way: str) -> None:
    fault, row, trick = WAYS[way]
    with psycopg.connect(steered.owner) as owner:
        owner.execute("SET session_replication_role = replica")
        trick(owner, media)
    found = await verified(steered.app, media)
    assert (found.ok, found.fault, found.said) == (False, fault, WORDS[fault]), found
    assert (found.row or "").startswith(row), found


# ---------------------------------------------------------------- records that were false when they were made

TAKE, KEEPER, BOOKKEEPER, LEADER = "nj01/T-1", "nj01/U-K", "nj01/U-B", "nj01/U-L"
THINGS = [f"nj01/I-{number}" for number in range(6)]
SLOT, OTHER = "nj01/S-1", "nj01/S-2"
ROOT = bytes(range(32))
BOOK = {thing: Seen(SLOT, 5) for thing in THINGS}
SAMPLE = draw(THINGS, ROOT, 8, TAKE, 2)


class Log:
    """A log that tells of one stock-take; the things were there before."""

    def __init__(self) -> None:
        self.derived = Derived("nj01")
        for thing in THINGS:
            row = {"state": "stored", "package_id": None, "quantity": 5}
            self.derived.table("item")[thing] = row
            self.derived.table("custody")[thing] = {"slot": SLOT}
        self.next = 5

    def tell(self, kind: str, actor: str = LEADER, /, **content: Any) -> set[str] | None:
        told = Told(self.next, kind, time_text(START), {"stock_take": TAKE, "actor": actor, **content})
        filed = take_record(self.derived, told, {})
        self.next += 1
        return filed

    def said(self, kind: str, actor: str = LEADER, /, **content: Any) -> "Log":
        """What is filed under the stock-take alone."""
        assert self.tell(kind, actor, **content) == {TAKE}
        return self

    def open(self, **change: Any) -> "Log":
        content = {
            "kind": "random", "zone": None, "cause": None, "wanted": 2, "keeper": KEEPER, "bookkeeper": BOOKKEEPER,
            "population": len(BOOK), "population_hash": population_hash(BOOK),
        }  # fmt: skip
        return self.said("stock_take_opened", LEADER, **content | change)

    def draw(self, **change: Any) -> "Log":
        content = {"checkpoint_size": 8, "checkpoint_root": ROOT.hex(), "sample": SAMPLE}
        self.next = 9
        return self.said("stock_take_drawn", "cloud", **content | change)

    def count(self, seat: str, actor: str, found: dict[str, str]) -> "Log":
        counts = [
            {"key": f"k{number}", "thing": thing, "slot": slot, "quantity": None, "taken_back": False, "issue": 1,
             "at": time_text(START)} for number, (thing, slot) in enumerate(found.items())
        ]  # fmt: skip
        return self.said("stock_take_counted", actor, seat=seat, counts=counts)

    def both(self, keeper: dict[str, str], bookkeeper: dict[str, str] | None = None) -> "Log":
        second = keeper if bookkeeper is None else bookkeeper
        return self.open().draw().count("keeper", KEEPER, keeper).count("bookkeeper", BOOKKEEPER, second)

    def compared(self, *differences: Content) -> "Log":
        assert self.tell("stock_take_compared", differences=differences) == {TAKE, *(d["thing"] for d in differences)}
        return self


def missing(thing: str) -> Content:
    return {"thing": thing, "kind": "missing", "expected": {"slot": SLOT, "quantity": 5}, "keeper": None,
            "bookkeeper": None}  # fmt: skip


ALL = dict.fromkeys(SAMPLE, SLOT)
FIRST_ONLY = {SAMPLE[0]: SLOT}


def test_what_was_done_rightly_is_taken() -> None:
    log = Log().both(FIRST_ONLY).compared(missing(SAMPLE[1]))
    assert log.tell("difference_answered", LEADER, **ANSWER) == {TAKE, SAMPLE[1]}
    log.said("stock_take_closed")
    assert log.derived.table("stock_take")[TAKE]["state"] == "closed"


ANSWER = {"thing": SAMPLE[1], "answer": "found", "reference": SLOT, "reason": "x"}
FALSE: dict[str, tuple[str, Callable[[Log], object]]] = {
    "a book that the log does not lead to": ("sample_differs", lambda log: log.open(population=5)),
    "the same with another hash": ("sample_differs", lambda log: log.open(population_hash="0" * 64)),
    "one who is both": ("stock_take_not_allowed", lambda log: log.open(keeper=BOOKKEEPER)),
    "who opened it counts": ("stock_take_not_allowed", lambda log: log.open(keeper=LEADER)),
    "a chosen sample": ("sample_differs", lambda log: log.open().draw(sample=sorted(THINGS)[:2])),
    "one left out": ("sample_differs", lambda log: log.open().draw(sample=SAMPLE[:1])),
    "a checkpoint known before": ("sample_differs", lambda log: log.open().draw(checkpoint_size=5)),
    "a checkpoint that is not yet": ("sample_differs", lambda log: log.open().draw(checkpoint_size=99)),
    "a count told by another": ("stock_take_not_allowed", lambda log: log.open().count("keeper", LEADER, {})),
    "a seat taken by who opened it": (
        "stock_take_not_allowed", lambda log: log.open(keeper=None).said("stock_take_joined", LEADER, seat="keeper")),
    "both seats taken by one": (
        "stock_take_not_allowed",
        lambda log: log.open(keeper=None).said("stock_take_joined", BOOKKEEPER, seat="keeper")),
    "a difference kept quiet": ("count_differs", lambda log: log.both(FIRST_ONLY).compared()),
    "a disagreement kept quiet": ("count_differs", lambda log: log.both(ALL, FIRST_ONLY).compared()),
    "a difference made up": ("count_differs", lambda log: log.both(ALL).compared(missing(SAMPLE[0]))),
    "a difference belittled": (
        "count_differs",
        lambda log: log.both(FIRST_ONLY).compared(missing(SAMPLE[1]) | {"kind": "wrong_slot"})),
    "a keeper's own answer": (
        "stock_take_not_allowed",
        lambda log: log.both(FIRST_ONLY).compared(missing(SAMPLE[1])).tell("difference_answered", KEEPER, **ANSWER)),
    "closed by the bookkeeper": (
        "stock_take_not_allowed", lambda log: log.both(ALL).compared().said("stock_take_closed", BOOKKEEPER)),
    "closed without an answer": (
        "stock_take_not_allowed",
        lambda log: log.both(FIRST_ONLY).compared(missing(SAMPLE[1])).said("stock_take_closed")),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_record_that_the_log_does_not_lead_to_is_found(name: str) -> None:
    fault, tell = FALSE[name]
    with pytest.raises(LedgerFaultError) as caught:
        tell(Log())
    assert caught.value.name == fault
    assert caught.value.row is not None


WHERE_SEEN = st.dictionaries(st.sampled_from([*THINGS, "nj01/I-X"]), st.sampled_from([SLOT, OTHER]), max_size=7)


@given(WHERE_SEEN, WHERE_SEEN)
def test_both_comparisons_agree_wherever_things_lie(keeper: dict[str, str], bookkeeper: dict[str, str]) -> None:
    """The one that differences come from, and the one that was written apart from it."""
    sides = [{thing: Seen(slot) for thing, slot in side.items()} for side in (keeper, bookkeeper)]
    Log().both(keeper, bookkeeper).compared(*map(as_json, compare(BOOK, SAMPLE, *sides)))
