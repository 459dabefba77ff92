"""What can be in the way of looking."""

from cloud.errors import ConflictError


class NoPictureError(ConflictError):
    """The agent did not bring the camera's picture in time, or nobody may look any more."""

    diagnosis = "The camera sends no live picture: its agent is offline, or knows no such station."


class TooManyViewsError(ConflictError):
    """As many people look as this process can serve."""

    diagnosis = "Too many people look through cameras at the moment."
