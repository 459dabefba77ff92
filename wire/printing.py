"""Labels that the cloud orders an agent to print, what became of each, and how the printer is."""

from typing import Literal

import msgspec

MAX_LABELS = 20
"""In one order: a printer with a roll of labels is done with them within the time that an order may take."""
MAX_LABEL_BYTES = 256 << 10
"""Of what prints one label; an order has so much for all of its labels, or one label."""


class LabelJob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What prints one label: `data` is base64 of the printer's own language, `sha256` (hex) of what it decodes to."""

    label: str
    issue: int
    sha256: str
    data: str


class PrintLabels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the order `print_labels`: all of `jobs`, in order, on the agent's device `printer`."""

    printer: str
    jobs: list[LabelJob]


PrinterState = Literal[
    "ready", "paper_out", "ribbon_out", "head_open", "paused", "overheated", "faulty", "unclear", "unreachable"
]
"""`faulty`: a jam, or an error that it does not name; `unclear`: it is there and says nothing that can be read."""

Trouble = Literal["none", "idle", "job", "away"]
"""none: ready; job: an order stopped because of it, until it is ready again; away: switched off, for all one knows."""

LabelOutcome = Literal["printed", "not_printed", "unknown"]


class PrintedLabel(msgspec.Struct, frozen=True, kw_only=True):
    """How one label ended; printed only when the printer itself says so."""

    label: str
    issue: int
    outcome: LabelOutcome


class LabelsPrinted(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `labels_printed`: how the order `order` ended, label by label, in its order; `problem` stopped it.

    After a death in the middle of it, the label that was being printed is unknown, and none is printed again unasked.
    """

    order: str
    printer: str
    labels: list[PrintedLabel]
    problem: str | None = None


class PrinterChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `printer_changed`: the printer says that it is in another state, or an order stopped because of it.

    `roll` is how many labels a new roll has, by its options.
    """

    printer: str
    state: PrinterState
    before: PrinterState | None
    trouble: Trouble
    order: str | None = None
    problem: str | None = None
    roll: int | None = None
