"""What can go wrong in the cloud; every error carries a diagnosis for the person at the screen."""


class CloudError(Exception):
    """Root of everything `cloud` raises."""

    diagnosis = "The cloud could not do this."


class SettingsError(CloudError):
    """The settings of a process are missing or wrong; `faults` names every one."""

    diagnosis = "The settings have faults; the process did not start."

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class KeyFileError(CloudError):
    """A key file is missing, unreadable, open to others, or no Ed25519 key."""

    diagnosis = "A signing key cannot be used; `sealtrail cloud keygen` makes missing ones."


class DatabaseGoneError(CloudError, ConnectionError):
    """The database cannot be reached, or went away before the transaction was committed."""

    diagnosis = "The database cannot be reached; check that it runs and the address is right."


class MigrationError(CloudError):
    """The database's schema and this program's migrations do not belong together."""

    diagnosis = "The database does not have the schema this program needs; run `sealtrail cloud migrate`."


class TimescaleGoneError(CloudError):
    """The server has TimescaleDB, or the database its hypertables, and the server does not load it: they look empty."""

    diagnosis = (
        "Put timescaledb into shared_preload_libraries in postgresql.conf, or install it again in the version that the "
        "database has, and restart the server; nothing is lost."
    )


class BrokenRecordsError(CloudError):
    """Rows that only this program writes, and only together, contradict one another."""

    diagnosis = "The records in the database contradict one another; run `sealtrail cloud ledger-check`."


class EmbeddedServerError(CloudError):
    """The embedded PostgreSQL did not start."""

    diagnosis = "The embedded PostgreSQL did not start; its folder may be read-only, full or of another version."


class NotFoundError(CloudError, LookupError):
    """There is no `kind` named `id`."""

    diagnosis = "There is nothing by that name."

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r}")
        self.kind = kind
        self.id = name


class ConflictError(CloudError):
    """What was asked for collides with what is there; `code` tells programs which collision it is."""

    diagnosis = "It collides with what is already there."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class InvalidError(CloudError, ValueError):
    """What was asked for makes no sense; `code` tells programs why."""

    diagnosis = "What was asked for cannot be done as it stands."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotSignedInError(CloudError):
    """Nobody known is asking."""

    diagnosis = "Please sign in."


class ForbiddenError(CloudError):
    """Whoever asks has not the right to."""

    diagnosis = "This account has not the right to do this."


def first_of(error: BaseException) -> BaseException:
    """The first error in a group, however deep: what to tell a person of several that happened at once."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
