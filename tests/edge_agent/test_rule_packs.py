"""Rules that are sent: they begin when they say, each task keeps its own, and a restart forgets none (N5, J27)."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custody.pack_reader import parse_rule_pack
from custody.permits import time_text
from custody.rule_pack import RulePack
from edge_agent.downlink import Books, Orders
from edge_agent.rule_packs import PackBook
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.hands import NOON
from tests.edge_agent.rack_scene import AGENT, RackScene, rack_scene
from tests.edge_agent.scene import CLOUD, PACK, package, person, slot

HOUR = timedelta(hours=1)


def stricter(version: str, *, begins_in: timedelta) -> RulePack:
    """The pack that ships, but two people place, and a pass counts for ten seconds."""
    content = deepcopy(dict(PACK.content))
    content |= {"version": version, "effective_from": time_text(NOON + begins_in)}
    content["gate"]["presence_s"] = 10
    (place,) = [step for step in content["steps"] if step["action"] == "place"]
    place["seats"] = [["keeper"], ["bookkeeper"]]
    return parse_rule_pack(content)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RackScene]:
    with rack_scene(tmp_path) as made:
        yield made


def give(scene: RackScene, id_: str, pack: RulePack, adopted: int | None, **more: Any) -> str | None:
    """Orders the pack; the problem it was answered with."""
    books = Books(scene.book, scene.tasks, scene.packs, scene.lists)
    find = {CLOUD.public.kid: CLOUD.public}.get
    orders = Orders(AGENT, scene.journal, books, scene.hands.clock, find, lambda first, at: None)
    body = {"hash": pack.hash, "content": dict(pack.content), "adopted": adopted, **more}
    orders.on_order(sign_order(scene.hands, id_, "rule_pack", body, agent=AGENT))
    problem: str | None = scene.facts("order_answered")[-1].body["problem"]
    return problem


def test_rules_begin_at_their_time_and_not_before(scene: RackScene) -> None:
    new = stricter("3", begins_in=HOUR)
    assert give(scene, "o1", new, 7) is None
    assert scene.packs.now.hash == PACK.hash
    assert scene.packs.presence_us() == 30_000_000
    scene.hands.pass_(HOUR.total_seconds())
    assert scene.packs.now.hash == new.hash
    assert scene.packs.presence_us() == 10_000_000
    again = PackBook(scene.journal.reads, PACK, scene.hands.clock)
    assert again.now.hash == new.hash
    assert again.hashes == sorted([PACK.hash, new.hash])


def test_of_two_that_begin_at_once_the_one_adopted_later_is_in_force(scene: RackScene) -> None:
    first, second = stricter("3", begins_in=HOUR), stricter("4", begins_in=HOUR)
    give(scene, "o1", second, 9)
    give(scene, "o2", first, 8)
    assert scene.packs.in_force(NOON + HOUR).hash == second.hash


def test_each_task_is_decided_by_its_own_rules_whatever_is_in_force(scene: RackScene) -> None:
    new = stricter("3", begins_in=-HOUR)
    scene.task("A")
    assert give(scene, "o1", new, 7) is None
    scene.task("B", rule_pack=new.hash)
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.outcomes == ["allowed"]  # the old rules: a keeper alone
    scene.look_away(3)
    scene.show(person("LI"), package("B"), slot("A-01"))
    scene.show(person("LI"), person("WANG"), package("B"), slot("A-01"))
    assert [fact.body["rule_pack"] for fact in scene.facts("step_decided")] == [PACK.hash, new.hash]
    assert scene.outcomes == ["allowed", "allowed"]
    assert scene.facts("step_decided")[1].body["people"] == ["nj01/U-LI", "nj01/U-WANG"]


def test_what_no_task_names_is_refused_by_the_rules_in_force(scene: RackScene) -> None:
    new = stricter("3", begins_in=-HOUR)
    give(scene, "o1", new, 7)
    scene.show(person("LI"), package("C"), slot("A-01"))
    assert scene.outcomes == ["no_permit"]
    assert scene.facts("step_decided")[0].body["rule_pack"] == new.hash


def test_rules_for_some_cases_only_are_here_and_never_in_force(scene: RackScene) -> None:
    new = stricter("3", begins_in=-HOUR)
    assert give(scene, "o1", new, None) is None
    assert scene.packs.now.hash == PACK.hash
    assert scene.packs.named(new.hash) == new
    assert give(scene, "o2", new, 7) is None  # then two people put them in force
    assert PackBook(scene.journal.reads, PACK, scene.hands.clock).now.hash == new.hash
    assert give(scene, "o3", new, None) is None  # sent again for a case: that takes nothing back
    assert PackBook(scene.journal.reads, PACK, scene.hands.clock).now.hash == new.hash


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"hash": "f" * 64}, "these are the rules"),
        ({"content": {"format": 2}}, "these rules cannot be read: "),
        ({"content": {}}, "these rules cannot be read: "),
        ({"content": "x"}, "ValidationError"),
        ({"more": 1}, "ValidationError"),
    ],
)
def test_rules_that_are_none_are_refused_with_the_reason(
    scene: RackScene, changes: dict[str, Any], problem: str
) -> None:
    told = give(scene, "o1", stricter("3", begins_in=-HOUR), 7, **changes)
    assert problem in (told or "")
    assert scene.packs.now.hash == PACK.hash
    assert scene.packs.hashes == [PACK.hash]
