"""What can be wrong at the edge; every error carries a diagnosis for the person at the screen."""

from collections.abc import Sequence


class EdgeError(Exception):
    """Root of everything the edge agent raises."""

    diagnosis = "The edge agent could not go on."


class DeviceError(EdgeError):
    """A device that cannot be opened, or went away; it is tried again by whoever supervises it."""

    diagnosis = "A device does not answer; check its cable, its power and its address."


class PrinterError(DeviceError):
    """A label that did not come out, or of which nobody knows: `sent` says whether the printer had got any of it."""

    def __init__(self, problem: str, *, sent: bool) -> None:
        super().__init__(problem)
        self.sent = sent


class JournalError(EdgeError):
    """The journal cannot take or give a fact, or holds something that does not fit its chain."""

    diagnosis = "The journal cannot be used; no gate opens until it can."


class JournalFullError(JournalError):
    """The disk has no room for another fact. What is there stays; recording goes on by itself when there is room."""

    diagnosis = "The disk is full: gates stay closed until there is room. Facts already recorded are safe."


class ReadingThinnedError(JournalError):
    """A reading that is left out, because something is short; how many were is told."""

    diagnosis = "Readings are thinned until there is room again; evidence is not."


class JournalDamagedError(JournalError):
    """The file itself is damaged: a page cannot be read. The next start carries what is intact into a new one."""

    diagnosis = "The journal's file is damaged. It is kept as it is; start again to go on with what is intact."


class RenewalError(JournalError):
    """The journal is to be made anew, which only a start can do."""

    diagnosis = "The agent starts again to go on where the cloud says."


class DraftError(JournalError, ValueError):
    """A fact that cannot be sealed: no canonical form, or larger than a fact may be. The caller is wrong."""

    diagnosis = "The agent tried to record something that cannot be recorded."


class ReceiptError(JournalError):
    """A genuine receipt for facts that are not the ones in this journal: somewhere the journal has a double."""

    diagnosis = "The cloud holds other facts than this journal: was it restored from a copy? Call for support."


class PictureError(EdgeError):
    """A still that could not be made or delivered."""

    diagnosis = "A picture could not be kept or sent; the fact it belongs to is safe."


class FilmError(EdgeError):
    """A picture that cannot be encoded or written, or a segment that cannot be read."""

    diagnosis = "A camera cannot be filmed; check the room on the disk. Stills and facts are kept all the same."


class SegmentGoneError(FilmError):
    """A segment that was dropped, because the ring was full, before an event could keep it."""


class TilesError(EdgeError):
    """Another site's log cannot be read just now, so nothing can be said of its checkpoint."""

    diagnosis = "The public tiles of a log cannot be had; its checkpoint is looked at again later."


class SettingsError(EdgeError, ValueError):
    """Settings or a site file with faults; `faults` holds all of them, each with file and line where it has one."""

    diagnosis = "The settings have faults; nothing was started."

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)
