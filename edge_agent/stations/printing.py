"""The desk: label printers. One label after the other, by one thread, so that nobody waits for a printer.

What would be true if the power went now is on disk before each label is printed: so an order that was cut short is told
as that at the next start, label by label, and never printed twice unnoticed.
"""

import base64
import binascii
import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import msgspec

from edge_agent.devices import Condition, LabelPrinter
from edge_agent.errors import JournalError, PrinterError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect
from wire.kinds import FactKind
from wire.messages import to_body
from wire.printing import (
    MAX_LABEL_BYTES,
    MAX_LABELS,
    LabelJob,
    LabelOutcome,
    LabelsPrinted,
    PrintedLabel,
    PrinterChanged,
    PrintLabels,
    Trouble,
)

LOOK_EVERY_US = 30_000_000
"""Between two looks at the printers while nothing is printed."""
MAX_PROBLEM = 300
CUT_SHORT = "the agent stopped while it printed"
AWAY = ("unreachable", "unclear")

_log = logging.getLogger(__name__)


class PrintDesk:
    """The label printers of this agent, by their names in the site file."""

    def __init__(self, printers: Mapping[str, LabelPrinter], journal: Journal, mono_us: Callable[[], int]) -> None:
        self._printers, self._journal, self._mono_us = printers, journal, mono_us
        self._thread = ThreadPoolExecutor(1, "desk")
        self._told = {name: (state, trouble) for name, state, trouble in journal.reads.rows("printers")}
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._looked_us: int | None = None

    def attach(self) -> None:
        """Tells of the orders in the middle of which the run before ended."""
        for _, body in self._journal.reads.rows("print_runs"):
            self._tell_end(msgspec.json.decode(body, type=LabelsPrinted))

    def tick(self) -> None:
        """Looks at the printers when it is time."""
        now = self._mono_us()
        if self._looked_us is None or now - self._looked_us >= LOOK_EVERY_US:
            self._looked_us = now
            self._do(*(partial(self.look, name) for name in self._printers))

    def stop(self) -> None:
        """Ends after the label that is being printed; the others of its order are told as not printed."""
        with self._lock:
            self._stopping.set()
        self._thread.shutdown(cancel_futures=True)

    def start(self, order: str, asked: PrintLabels, done: Callable[[str | None], None]) -> None:
        """Prints when all before is printed, and then calls `done` once, with what was in the way."""
        self._do(lambda: done(self.print_labels(order, asked)), lambda: self.look(asked.printer, order))

    def print_labels(self, order: str, asked: PrintLabels) -> str | None:
        """Prints all, or none where one is not what the cloud signed; returns what was in the way, told already."""
        before = [body for id_, body in self._journal.reads.rows("print_runs") if id_ == order]
        if before:  # it came to an end that there was no room to tell
            told = msgspec.json.decode(before[0], type=LabelsPrinted)
        else:
            labels = [PrintedLabel(label=one.label, issue=one.issue, outcome="not_printed") for one in asked.jobs]
            told = LabelsPrinted(order=order, printer=asked.printer, labels=labels[:MAX_LABELS])
            told = self._print(told, asked)
        self._tell_end(told)
        return told.problem

    def look(self, name: str, order: str | None = None) -> None:
        """Asks the printer how it is and tells what is new of it; `order` has just ended there."""
        printer = self._printers.get(name)
        condition = printer.ask() if printer else None
        if printer is None or condition is None:
            return
        before, was = self._told.get(name, (None, "none"))
        trouble = _trouble(condition, was, order is not None)
        if (condition.state, trouble) == (before, was):
            return
        body = PrinterChanged(
            printer=name, state=condition.state, before=before, trouble=trouble, order=order, roll=printer.roll,
            problem=condition.problem and condition.problem[:MAX_PROBLEM],
        )  # fmt: skip
        row = {"name": name, "state": condition.state, "trouble": trouble}
        if self._record(FactKind.PRINTER_CHANGED, name, body, Effect("set_printer", row)):
            self._told[name] = (condition.state, trouble)

    def _print(self, told: LabelsPrinted, asked: PrintLabels) -> LabelsPrinted:
        printer = self._printers.get(asked.printer)
        if printer is None:
            return _stopped(told, f"no label printer {asked.printer[:40]} here")
        if not 1 <= len(asked.jobs) <= MAX_LABELS:
            return _stopped(told, f"{len(asked.jobs)} labels; 1 to {MAX_LABELS} are printed by one order")
        data = [_data(job) for job in asked.jobs]
        for number, (job, whole) in enumerate(zip(asked.jobs, data, strict=True)):
            if whole is None:
                return _stopped(told, f"label {number + 1}, of {job.label[:100]}: not the bytes that its digest names")
        for number, (job, whole) in enumerate(zip(asked.jobs, data, strict=True)):
            where = f"label {number + 1} of {len(data)} ({job.label[:100]} #{job.issue})"
            if self._stopping.is_set():
                return _stopped(told, f"{where}: the agent stops; {number} came out before")
            cut = msgspec.json.encode(_stopped(_with(told, number, "unknown"), CUT_SHORT)).decode()
            try:
                self._journal.apply([Effect("set_print_run", {"id": told.order, "body": cut})])
                sure = printer.print(whole or b"")
            except JournalError as error:
                return _stopped(told, f"{where}: not printed, as that could not be noted first: {error}")
            except PrinterError as error:
                told = _with(told, number, "unknown" if error.sent else "not_printed")
                return _stopped(told, f"{where}: {error}; {number} came out before")
            told = _with(told, number, "printed" if sure else "unknown")
        return told

    def _tell_end(self, told: LabelsPrinted) -> None:
        """The end of the order and its answer are one: it is not printed again when the cloud asks again."""
        outcome = "refused" if told.problem else "done"
        answer = {"id": told.order, "outcome": outcome, "problem": told.problem}
        effects = Effect("end_print_run", {"id": told.order}), Effect("set_answer", answer)
        self._record(FactKind.LABELS_PRINTED, told.printer, told, *effects)

    def _record(self, kind: FactKind, device: str, body: LabelsPrinted | PrinterChanged, *effects: Effect) -> bool:
        try:
            self._journal.record(Draft(kind=kind, device=device[:40], body=to_body(body), effects=effects))
        except JournalError as error:  # a run that is not told stays written down
            _log.error("%s of %s not recorded: %s", kind, device, error)
            return False
        return True

    def _do(self, *works: Callable[[], object]) -> None:
        with self._lock:
            if not self._stopping.is_set():
                for work in works:
                    self._thread.submit(work).add_done_callback(_log_failure)


def _trouble(condition: Condition, was: str, stopped: bool) -> Trouble:
    """Once an order stopped because of it, it is that until the printer is ready again."""
    if condition.state == "ready":
        return "none"
    if stopped or was == "job":
        return "job"
    return "away" if condition.state in AWAY else "idle"


def _with(told: LabelsPrinted, number: int, outcome: LabelOutcome) -> LabelsPrinted:
    changed = msgspec.structs.replace(told.labels[number], outcome=outcome)
    return msgspec.structs.replace(told, labels=[*told.labels[:number], changed, *told.labels[number + 1 :]])


def _stopped(told: LabelsPrinted, problem: str) -> LabelsPrinted:
    return msgspec.structs.replace(told, problem=problem[:MAX_PROBLEM])


def _data(job: LabelJob) -> bytes | None:
    try:
        data = base64.b64decode(job.data, validate=True)
    except binascii.Error:
        return None
    good = len(data) <= MAX_LABEL_BYTES and hashlib.sha256(data).hexdigest() == job.sha256
    return data if good else None


def _log_failure(done: "Future[object]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.error("a bug at the desk", exc_info=error)
