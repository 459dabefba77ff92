"""A permit: the cloud's leave for named things to pass named stations of one agent, once, within a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from custody.errors import PermitError
from custody.things import Direction, Kind

PERMIT_TYPE = "sealtrail-permit+jws"
"""The purpose a permit's JWS is signed for."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class PermitThing:
    """What may pass: its kind, id and the issue number of its living label; `contents` are the items in a package.

    A permit of before contents were told has none.
    """

    kind: Kind
    id: str
    issue: int
    contents: tuple[str, ...] = ()

    def payload(self) -> dict[str, Any]:
        """Its part of the JSON object."""
        told: dict[str, Any] = {"kind": self.kind.value, "id": self.id, "issue": self.issue}
        return {**told, "contents": list(self.contents)} if self.contents else told

    @classmethod
    def from_payload(cls, told: Mapping[str, Any]) -> "PermitThing":
        """The same from its part. Raises KeyError, TypeError, ValueError, AttributeError for what is none."""
        inside = told.get("contents", [])
        return cls(Kind(told["kind"]), str(told["id"]), int(told["issue"]), tuple(map(str, inside)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave to pass. Times are UTC; `entry` is the ledger entry that granted it; `rule_pack` the hash in force."""

    id: str
    site: str
    agent: str
    stations: tuple[str, ...]
    direction: Direction
    things: tuple[PermitThing, ...]
    people_required: int
    rule_pack: str
    not_before: datetime
    not_after: datetime
    entry: int

    def payload(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        return {
            "v": VERSION,
            "id": self.id,
            "site": self.site,
            "agent": self.agent,
            "stations": list(self.stations),
            "direction": self.direction.value,
            "things": [thing.payload() for thing in self.things],
            "people_required": self.people_required,
            "rule_pack": self.rule_pack,
            "not_before": time_text(self.not_before),
            "not_after": time_text(self.not_after),
            "entry": self.entry,
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "Permit":
        """The permit in a verified JWS payload. Raises PermitError."""
        try:
            if payload["v"] != VERSION:
                raise PermitError(f"permit version {payload['v']!r}")
            permit = cls(
                id=str(payload["id"]),
                site=str(payload["site"]),
                agent=str(payload["agent"]),
                stations=tuple(str(station) for station in payload["stations"]),
                direction=Direction(payload["direction"]),
                things=tuple(map(PermitThing.from_payload, payload["things"])),
                people_required=int(payload["people_required"]),
                rule_pack=str(payload["rule_pack"]),
                not_before=parse_time(payload["not_before"]),
                not_after=parse_time(payload["not_after"]),
                entry=int(payload["entry"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise PermitError(f"not a permit: {error}") from error
        return permit


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as everywhere on the wire; `at` must be aware."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a time without a zone")
    return (at - offset).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """The aware UTC time written by `time_text`. Raises ValueError for any other spelling."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or time_text(at) != text:
        raise ValueError(f"{text!r} is not RFC 3339 in UTC with microseconds")
    return at
