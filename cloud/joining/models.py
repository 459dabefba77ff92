"""Claims, certificates and configurations as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AgentId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\.[a-z0-9][a-z0-9-]{0,31}$"),
    Field(examples=["nj01.gate-a"]),
]
Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewClaim(_In):
    """A device is to become `agent`; `again` where that agent is known already and gets a new certificate."""

    agent: AgentId
    again: bool = False


class MadeClaim(BaseModel):
    """The claim's code, shown this once: to be typed, or as a link to scan. `pin` names the cloud's certificate."""

    id: str
    agent: str
    code: str
    link: str
    pin: str | None
    expires_at: datetime


class ClaimRow(BaseModel):
    """A claim. `asked_at`: a device came with its code and waits; what it shows is not told here, to be compared.

    `contested`: a second device came with the same code, and was turned away.
    """

    id: str
    agent: str
    again: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    asked_at: datetime | None
    contested: bool
    ended: Literal["confirmed", "refused"] | None
    ended_by: str | None
    ended_at: datetime | None


class ClaimRows(BaseModel):
    """The site's newest claims."""

    rows: list[ClaimRow]


class Confirming(_In):
    """The fingerprint that the device shows, typed off it."""

    fingerprint: str = Field(min_length=1, max_length=40, pattern=r"^[^\x00]*$")


class Asking(_In):
    """A device's request: a JWS of type `sealtrail-enrolment+jws` by the journal's key that it names."""

    request: str = Field(max_length=20_000, pattern=r"^[A-Za-z0-9_.-]+$")


class Renewing(_In):
    """An agent's request for a new certificate: a JWS of type `sealtrail-renewal+jws` by its journal's key."""

    request: str = Field(max_length=20_000, pattern=r"^[A-Za-z0-9_.-]+$")


class Joined(BaseModel):
    """`waiting` until somebody confirmed, who compares `fingerprint`; then all that the device needs."""

    state: Literal["waiting", "joined"]
    agent: str
    fingerprint: str
    identity: dict[str, Any] | None = None


class Renewed(BaseModel):
    """A new certificate (PEM); the one before is good until the agent says that it uses this one."""

    serial: str
    certificate: str


class Revoking(_In):
    """Why an agent is shut out, for ever."""

    reason: Literal["stolen", "lost", "compromised", "retired"]
    note: Note = ""


class Revoked(BaseModel):
    """What was ended by the ledger entry `index`."""

    agent: str
    certificates: list[str]
    index: int


class CertificateRow(BaseModel):
    """An agent's newest certificate; `overdue`: it should have renewed it by itself by now."""

    agent: str
    serial: str
    not_before: datetime
    not_after: datetime
    days_left: int
    overdue: bool


class CertificateRows(BaseModel):
    """One row for each agent that has one."""

    rows: list[CertificateRow]


class NewConfiguration(_In):
    """A site file as text, and settings by their names (heartbeat_s, keep_days, witness_every_s)."""

    site_file: str = Field(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")
    settings: dict[
        Literal["heartbeat_s", "keep_days", "witness_every_s"],
        Annotated[str, StringConstraints(pattern=r"^[0-9.]{1,20}$")],
    ] = {}
    reason: Annotated[Note, StringConstraints(min_length=1)]


class Configuration(BaseModel):
    """A configuration wanted of an agent; `outcome` is what the agent said became of it.

    `faults` is why: of a refused one all that is wrong, of one rolled back what was not well under it.
    """

    agent: str
    version: int
    hash: str
    site_file: str
    settings: dict[str, str]
    reason: str
    made_by: str
    made_at: datetime
    outcome: Literal["applied", "refused", "rolled_back"] | None
    faults: list[str]


class ConfigurationRows(BaseModel):
    """An agent's configurations, newest first."""

    rows: list[Configuration]
