"""How a warehouse conforms to the rule book, as the API shows it."""

from pydantic import BaseModel, Field

from cloud.live.models import Wording
from custody.conformity import Part


class PartShown(BaseModel):
    """Whether a zone has what the rule asks for; of slots that have it not, how many and the first of them."""

    part: Part
    rule: str
    text: Wording
    met: bool
    lacking: list[str] = Field(description="Names of the first slots without it", max_length=20)
    lacking_count: int


class ZoneShown(BaseModel):
    """A zone with all that is asked of its class."""

    zone: str
    name: str
    zone_class: str
    doors: list[str] = Field(description="agent:station", examples=[["nj01.gate-a:door-1"]])
    slots: int
    conforms: bool
    parts: list[PartShown]


class Conformity(BaseModel):
    """All zones of a site by the rule pack in force; `met` of `asked` parts are there."""

    rule_pack: str
    asked: int
    met: int
    rows: list[ZoneShown]
