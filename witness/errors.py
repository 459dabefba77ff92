"""What can be wrong with a witness; every error carries a diagnosis for the person at the screen."""


class WitnessError(Exception):
    """Root of everything the witness raises."""

    diagnosis = "The witness could not go on."


class KeyFileError(WitnessError):
    """The key file is missing, unreadable, open to others, no Ed25519 key, or there already when one is made."""

    diagnosis = "The witness's key cannot be used; `sealtrail witness keygen` makes one."


class OptionsError(WitnessError, ValueError):
    """A name, a log's key or a policy that a witness cannot work with."""

    diagnosis = "The options have a fault; nothing was started."


class StateError(WitnessError):
    """The state file cannot be read or kept: missing, full disk, broken, or of another witness or version."""

    diagnosis = "What the witness saw cannot be read or kept, so it signs nothing."
