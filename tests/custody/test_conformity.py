"""What a zone of each class has to have, and whether it has it (J8)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from custody.conformity import Finding, Part, Zone, examine
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
SAFE = Zone(
    id="nj01/Z-1", zone_class="controlled", doors=("nj01.a:store",), cameras=("nj01.a",), slots=2, unlit=(),
    unsensed=(), full=False, overdue=False,
)  # fmt: skip


def unmet(**change: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.part.value, one.lacking) for one in examine(PACK, [replace(SAFE, **change)]) if not one.met]


def test_a_zone_that_has_everything_meets_every_part_of_its_class() -> None:
    assert list(examine(PACK, [SAFE])) == [Finding(SAFE.id, part, True) for part in map(
        Part, PACK.section("construction")["controlled"]
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"doors": ()}, [("door", ())]),
        ({"cameras": ()}, [("camera", ())]),
        ({"unlit": ("A-1",)}, [("light", ("A-1",))]),
        ({"unsensed": ("A-1", "A-2")}, [("sensor", ("A-1", "A-2"))]),
        ({"full": True}, [("room", ())]),
        ({"overdue": True}, [("counted", ())]),
        ({"slots": 0}, [("light", ()), ("sensor", ())]),
    ],
)
def test_each_part_that_lacks_is_found_by_itself(change: dict[str, Any], told: list[Any]) -> None:
    assert unmet(**change) == told


def test_an_ordinary_zone_needs_no_door_and_a_class_of_no_pack_nothing() -> None:
    bare = {"doors": (), "cameras": (), "unsensed": ("A-1",)}
    assert unmet(zone_class="ordinary", **bare) == []
    assert unmet(zone_class="elsewhere", slots=0, **bare) == []


@pytest.mark.parametrize(
    ("section", "at"),
    [
        ({"cellar": ["door"]}, ("construction", "cellar")),
        ({"ordinary": ["moat"]}, ("construction", "ordinary", 0)),
        ({"ordinary": "door"}, ("construction", "ordinary")),
        ([], ("construction",)),
    ],
)
def test_what_is_wrong_with_the_section_is_told_with_its_place(section: Any, at: tuple[Any, ...]) -> None:
    content = json.loads(json.dumps(dict(PACK.content))) | {"construction": section}
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(content)
    assert [fault.at for fault in caught.value.faults] == [at]


def test_a_part_without_wording_is_a_fault() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    for wording in ({}, {"zh": "门"}, "door"):
        content["rules"]["warehouse.door"] = wording
        with pytest.raises(RulePackError, match=r"warehouse\.door"):
            parse_rule_pack(content)
