"""Labels that the cloud orders an agent to print."""

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
