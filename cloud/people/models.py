"""People as the API shows them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.people.passwords import LONGEST, SHORTEST
from custody.roles import Role

Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
"""One line that people read."""
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
UnitId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class Person(BaseModel):
    """Somebody with an account, and what they are at their site."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(examples=["nj01/U-AB12CD34EF"])
    site: str = Field(examples=["nj01"])
    username: str = Field(examples=["wang.fang"])
    name: str = Field(examples=["王芳"])
    roles: tuple[Role, ...]
    unit: str | None = Field(default=None, description="Organisation unit; none: that of the site")
    password_due: bool = Field(default=False, description="Somebody else set their password: they set another first")


class Account(Person):
    """Somebody's account as their colleagues see it."""

    external: bool = Field(default=False, description="Signs in by a directory")
    disabled_by: str | None = None
    disabled_at: datetime | None = None


class OwnAccount(Account):
    """My account."""

    password_at: datetime | None = Field(
        default=None, description="Since when this is my password; none: from the start"
    )
    password_by: str | None = Field(default=None, description="Who set it then")


class PasswordChange(BaseModel):
    """My password, and the one that takes its place."""

    model_config = ConfigDict(extra="forbid")

    old: str = Field(min_length=1, max_length=LONGEST)
    new: str = Field(min_length=SHORTEST, max_length=LONGEST)


class PasswordReset(BaseModel):
    """What somebody signs in with once; then they set their own."""

    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=SHORTEST, max_length=LONGEST)


class Session(BaseModel):
    """One of my sign-ins that has not ended."""

    id: str
    browser: str | None = Field(description="What the browser calls itself (User-Agent)")
    since: datetime
    seen_at: datetime = Field(description="When it last asked for something, to the minute")
    this: bool = Field(description="The one that asks")


class SessionRows(BaseModel):
    """My open sessions, the newest seen first."""

    rows: list[Session]


class SignIn(BaseModel):
    """A username and its password."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"username": "wang.fang", "password": "correct horse"}]})

    username: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")
    password: str = Field(min_length=1, max_length=LONGEST)


class SignedIn(BaseModel):
    """Who is now signed in."""

    person: Person


class NewPerson(BaseModel):
    """An account to be made at the site of whoever makes it."""

    model_config = ConfigDict(extra="forbid")

    username: Username = Field(examples=["li.wei"])
    name: Text = Field(examples=["李伟"])
    password: str = Field(min_length=SHORTEST, max_length=LONGEST)
    roles: Roles
    unit: UnitId | None = Field(default=None, description="At or below mine; none: that of my site")


class PersonChange(BaseModel):
    """What somebody is from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Text | None = None
    roles: Roles | None = None
    unit: UnitId | None = None


class NewToken(BaseModel):
    """A bearer token to be made for a machine; it has the rights of whoever makes it."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(examples=["weighbridge"])


class Token(BaseModel):
    """A bearer token's name; the token itself is shown once, when it is made."""

    id: str
    name: str


class MadeToken(Token):
    """The one time the token itself is shown."""

    token: str


class PersonRows(BaseModel):
    """The accounts of a site."""

    rows: list[Account]


class TokenRows(BaseModel):
    """My living tokens."""

    rows: list[Token]


class Passkey(BaseModel):
    """A passkey of mine."""

    credential: str = Field(description="Its id, base64url")
    name: str
    alg: str = Field(examples=["ES256"])
    added_at: datetime
    used_at: datetime | None


class PasskeyRows(BaseModel):
    """My living passkeys."""

    rows: list[Passkey]


class NewPasskey(BaseModel):
    """What the browser's `PublicKeyCredential.toJSON()` gave for the options of `begin`, and a name for it."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(examples=["工作手机"])
    credential: dict[str, Any]


class Proof(BaseModel):
    """What the browser's `PublicKeyCredential.toJSON()` gave for the options of `proof/begin`."""

    model_config = ConfigDict(extra="forbid")

    assertion: dict[str, Any]


class Unit(BaseModel):
    """An organisation unit: a province, a city, a county; `parent` is the one above."""

    id: UnitId = Field(examples=["js-nj"])
    parent: UnitId | None = None
    name_zh: Text = Field(examples=["南京市局"])
    name_en: Text = Field(examples=["Nanjing"])


class UnitRows(BaseModel):
    """All units, each after its parent."""

    rows: list[Unit]


class Pass(BaseModel):
    """What the phone shows as a QR code at a gate, until it expires."""

    text: str = Field(description="For the QR code, in its alphanumeric mode")
    expires_at: datetime
