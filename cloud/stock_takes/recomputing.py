"""Drawing a sample again as an outsider would: from the records, the checkpoints and the book beside them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.stock_takes.opening import book_of
from custody.sampling import draw
from custody.stock_taking import population_hash
from proof.checkpoint import Checkpoint
from proof.note import read_note

_sql = load_queries(__file__, "recomputing.sql")


@dataclass(frozen=True, slots=True)
class SampleCheck:
    """Whether the sample of `stock_take` is the one that the log draws; `faults` says what is not so."""

    stock_take: str
    holds: bool
    population: int
    drawn: int
    checkpoint_size: int
    checkpoint_root: str
    sample: tuple[str, ...]
    faults: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Its members, for a program."""
        return asdict(self)


async def check_sample(tx: Tx, stock_take: str, known: Sequence[bytes] = ()) -> SampleCheck:
    """Draws the sample of `stock_take` again. `known` are checkpoints of its log that were kept outside.

    Raises NotFoundError; ConflictError `not_drawn` where nothing was drawn, or not yet; EncodingError for a `known`
    one that is no checkpoint.
    """
    told = {row["kind"]: row for row in await rows(tx, _sql.told, stock_take=stock_take)}
    if "stock_take_opened" not in told:
        raise NotFoundError("stock-take", stock_take)
    if "stock_take_drawn" not in told:
        raise ConflictError("not_drawn", f"no sample of {stock_take} was drawn")
    opened, drawn = (json.loads(told[f"stock_take_{what}"]["content"]) for what in ("opened", "drawn"))
    opening = told["stock_take_opened"]
    book, marked = await book_of(tx, stock_take)
    size, root = drawn["checkpoint_size"], bytes.fromhex(drawn["checkpoint_root"])
    sample = draw(list(book), root, size, stock_take, opened["wanted"])
    first = await one(tx, _sql.first_covering, site=opening["site"], index=opening["index"])
    faults = []
    if population_hash(book) != opened["population_hash"]:
        faults.append("the book is not the one that was fixed by the opening")
    if first is None or (first["size"], bytes(first["root"])) != (size, root):
        faults.append("it was not drawn by the first checkpoint that covers the opening")
    if sample != drawn["sample"] or set(sample) != marked:
        faults.append("the sample is not the one that this checkpoint draws")
    for data in known:
        kept = Checkpoint.from_text(read_note(data).text)
        if kept.origin == opening["origin"] and opening["index"] < kept.size < size:
            faults.append(f"a checkpoint of {kept.size} entries was seen outside, and would have drawn before")
        if kept.origin == opening["origin"] and kept.size == size and kept.root != root:
            faults.append("a checkpoint of the same size with another root was seen outside")
    return SampleCheck(
        stock_take, not faults, len(book), len(drawn["sample"]), size, root.hex(), tuple(sample), tuple(faults)
    )
