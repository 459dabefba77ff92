"""What can be wrong with what crosses the gap."""


class WireError(Exception):
    """Root of everything `wire` raises."""

    diagnosis = "A message between warehouse and cloud could not be used."


class MessageError(WireError, ValueError):
    """Bytes that are no message of ours, or one that breaks its own rules. They go whole into quarantine."""

    diagnosis = "The message cannot be read: not JSON, not of our form, or too large."


class LabelError(WireError, ValueError):
    """A text that is not a genuine label; `text` is what was read."""

    diagnosis = "The code is not one of our labels."

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


class ForgedLabelError(LabelError):
    """A text that claims to be a label of ours and is not signed by a label key."""

    diagnosis = "The label is forged: it looks like ours but its signature is not genuine."


class LinkError(WireError, ConnectionError):
    """The broker cannot be reached, or went away."""

    diagnosis = "The message broker cannot be reached; check the cable, the address and the certificates."


class RulePackFileError(WireError):
    """A rule pack file that cannot be read as YAML."""

    diagnosis = "The rule pack file cannot be read."
