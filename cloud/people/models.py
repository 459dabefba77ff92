"""People as the API shows them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.people.passwords import LONGEST, SHORTEST
from custody.roles import Role

Username = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,31}$")]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
"""One line that people read."""


class Person(BaseModel):
    """Somebody with an account, and what they are at their site."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(examples=["nj01/U-AB12CD34EF"])
    site: str = Field(examples=["nj01"])
    username: str = Field(examples=["wang.fang"])
    name: str = Field(examples=["王芳"])
    roles: tuple[Role, ...]


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
    roles: list[Role] = Field(min_length=1, max_length=len(Role))


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
    """All accounts of the site."""

    rows: list[Person]


class TokenRows(BaseModel):
    """My living tokens."""

    rows: list[Token]
