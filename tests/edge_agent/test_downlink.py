"""Orders: done once, answered always, and only when the cloud signed them for this agent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from custody.permits import PERMIT_TYPE
from custody.things import Direction
from edge_agent.downlink import Books, Orders, resume_from
from edge_agent.journal.renewal import Base, asked_to_resume
from edge_agent.lists import ListBook
from edge_agent.permits import PermitBook
from edge_agent.tasks import TaskBook
from proof import jws
from proof.keys import SigningKey
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.hands import full_disk
from tests.edge_agent.scene import AGENT, CLOUD, Scene, a_permit, gate_scene

STRANGER = SigningKey.from_seed(b"x" * 32)


@dataclass
class Desk:
    """Orders on a scene's journal; `resends` is what the uplink was asked for."""

    scene: Scene
    resends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        find = {CLOUD.public.kid: CLOUD.public}.get
        scene = self.scene
        lists = ListBook(scene.journal.reads, scene.hands.clock)
        books = Books(scene.book, TaskBook(scene.journal.reads, AGENT, scene.packs, find), scene.packs, lists)
        self.orders = Orders(AGENT, scene.journal, books, scene.hands.clock, find, self._resend)

    def _resend(self, first: int, asked_at: str) -> str | None:
        self.resends.append(first)
        return "not kept" if first > 100 else None

    def give(self, id_: str, kind: str, body: dict[str, Any], **changes: Any) -> None:
        self.orders.on_order(sign_order(self.scene.hands, id_, kind, body, **changes))

    @property
    def answers(self) -> list[tuple[str, str, str | None]]:
        facts = self.scene.facts("order_answered")
        return [(fact.body["order"], fact.body["outcome"], fact.body["problem"]) for fact in facts]

    def book_after_restart(self) -> PermitBook:
        return PermitBook(self.scene.journal.reads, AGENT, {CLOUD.public.kid: CLOUD.public}.get)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with gate_scene(tmp_path) as scene:
        yield Desk(scene)


def permit_token(desk: Desk, id_: str = "nj01/L-1", key: SigningKey = CLOUD, **changes: Any) -> str:
    permit = a_permit(desk.scene.hands, id_, "A", direction=Direction.IN, **changes)
    return jws.sign(permit.payload(), key, PERMIT_TYPE)


def test_a_permit_is_kept_over_a_restart_and_answered(desk: Desk) -> None:
    desk.give("o1", "permit", {"permit": permit_token(desk)})
    assert desk.answers == [("o1", "done", None)]
    for book in (desk.scene.book, desk.book_after_restart()):
        assert [permit.id for permit in book.permits_for(["nj01/P-A"])] == ["nj01/L-1"]


def test_a_repeated_order_does_nothing_and_is_answered_again_once_the_cloud_had_its_answer(desk: Desk) -> None:
    permit = permit_token(desk)
    desk.give("o1", "permit", {"permit": permit})
    desk.give("o2", "revoke_permit", {"permit": "nj01/L-1"})
    for _ in range(3):
        desk.give("o1", "permit", {"permit": permit})
    assert desk.answers == [("o1", "done", None), ("o2", "done", None)]
    _receipt_all(desk.scene)
    desk.give("o1", "permit", {"permit": permit})
    assert desk.answers[2:] == [("o1", "done", None)]
    assert desk.scene.book.permits_for(["nj01/P-A"]) == []


def test_a_revoked_permit_never_comes_back_also_when_its_order_was_overtaken(desk: Desk) -> None:
    desk.give("o2", "revoke_permit", {"permit": "nj01/L-1"})
    desk.give("o1", "permit", {"permit": permit_token(desk)})
    assert desk.answers == [("o2", "done", None), ("o1", "refused", "the permit was revoked")]
    for book in (desk.scene.book, desk.book_after_restart()):
        assert book.permits_for(["nj01/P-A"]) == []


def test_the_later_of_hold_and_lift_stands_whichever_comes_last(desk: Desk) -> None:
    hold = sign_order(desk.scene.hands, "o1", "hold", {"things": ["nj01/P-A", "nj01/P-B"]})
    desk.scene.hands.pass_(1)
    lift = sign_order(desk.scene.hands, "o2", "lift_hold", {"things": ["nj01/P-A"]})
    desk.orders.on_order(lift)
    desk.orders.on_order(hold)
    for book in (desk.scene.book, desk.book_after_restart()):
        assert book.holds == {"nj01/P-B"}


