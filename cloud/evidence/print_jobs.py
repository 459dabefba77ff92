"""Print jobs: kept as their record and the facts of agents lead to them. And printers: how they are, and their rolls.

What the log alone leads to is written apart from this, in `cloud/ledger/derived_printing.py`.
"""

from collections.abc import Mapping, Sequence

from psycopg.types.json import Jsonb

from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.models import Done
from cloud.evidence.print_job_models import JobOutcome, NewRoll, PrintedShown, Printer, Printers, PrintJob, PrintJobs
from cloud.evidence.taken import Taken
from wire.messages import OrderAnswered, body_of
from wire.printing import LabelJob, LabelsPrinted, PrinterChanged

NEW_ROLL = "roll_changed"

_sql = load_queries(__file__, "print_jobs.sql")
_labels_sql = load_queries(__file__, "labels.sql")
_NEWEST = 2**62


async def note_job(act: Acting, job: Row, labels: Sequence[LabelJob]) -> None:
    """The order `job` (id, agent, printer, how, again) is in its way, as of the next entry."""
    values = {**job, "site": act.site, "by": act.person.id, "at": act.at, "index": act.next_index}
    await act.tx.execute(_sql.add_job, {**values, "how": Jsonb(job["how"])})
    things, issues = [one.label for one in labels], [one.issue for one in labels]
    await act.tx.execute(_sql.add_labels, {"job": job["id"], "site": act.site, "things": things, "issues": issues})


async def labels_printed(taken: Taken) -> None:
    """An order to print has ended, label by label; what is not told of a label is not known."""
    body = body_of(LabelsPrinted, taken.fact.body)
    await taken.file_under(taken.own([body.order, *(label.label for label in body.labels)]))
    told = {(label.label, label.issue): label.outcome for label in body.labels}
    await _end(taken, body.order, told, body.problem)


async def answered(taken: Taken, body: OrderAnswered) -> None:
    """An agent that answers without telling of each label leaves open what came out."""
    await _end(taken, body.order, {}, body.problem)


async def _end(taken: Taken, order: str, told: Mapping[tuple[str, int], str], problem: str | None) -> None:
    job = storable(order)
    if await one(taken.tx, _sql.open_job, id=job, site=taken.site, agent=taken.agent) is None:
        return
    labels = await rows(taken.tx, _sql.labels_of, job=job)
    outcomes = [told.get((row["thing"], row["issue"]), "unknown") for row in labels]
    await taken.tx.execute(_sql.end_labels, {"job": job, "outcomes": outcomes})
    values = {"job": job, "outcome": outcome_of(outcomes), "problem": problem and storable(problem)}
    await taken.tx.execute(_sql.end_job, {**values, "at": taken.at, "index": taken.index})


def outcome_of(outcomes: Sequence[str]) -> JobOutcome:
    """How a job ended whose labels ended so: what nobody knows of one, nobody knows of all."""
    if "unknown" in outcomes:
        return "unknown"
    if "printed" not in outcomes:
        return "not_printed"
    return "partial" if "not_printed" in outcomes else "printed"


async def printer_changed(taken: Taken) -> None:
    """A printer says how it is."""
    body = body_of(PrinterChanged, taken.fact.body)
    row = {"site": taken.site, "agent": taken.agent, "name": storable(body.printer), "state": body.state,
           "trouble": body.trouble, "problem": body.problem and storable(body.problem), "at": taken.at,
           "index": taken.index, "roll": body.roll}  # fmt: skip
    await taken.tx.execute(_sql.set_printer, row)


async def new_roll(act: Acting, new: NewRoll) -> Done:
    """Somebody put a new roll into a printer. Raises NotFoundError."""
    if await one(act.tx, _labels_sql.living_agent, agent=new.agent, site=act.site) is None:
        raise NotFoundError("agent", new.agent)
    row = {"agent": new.agent, "name": new.printer, "labels": new.labels, "by": act.person.id, "at": act.at}
    await act.tx.execute(_sql.new_roll, {**row, "site": act.site, "index": act.next_index})
    return Done(index=await act.record(NEW_ROLL, new.model_dump(), []), things=[])


async def printers(tx: Tx, site: str) -> Printers:
    """The label printers of a site."""
    found = await rows(tx, _sql.printers, site=site)
    return Printers(rows=[Printer.model_validate({**row, "left": left_of(row)}) for row in found])


def left_of(row: Row) -> int | None:
    """How many labels are left on the roll."""
    if row["roll"] is None or row["rolled_index"] is None:
        return None
    return max(0, int(row["roll"] - row["used"]))


async def jobs(
    tx: Tx,
    site: str,
    *,
    name: str | None = None,
    agent: str | None = None,
    thing: str | None = None,
    after: int | None = None,
    limit: int = 20,
) -> PrintJobs:
    """Jobs, newest first: the one called `name`, those of an agent, those that have a label of `thing`."""
    before = _NEWEST if after is None else after
    found = await rows(tx, _sql.jobs, site=site, id=name, agent=agent, thing=thing, before=before, most=limit)
    labels: dict[str, list[PrintedShown]] = {row["id"]: [] for row in found}
    for row in await rows(tx, _sql.labels_shown, jobs=list(labels)):
        labels[row["job"]].append(PrintedShown.model_validate(row))
    shown = [PrintJob.model_validate({**row, "labels": labels[row["id"]]}) for row in found]
    return PrintJobs(rows=shown, next=shown[-1].index if len(shown) >= limit else None)


async def job_of(tx: Tx, site: str, name: str) -> PrintJob:
    """One job. Raises NotFoundError."""
    found = (await jobs(tx, site, name=name, limit=1)).rows
    if not found:
        raise NotFoundError("print job", name)
    return found[0]


async def how_of(tx: Tx, site: str, name: str) -> Row:
    """Where and how a job was printed. Raises NotFoundError."""
    found = await rows(tx, _sql.jobs, site=site, id=name, agent=None, thing=None, before=_NEWEST, most=1)
    if not found:
        raise NotFoundError("print job", name)
    return found[0]
