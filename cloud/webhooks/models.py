"""Webhooks as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.people.models import Text

EventPattern = Annotated[
    str,
    StringConstraints(pattern=r"^(fact|record)\.([a-z][a-z0-9_]{0,63}|([a-z][a-z0-9_]{0,62})?\*)$"),
    Field(examples=["record.alarm_*"]),
]
Events = Annotated[
    list[EventPattern],
    Field(
        min_length=1,
        max_length=50,
        description="Kinds of ledger entries: `fact.…` from agents, `record.…` from the cloud; a `*` at the end is any",
        examples=[["record.alarm_*", "record.ticket_*", "fact.passage_decided"]],
    ),
]
Url = Annotated[str, Field(min_length=1, max_length=500, examples=["https://erp.example.org/sealtrail"])]
State = Literal["waiting", "done", "parked", "failed", "dropped"]


class NewWebhook(BaseModel):
    """A system to be told. `signs`: `v1` HMAC-SHA256 with a shared secret, `v1a` Ed25519 with a public key."""

    model_config = ConfigDict(extra="forbid")

    name: Text = Field(examples=["金蝶 ERP"])
    url: Url
    events: Events
    signs: Literal["v1", "v1a"] = "v1"


class WebhookChange(BaseModel):
    """What it is from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Text | None = None
    url: Url | None = None
    events: Events | None = None
    paused: bool | None = None


class Webhook(BaseModel):
    """A system that is told. `failures` counts attempts that failed in a row; `parked` deliveries are no longer tried.

    `public_key` is there where it signs by `v1a`. A webhook that answered 410 is `paused` by itself.
    """

    id: str = Field(examples=["nj01/W-AB12CD34EF"])
    site: str
    name: str
    url: str
    events: list[str]
    signs: Literal["v1", "v1a"]
    public_key: str | None
    paused: bool
    made_by: str
    made_name: str | None
    made_at: datetime
    index: int
    newest: int
    ended_at: datetime | None
    sent_at: datetime | None
    failed_at: datetime | None
    failures: int
    waiting: int
    parked: int


class WebhookRows(BaseModel):
    """The living webhooks of a site, oldest first."""

    rows: list[Webhook]


class MadeWebhook(BaseModel):
    """The one time the shared secret is shown; None where it signs with a key whose public half is in `webhook`."""

    webhook: Webhook
    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])


class Delivery(BaseModel):
    """One event for one webhook. `told` is how the answer to the last attempt begins, or why there was none."""

    number: int
    message: str = Field(
        description="The header `webhook-id`, the same at every attempt", examples=["W-AB12CD34EF-118"]
    )
    index: int | None = Field(description="The ledger entry; None for a test")
    type: str = Field(examples=["record.alarm_raised"])
    queued_at: datetime
    state: State
    attempts: int
    next_at: datetime | None
    tried_at: datetime | None
    status: int | None
    told: str | None


class DeliveryRows(BaseModel):
    """Newest first; `next` is where the next page begins."""

    rows: list[Delivery]
    next: int | None


class Replay(BaseModel):
    """Entries that are to be sent again, or for the first time: those of its kinds from `first` to `last`."""

    model_config = ConfigDict(extra="forbid")

    first: int = Field(ge=0, le=2**53, examples=[100])
    last: int = Field(ge=0, le=2**53, examples=[118])


class Replayed(BaseModel):
    """How many deliveries wait now, and the ledger entry that says who asked for it."""

    deliveries: int
    index: int
