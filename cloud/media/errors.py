"""What can be wrong with a still that is sent or asked for."""

from cloud.errors import CloudError


class MediaError(CloudError, ValueError):
    """Not a JPEG, or not the one whose digest is in its address; `code` tells programs which."""

    diagnosis = "The picture was not taken: it is not what it should be."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MediaTooLargeError(CloudError, ValueError):
    """Larger than a still may be."""

    diagnosis = "The picture is too large."
    code = "too_large"


class StoreGoneError(CloudError, ConnectionError):
    """The folder or object store of the stills cannot be read or written."""

    diagnosis = "The pictures' store cannot be reached; check the folder's rights and space, or the address."


class StillChangedError(StoreGoneError):
    """What is kept under a digest does not have it."""

    diagnosis = "The picture was changed in the store, and is not shown: run `sealtrail ledger verify` and restore it."


class StoreFullError(CloudError):
    """The site has as many bytes of film here as it may."""

    diagnosis = (
        "There is no more room for film here: raise the limit, or let older film go. The edge keeps what it has."
    )
    code = "no_room"
