"""What can go wrong when a device joins."""

from cloud.errors import ConflictError, ForbiddenError


class NoAuthorityError(ConflictError):
    """There is no certificate authority, or nobody said how devices reach the broker."""

    diagnosis = "This cloud gives no certificates yet: run `sealtrail cloud ca init` and set the agents' broker."

    def __init__(self, message: str) -> None:
        super().__init__("no_authority", message)


class WrongClaimError(ForbiddenError):
    """No claim has this code; whether one ever had is not told."""

    diagnosis = "The claim code is wrong or used up; ask for a new one."
    code = "wrong_claim"


class SecondPersonError(ForbiddenError):
    """One person alone lets no device in."""

    diagnosis = "Somebody else than who made the claim has to confirm it, signed in at the console."
    code = "second_person_needed"
