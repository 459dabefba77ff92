"""What can go wrong when somebody signs in or asks."""

from datetime import timedelta

from cloud.errors import CloudError, ForbiddenError, InvalidError, NotSignedInError


class WrongPasswordError(NotSignedInError):
    """No account has this name and this password; which of the two is wrong is not told."""

    diagnosis = "The username or the password is wrong."


class ThrottledError(CloudError):
    """Too many failures; try again after `wait`."""

    diagnosis = "Too many failed sign-ins; please wait before trying again."

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many failures; {wait} to wait")
        self.wait = wait


class ForeignRequestError(ForbiddenError):
    """A change asked for by cookie alone, as a page of another site could (CSRF): the header X-Sealtrail is missing."""

    diagnosis = "The request did not come from this console; reload the page."


class SiteOfActError(InvalidError):
    """A change names a site (`?site=`), where only reading does: acts happen at the site of whoever asks."""

    diagnosis = "Whoever asks acts at their own site: leave `site` out, or ask somebody of that site."

    def __init__(self, site: str) -> None:
        super().__init__("site_of_act", f"{site!r} was named for a change; `site` is for reading another site")


class PasskeyError(ForbiddenError):
    """A passkey, or what it signed, is not good enough."""

    diagnosis = "The passkey could not be used: it is not yours, not verified, or signed something else."
    code = "passkey"


class StaleSignInError(ForbiddenError):
    """What is asked for needs a sign-in of the last few minutes. By `code` programs know how: with the password
    (`password_again`), or through the directory (`directory_again`).
    """

    diagnosis = "This needs a fresh sign-in: please show again that it is you."

    def __init__(self, *, by_directory: bool, within: timedelta) -> None:
        super().__init__(f"the last proof of who is signed in is more than {within} old")
        self.code = "directory_again" if by_directory else "password_again"


class OwnAccountError(ForbiddenError):
    """Somebody would change what they themselves may do."""

    diagnosis = "Nobody changes their own account; another administrator has to."
    code = "own_account"


class OldPasswordError(ForbiddenError):
    """Whoever would set another password does not know the one that there is."""

    diagnosis = "The password so far is another."
    code = "old_password"


class PasswordDueError(ForbiddenError):
    """Somebody else set the password of whoever asks: until they have set their own, nothing else is done for them."""

    diagnosis = "Somebody else set this password; please set one of your own first."
    code = "password_due"


class PasswordRefusedError(InvalidError):
    """A password that nobody should have; `code` tells programs why."""

    diagnosis = "This password is too easy to guess; please choose another."


class DirectoryGoneError(CloudError, ConnectionError):
    """The OpenID provider cannot be reached, or what it answers is no OpenID Connect."""

    diagnosis = "The directory that people sign in by cannot be reached; please try again later."
    code = "directory_gone"


class DirectorySignInError(NotSignedInError):
    """A sign-in by the directory that came to nothing; `code` tells programs why."""

    diagnosis = "The sign-in by the directory came to nothing; please begin again."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class RolesClashError(InvalidError):
    """Roles that the rules let nobody have together: who keeps the goods neither keeps the book nor approves."""

    diagnosis = "The rules do not let one person have these roles together."

    def __init__(self, message: str) -> None:
        super().__init__("roles_clash", message)