def test_a_resend_goes_to_the_uplink_and_what_is_in_the_way_comes_back(desk: Desk) -> None:
    desk.give("o1", "resend", {"from": 7})
    desk.give("o2", "resend", {"from": 700})
    assert desk.resends == [7, 700]
    assert desk.answers == [("o1", "done", None), ("o2", "refused", "not kept")]


def test_an_order_to_resume_waits_for_the_next_start_unless_the_journal_goes_on_from_there_already(desk: Desk) -> None:
    desk.give("o1", "permit", {"permit": permit_token(desk)})
    journal = desk.scene.journal
    here = journal.head_at(journal.last)
    assert here is not None
    desk.give("o2", "resume", {"upto": journal.last, "head": here.hex()})
    desk.give("o3", "resume", {"upto": 1, "head": "ab" * 32}, agent="nj01.other")
    desk.give("o4", "resume", {"upto": 1, "head": "ab"})
    assert [outcome for _, outcome, _ in desk.answers] == ["done", "done", "refused", "refused"]
    told = len(desk.answers)
    desk.give("o5", "resume", {"upto": 90, "head": "ab" * 32})
    assert len(desk.answers) == told  # the start that does it answers
    assert asked_to_resume(journal.folder) is not None
    find = {CLOUD.public.kid: CLOUD.public}.get
    assert resume_from(journal.folder, AGENT, find) == Base(90, b"\xab" * 32)
    assert resume_from(journal.folder, "nj01.other", find) is None
    assert resume_from(journal.folder, AGENT, lambda _: None) is None


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("dance", {}, "kind"),
        ("permit", {}, "permit"),
        ("permit", {"permit": "a.b.c"}, "EncodingError"),
        ("hold", {"things": "nj01/P-A"}, "array"),
        ("resend", {"from": "1"}, "int"),
    ],
)
def test_an_order_that_cannot_be_done_is_answered_with_the_problem(
    desk: Desk, kind: str, body: dict[str, Any], problem: str
) -> None:
    desk.give("o1", kind, body)
    ((order, outcome, told),) = desk.answers
    assert (order, outcome) == ("o1", "refused")
    assert problem in (told or "")


def test_a_permit_not_signed_by_the_cloud_or_for_another_agent_is_refused(desk: Desk) -> None:
    desk.give("o1", "permit", {"permit": permit_token(desk, key=STRANGER)})
    desk.give("o2", "permit", {"permit": permit_token(desk, agent="nj01.gate-b")})
    assert [(order, outcome) for order, outcome, _ in desk.answers] == [("o1", "refused"), ("o2", "refused")]
    assert desk.scene.book.permits_for(["nj01/P-A"]) == []


@pytest.mark.parametrize(("changes", "problem"), [({"agent": "nj01.gate-b"}, "gate-b"), ({"v": 2}, "version 2")])
def test_an_order_for_another_agent_or_of_another_version_is_refused(
    desk: Desk, changes: dict[str, Any], problem: str
) -> None:
    desk.give("o1", "hold", {"things": ["nj01/P-A"]}, **changes)
    assert problem in str(desk.answers)
    assert desk.scene.book.holds == set()


def test_what_the_cloud_did_not_sign_is_never_done_and_told_of_once_a_minute(desk: Desk) -> None:
    forged = sign_order(desk.scene.hands, "o1", "hold", {"things": ["nj01/P-A"]}, key=STRANGER)
    receipt_like = jws.sign({"id": "o1"}, CLOUD, "sealtrail-receipt+jws").encode()
    half = jws.sign({"id": "o1"}, CLOUD, "sealtrail-order+jws").encode()
    for payload in (forged, receipt_like, half, b"", b"\xff" * 100, forged):
        desk.orders.on_order(payload)
    assert desk.scene.book.holds == set()
    assert desk.answers == []
    assert [fact.body["count"] for fact in desk.scene.facts("order_distrusted")] == [1]
    desk.scene.hands.pass_(61)
    desk.orders.on_order(forged)
    assert [fact.body["count"] for fact in desk.scene.facts("order_distrusted")] == [1, 6]


def test_an_order_on_a_full_disk_is_neither_done_nor_answered_and_done_when_it_comes_again(desk: Desk) -> None:
    with full_disk():
        desk.give("o1", "hold", {"things": ["nj01/P-A"]})
        assert desk.scene.book.holds == set()
    desk.give("o1", "hold", {"things": ["nj01/P-A"]})
    assert desk.scene.book.holds == {"nj01/P-A"}
    assert desk.answers == [("o1", "done", None)]


def _receipt_all(scene: Scene) -> None:
    run = scene.journal.run_from(1, 1000, 1 << 24)
    assert run is not None
    scene.journal.receipt(run.facts[-1].seq, run.head.hex())
