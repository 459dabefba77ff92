"""What can be wrong with releases."""

from cloud.errors import CloudError, InvalidError


class PackingError(CloudError, ValueError):
    """A release cannot be made of what is there."""

    diagnosis = "The release was not made."


class NotReleaseError(InvalidError):
    """A file that is no release of a publisher who is believed here."""

    diagnosis = "This file is no release that can be used here."


class ReleaseTooLargeError(CloudError, ValueError):
    """Larger than a release may be."""

    diagnosis = "The release is too large."
    code = "too_large"


class NotDoneError(CloudError):
    """The cloud that was asked did not do it, or does not answer."""

    diagnosis = "The cloud did not do this."
