"""Reminders and how people are told of them, as the API takes them in and shows them."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from custody.reminder_rules import Subject

Language = Literal["zh", "en"]
ChannelKind = Literal["wecom", "dingtalk", "feishu", "mail", "webhook"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone") from error
    return name


Zone = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"), AfterValidator(_zone)]
Target = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x20]+$")
]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReminderShown(BaseModel):
    """A reminder for whoever asks. `about` is the thing, ticket, zone or agent; `label` what people call it."""

    id: int
    site: str
    subject: Subject
    about: str = Field(examples=["nj01/C-AB12CD34EF"])
    clock: str = Field(description="Which of its clocks; empty where it has one")
    label: str | None
    due_at: datetime
    before_s: int = Field(description="How long before that it was to be told")
    severity: Literal["info", "warning", "major", "critical"]
    urgent: bool = Field(description="Quiet hours do not hold it back")
    made_at: datetime
    read_at: datetime | None
    ended_at: datetime | None = Field(description="What it is about was settled, or is due at another time")


class ReminderRows(BaseModel):
    """Newest first; `next` is where the next page begins; `unread` counts all that want reading."""

    rows: list[ReminderShown]
    next: int | None
    unread: int


class Unread(BaseModel):
    """How many reminders want reading."""

    unread: int


class Reading(_Asked):
    """These I have read."""

    ids: list[Annotated[int, Field(ge=1, le=2**53)]] = Field(min_length=1, max_length=500)


class ReadTaken(BaseModel):
    """The ledger entry that says so; None: all of them had been read before."""

    index: int | None
    unread: int


class NotifySettings(_Asked):
    """How I want to be told: in which language; between which wall-clock times of `zone` only what is urgent."""

    language: Language = "zh"
    quiet_from: time | None = Field(default=None, examples=["22:00:00"])
    quiet_until: time | None = Field(default=None, examples=["07:00:00"])
    zone: Zone = "Asia/Shanghai"

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.quiet_from is None) is not (self.quiet_until is None):
            raise ValueError("quiet hours have a beginning and an end")
        for each in (self.quiet_from, self.quiet_until):
            if each is not None and each.tzinfo is not None:
                raise ValueError("quiet hours are wall-clock times; their zone is `zone`")
        return self


class NewChannel(_Asked):
    """A way to tell me: the key of a robot (wecom, dingtalk, feishu), an address (mail), an https URL (webhook)."""

    kind: ChannelKind
    target: Target


class ChannelShown(BaseModel):
    """A way to tell me; `hint` is as much of it as is shown."""

    id: int
    kind: ChannelKind
    hint: str = Field(examples=["w…@example.cn"])
    made_at: datetime


class Notifying(NotifySettings):
    """How I am told, and by which ways; `kinds` are those that this cloud can use."""

    model_config = ConfigDict(extra="ignore")

    channels: list[ChannelShown]
    kinds: list[ChannelKind]


class NoticeShown(BaseModel):
    """One message to me. `reminders` 0: a test. `dropped`: nothing was left to tell. `problem`: that of the newest try,
    with a status, a service's own number or that of seconds where it has one.
    """

    id: int
    kind: ChannelKind
    hint: str
    made_at: datetime
    state: Literal["pending", "sent", "failed", "dropped"]
    ended_at: datetime | None
    reminders: int
    tries: int
    problem: str | None


class NoticeRows(BaseModel):
    """Newest first; `next` is where the next page begins."""

    rows: list[NoticeShown]
    next: int | None
