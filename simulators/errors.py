"""What can be wrong while a simulated world is built up; each `diagnosis` is one sentence for who started it."""


class SimulatorError(Exception):
    """Root of everything `simulators` raises; `diagnosis` says what to do about it, `zh` the same in Chinese.

    What only a developer of the demo can cause has no Chinese of its own.
    """

    def __init__(self, diagnosis: str, zh: str = "") -> None:
        super().__init__(diagnosis)
        self.diagnosis = diagnosis
        self.zh = zh or diagnosis


class MissingProgramError(SimulatorError):
    """A program of the system that is not installed."""


class StartError(SimulatorError):
    """A process that ended, or said nothing, before it was ready; `log` is where its last words are."""

    def __init__(self, diagnosis: str, log: str) -> None:
        super().__init__(diagnosis)
        self.log = log


class StageError(SimulatorError, ValueError):
    """The play asks the stage for something that is not on it."""


class PortError(SimulatorError):
    """A port that is taken, or that may not be used."""


class FolderError(SimulatorError):
    """A data folder that cannot be used."""


class WrongResultError(SimulatorError):
    """The day went otherwise than it must."""
