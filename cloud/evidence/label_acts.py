"""Labels in numbers: issued for many things at once, and sent to a label printer at a site."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.db.pool import Tx, one, transaction
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting, acting
from cloud.evidence.label_print import Language, Stock, print_bytes
from cloud.evidence.label_sheet import Layout, ToPrint, to_print
from cloud.evidence.models import Label, Name, Things
from cloud.evidence.print_job_models import NewAgain, PrintJob
from cloud.evidence.print_jobs import how_of, job_of, note_job
from cloud.evidence.service import issue_label
from cloud.parts import Parts
from cloud.people.models import Person
from proof.keys import Signer
from wire.kinds import OrderKind
from wire.messages import to_body
from wire.printing import MAX_LABEL_BYTES, MAX_LABELS, LabelJob, PrintLabels

_sql = load_queries(__file__, "labels.sql")


class NewLabels(BaseModel):
    """Labels to be issued: of items, packages, people, one each."""

    model_config = ConfigDict(extra="forbid")

    thing_ids: Things


class LabelRows(BaseModel):
    """Labels in the order asked for."""

    rows: list[Label]


class NewPrint(BaseModel):
    """Newest labels to be printed by the device `printer` of `agent`, which holds labels of that size."""

    model_config = ConfigDict(extra="forbid")

    things: Things
    agent: str = Field(max_length=80, examples=["nj01.desk-a"])
    printer: Name = Field(examples=["label-printer"])
    language: Language = Language.TSPL
    width_mm: float = Field(default=60, ge=20, le=120)
    height_mm: float = Field(default=40, ge=15, le=150)
    gap_mm: float = Field(default=2, ge=0, le=20)
    dpi: Literal[203, 300, 600] = 203

    @property
    def how(self) -> dict[str, Any]:
        """What is asked of the printer, whatever is printed."""
        return self.model_dump(mode="json", include={"language", "width_mm", "height_mm", "gap_mm", "dpi"})

    @property
    def stock(self) -> Stock:
        """The labels in the printer."""
        return Stock(self.width_mm, self.height_mm, self.dpi, self.gap_mm)


class Prints(BaseModel):
    """Where it was recorded, and the orders to the agent: each has an answer once it was printed, or could not be."""

    index: int
    orders: list[str]


class PrintOrder(BaseModel):
    """An order to print, and what the agent answered: null until then; `problem` is why it was not done."""

    id: str
    agent: str
    answer: Literal["done", "refused"] | None
    problem: str | None


class LayoutRow(BaseModel):
    """A sheet of stickers, by the code to ask for it with."""

    code: str
    stickers: int
    layout: Layout


class LayoutRows(BaseModel):
    """The sheets there are."""

    rows: list[LayoutRow]


async def issue_labels(act: Acting, things: Sequence[str], key: Signer) -> LabelRows:
    """A new label for each of `things`, each its own record. Raises NotFoundError."""
    return LabelRows(rows=[await issue_label(act, thing, key) for thing in dict.fromkeys(things)])


def draw_jobs(labels: Sequence[ToPrint], new: NewPrint) -> list[LabelJob]:
    """What prints `labels`; takes some milliseconds a label. Raises InvalidError, StatementError."""
    return [_job(label, new) for label in labels]


async def send_to_printer(act: Acting, new: NewPrint, jobs: Sequence[LabelJob], again: str | None = None) -> Prints:
    """Orders the agent to print, `again` being the print job that is repeated; that the labels were sent is recorded.

    Raises NotFoundError, ConflictError `label_renewed` when a newer label was issued since the `jobs` were drawn.
    """
    if await one(act.tx, _sql.living_agent, agent=new.agent, site=act.site) is None:
        raise NotFoundError("agent", new.agent)
    things = [job.label for job in jobs]
    newest = {label.thing: label.issue for label in await to_print(act.tx, act.site, things)}
    for job in jobs:
        if newest[job.label] != job.issue:
            raise ConflictError("label_renewed", f"{job.label} has a newer label than issue {job.issue}")
    same = {"agent": new.agent, "printer": new.printer, "how": new.how, "again": again}
    parts, orders = list(_parts(jobs)), list[str]()
    for part in parts:
        body = to_body(PrintLabels(printer=new.printer, jobs=part))
        orders.append(await act.order(new.agent, OrderKind.PRINT_LABELS, body))
        await note_job(act, {**same, "id": orders[-1]}, part)
    told: Mapping[str, Any] = {
        **same, "orders": orders, "counts": [len(part) for part in parts],
        "labels": [{"thing": job.label, "issue": job.issue} for job in jobs],
    }  # fmt: skip
    await act.tx.execute(_sql.set_newest_entry, {"things": things, "index": act.next_index})
    return Prints(index=await act.record("labels_sent", told, [*things, *orders]), orders=orders)


async def print_again(parts: Parts, person: Person, asked: NewAgain) -> Prints:
    """Orders labels of a print job once more, on the same printer. Raises NotFoundError as `send_to_printer` does, and
    InvalidError `not_of_the_job`.
    """
    async with transaction(parts.pool) as tx:
        job = await job_of(tx, person.site, asked.job)
        how = (await how_of(tx, person.site, asked.job))["how"]
        things = list(dict.fromkeys(asked.things or _lacking(job)))
        if foreign := set(things) - {label.thing for label in job.labels}:
            raise InvalidError("not_of_the_job", f"{min(foreign)} is none of the labels of {asked.job}")
        labels = await to_print(tx, person.site, things)
    new = NewPrint(things=things, agent=job.agent, printer=job.printer, **how)
    drawn = await asyncio.to_thread(draw_jobs, labels, new)  # before the ledger is locked
    async with acting(parts, person) as act:
        return await send_to_printer(act, new, drawn, again=asked.job)


def _lacking(job: PrintJob) -> list[str]:
    """What did not come out for certain; all, where all did."""
    return [one.thing for one in job.labels if one.outcome != "printed"] or [one.thing for one in job.labels]


async def print_order(tx: Tx, site: str, name: str) -> PrintOrder:
    """What became of an order to print. Raises NotFoundError."""
    row = await one(tx, _sql.print_order, site=site, id=name)
    if row is None:
        raise NotFoundError("order to print", name)
    body = json.loads(row["content"])["body"] if row["content"] else {}
    return PrintOrder(id=name, agent=row["agent"], answer=row["answer"], problem=body.get("problem"))


def _parts(jobs: Sequence[LabelJob]) -> Iterator[list[LabelJob]]:
    """As few orders as may be: none with too many labels or bytes."""
    part: list[LabelJob] = []
    for job in jobs:
        if part and (len(part) == MAX_LABELS or sum(len(one.data) for one in (*part, job)) > MAX_LABEL_BYTES):
            yield part
            part = []
        part.append(job)
    yield part


def _job(label: ToPrint, new: NewPrint) -> LabelJob:
    data = print_bytes(label, new.stock, new.language)
    if len(data) > MAX_LABEL_BYTES:
        raise InvalidError("label_too_large", f"{len(data)} bytes print {label.thing}; {MAX_LABEL_BYTES} is the most")
    return LabelJob(
        label=label.thing,
        issue=label.issue,
        sha256=hashlib.sha256(data).hexdigest(),
        data=base64.b64encode(data).decode(),
    )
