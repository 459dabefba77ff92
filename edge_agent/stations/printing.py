"""The desk: label printers. One label after the other, by one thread, so that nobody waits for a printer."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from edge_agent.devices import LabelPrinter
from edge_agent.errors import DeviceError
from wire.printing import MAX_LABEL_BYTES, MAX_LABELS, LabelJob, PrintLabels


class PrintDesk:
    """The label printers of this agent, by their names in the site file."""

    def __init__(self, printers: Mapping[str, LabelPrinter]) -> None:
        self._printers = printers
        self._thread = ThreadPoolExecutor(1, "desk")

    def start(self, asked: PrintLabels, done: Callable[[str | None], None]) -> None:
        """Prints when all before is printed, and then calls `done` once, with what was in the way."""
        self._thread.submit(lambda: done(self.print_labels(asked)))

    def print_labels(self, asked: PrintLabels) -> str | None:
        """Prints all, or none where one is not what the cloud signed; returns what was in the way."""
        printer = self._printers.get(asked.printer)
        if printer is None:
            return f"no label printer {asked.printer[:40]} here"
        if not 1 <= len(asked.jobs) <= MAX_LABELS:
            return f"{len(asked.jobs)} labels; 1 to {MAX_LABELS} are printed by one order"
        data = [_data(job) for job in asked.jobs]
        for number, (job, whole) in enumerate(zip(asked.jobs, data, strict=True)):
            if whole is None:
                return f"label {number + 1}, of {job.label[:100]}: not the bytes that its digest names"
        for number, (job, whole) in enumerate(zip(asked.jobs, data, strict=True)):
            try:
                printer.print(whole or b"")
            except DeviceError as error:
                where = f"label {number + 1} of {len(data)} ({job.label[:100]} #{job.issue})"
                return f"{where}: {error}; {number} came out before"
        return None


def _data(job: LabelJob) -> bytes | None:
    try:
        data = base64.b64decode(job.data, validate=True)
    except binascii.Error:
        return None
    good = len(data) <= MAX_LABEL_BYTES and hashlib.sha256(data).hexdigest() == job.sha256
    return data if good else None
