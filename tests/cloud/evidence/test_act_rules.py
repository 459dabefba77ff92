"""What keeps an act from being done: somebody was quicker, hands that do not count, papers that do not fit."""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from custody.roles import Role
from tests.cloud.api import PASSWORD, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse

TWO = (Role.KEEPER, Role.BOOKKEEPER)


async def refusal(asked: Awaitable[httpx.Response], reason: str, rule: str) -> dict[str, Any]:
    """The refusal that is answered, by `rule`."""
    refused = problem(await asked, 409, "refused")
    assert (refused["reason"], refused["rule"]) == (reason, rule)
    return refused


async def waiting(asked: Awaitable[httpx.Response]) -> str:
    """The id of the act that waits now."""
    answer = await asked
    assert answer.status_code == 202, answer.text
    return str(answer.json()["act"])


async def alarms(office: Office) -> set[str]:
    return {row["cause"] for row in await office.rows("SELECT cause FROM alarm WHERE cleared_at IS NULL")}


async def state_of(store: Warehouse) -> str:
    return str((await store.keeper.get(f"packages/{store.package}")).json()["state"])


async def stored(office: Office) -> Warehouse:
    """The package lies on a shelf."""
    store = await warehouse(office)
    await store.stand("stored")
    return store


async def test_of_two_who_ask_at_once_one_wins_and_the_other_is_told_who_it_was(office: Office) -> None:
    store = await warehouse(office)
    people = [store.inspector, await store.crew.person(Role.CASE_HANDLER)]
    answers = await asyncio.gather(*(store.crew.propose(person, "handover", store.package) for person in people))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    winner = (await people[answers.index(won)].get("session")).json()["name"]
    told, ahead = problem(lost, 409, "act_open")["detail"], lost.json()["ahead"]
    assert (ahead["who"], ahead["what"]) == (winner, "handover")
    assert all(word in told for word in (store.package, "handover", winner, won.json()["act"]))
    assert len(await office.rows("SELECT FROM act")) == 2  # the sealing, and this


async def test_who_had_seen_something_older_is_told_what_has_been_done_since(office: Office) -> None:
    store = await warehouse(office, handed_over=True)
    second = await store.crew.person(Role.KEEPER, second=True)
    shown = (await store.keeper.get(f"packages/{store.package}")).json()["index"]
    people = [store.keeper, second]
    seen = {"if-match": f'"{shown}"'}
    answers = await asyncio.gather(*(
        store.crew.propose(person, "weigh", store.package, headers=seen) for person in people
    ))  # fmt: skip
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert won.status_code == 201, won.text
    told = problem(lost, 412, "changed")["detail"]
    winner = (await people[answers.index(won)].get("session")).json()["name"]
    assert all(word in told for word in (winner, "weigh", str(won.json()["index"])))
    ahead = lost.json()["ahead"]
    assert (ahead["who"], ahead["what"]) == (winner, "weigh")
    assert datetime.fromisoformat(ahead["at"]).tzinfo is not None
    weighed = await office.rows("SELECT FROM thing_hand WHERE action = 'weigh' AND thing = %s", store.package)
    assert len(weighed) == 1


async def test_two_sessions_of_one_person_are_one_hand(office: Office) -> None:
    store = await warehouse(office)
    both = await office.signed_in(Role.INSPECTOR, Role.KEEPER)
    act = await waiting(store.crew.propose(both, "handover", store.package))
    again = await signed_in_again(office, both)
    for client in (both, again):
        await refusal(store.crew.sign(client, act), "same_person", "people.two")
    assert await state_of(store) == "sealed"


async def signed_in_again(office: Office, client: httpx.AsyncClient, username: str | None = None) -> httpx.AsyncClient:
    """The same person with another session."""
    name = username or (await client.get("session")).json()["username"]
    again = await office.visitor()
    again.headers.update({"X-Sealtrail": "1"})
    answer = await again.post("session", json={"username": name, "password": PASSWORD})
    assert answer.is_success, answer.text
    return again


async def test_an_approval_that_comes_too_late_approves_nothing(office: Office, clock: Clock) -> None:
    store = await stored(office)
    crew = store.crew
    handler, approver = await crew.person(Role.CASE_HANDLER), await crew.person(Role.APPROVER)
    name = (await approver.get("session")).json()["username"]
    act = await waiting(crew.propose(handler, "approve_release", store.package))
    clock.advance(timedelta(hours=72, seconds=1))
    late = await signed_in_again(office, approver, name)
    crew._keys[id(late)] = crew._keys[id(approver)]
    refused = await refusal(crew.sign(late, act), "act_expired", "people.in-time")
    assert refused["subject"] == "approve_release"
    assert await state_of_by(late, store) == "stored"


async def state_of_by(client: httpx.AsyncClient, store: Warehouse) -> str:
    return str((await client.get(f"packages/{store.package}")).json()["state"])


async def test_a_declined_act_frees_its_things(office: Office) -> None:
    store = await warehouse(office)
    act = await waiting(store.crew.propose(store.inspector, "handover", store.package))
    stranger = await store.crew.person(Role.AUDITOR)
    problem(await stranger.post("acts/decline", json={"act": act, "reason": "x"}), 409, "not_yours")
    made(await store.keeper.post("acts/decline", json={"act": act, "reason": "清点未完"}))
    problem(await store.crew.sign(store.keeper, act), 409, "ended")
    problem(await store.keeper.post("acts/decline", json={"act": act, "reason": "x"}), 409, "ended")
    await store.crew.do("handover", store.package, by=(Role.INSPECTOR, Role.KEEPER))
    (told,) = await office.rows("SELECT content::jsonb AS content FROM record WHERE kind = 'act_declined'")
    assert (told["content"]["act"], told["content"]["reason"]) == (act, "清点未完")


async def test_what_was_tried_and_refused_leaves_its_record(office: Office) -> None:
    store = await warehouse(office)
    await refusal(store.crew.propose(store.keeper, "open", store.package), "wrong_state", "custody.order-of-steps")
    *_, last = (await store.keeper.get(f"history/{store.package}")).json()["rows"]
    keeper = (await store.keeper.get("session")).json()["id"]
    assert (last["kind"], last["actor"]) == ("act_refused", keeper)
    assert {name: last["content"][name] for name in ("action", "reason", "rule", "things")} == {
        "action": "open", "reason": "wrong_state", "rule": "custody.order-of-steps", "things": [store.package],
    }  # fmt: skip


async def test_opening_needs_both_there_at_the_beginning_and_at_the_end(office: Office, clock: Clock) -> None:
    """J31: who signed too long before the other has to sign anew, and so at the end."""
    store = await stored(office)
    crew, bookkeeper = store.crew, await store.crew.person(Role.BOOKKEEPER)
    act = await waiting(crew.propose(store.keeper, "open", store.package))
    clock.advance(timedelta(seconds=301))
    late = made(await crew.sign(bookkeeper, act))
    assert (late["status"], late["waiting_for"]) == ("waiting", [["keeper"]])
    shown = (await store.keeper.get(f"acts/{act}")).json()
    assert (shown["mine"], shown["ending"], shown["waiting_for"]) == (True, False, [["keeper"]])
    clock.advance(timedelta(seconds=300))
    assert made(await crew.sign(store.keeper, act))["status"] == "waiting"
    assert (await store.keeper.get(f"acts/{act}")).json()["ending"]
    clock.advance(timedelta(hours=1))
    assert made(await crew.sign(store.keeper, act))["status"] == "waiting"
    await refusal(crew.sign(store.keeper, act), "same_person", "people.two")
    clock.advance(timedelta(seconds=301))
    assert made(await crew.sign(bookkeeper, act))["status"] == "waiting"
    assert await state_of(store) == "stored"
    clock.advance(timedelta(seconds=299))
    assert made(await crew.sign(store.keeper, act))["status"] == "done"
    assert await state_of(store) == "opened"


async def test_who_was_not_there_at_the_beginning_cannot_sign_the_end(office: Office) -> None:
    store = await stored(office)
    act = await waiting(store.crew.propose(store.keeper, "open", store.package))
    made(await store.crew.sign(await store.crew.person(Role.BOOKKEEPER), act))
    other = await store.crew.person(Role.BOOKKEEPER, second=True)
    await refusal(store.crew.sign(other, act), "wrong_role", "people.role")
    assert await state_of(store) == "stored"


async def test_an_approval_is_signed_by_a_passkey_over_this_very_act(office: Office) -> None:
    store = await stored(office)
    crew = store.crew
    handler, approver = await crew.person(Role.CASE_HANDLER), await crew.person(Role.APPROVER)
    act = await waiting(crew.propose(handler, "approve_release", store.package))
    seen = (await approver.get(f"acts/{act}")).json()
    bare = {"act": act, "seen": seen["hash"]}
    await refusal(approver.post("acts/sign", json=bare), "no_passkey", "people.passkey")
    made(await handler.post("acts/decline", json={"act": act, "reason": "改期"}))
    second = await waiting(crew.propose(handler, "approve_release", store.package, reason="开庭改期"))
    shown = (await approver.get(f"acts/{second}")).json()
    key, others = crew._keys[id(approver)], crew._keys[id(await crew.person(Role.LEADER))]
    for assertion in (key.sign(bytes.fromhex(seen["challenge"])), others.sign(bytes.fromhex(shown["challenge"]))):
        answer = await approver.post("acts/sign", json={"act": second, "seen": shown["hash"], "assertion": assertion})
        problem(answer, 403, "passkey")
    problem(await approver.post("acts/sign", json={"act": second, "seen": seen["hash"]}), 409, "another_content")
    assert await state_of(store) == "stored"
    assert made(await crew.sign(approver, second))["status"] == "done"


SLOTS = {
    "class": ("controlled", "xl", 100), "size": ("ordinary", "s", 100), "full": ("ordinary", "l", 1),
}  # fmt: skip


@pytest.mark.parametrize("why", SLOTS)
async def test_a_slot_of_the_wrong_class_too_small_or_full_is_refused(office: Office, why: str) -> None:
    store = await warehouse(office)
    crew = store.crew
    await office.execute("UPDATE custody SET size = 'm'")
    slot = await crew.slot(*SLOTS[why])
    if why == "full":
        item = made(await store.inspector.post(
            "items", json={"case_id": store.case, "name": "x", "quantity": 1, "unit": "件"}
        ))["id"]  # fmt: skip
        (other,) = (await crew.do("seal", item, by=(Role.KEEPER, Role.INSPECTOR), seal_number="F02"))["made"]
        await office.as_owner("UPDATE package SET state = 'arrived' WHERE id = %s", other)
        await crew.do("place", other, by=(Role.KEEPER,), slot=slot)
    await store.stand("arrived")
    refused = await refusal(
        crew.propose(store.keeper, "place", store.package, slot=slot), "unsuitable_slot", "warehouse.slot"
    )
    assert slot in refused["subject"]
    assert await state_of(store) == "arrived"
    await crew.do("place", store.package, by=(Role.KEEPER,))


async def test_weights_that_drift_broken_seals_and_differences_are_alarms(office: Office) -> None:
    store = await warehouse(office)  # sealed at 12 kg: two per cent, and at least fifty grams, may be the scales'
    crew = store.crew
    await crew.do("handover", store.package, by=(Role.INSPECTOR, Role.KEEPER), differences=["少一条"])
    assert await alarms(office) == {"handover_differs"}
    await crew.do("weigh", store.package, by=(Role.KEEPER,), weight_g=12240)
    assert await alarms(office) == {"handover_differs"}
    await crew.do("weigh", store.package, by=(Role.KEEPER,), weight_g=12500)
    assert await alarms(office) == {"handover_differs", "weight_drift"}
    await store.stand("returned")
    await crew.do("shelve", store.package, by=TWO, seal_intact=False)
    assert await alarms(office) == {"handover_differs", "weight_drift", "seal_broken"}


async def test_parts_add_up_and_only_an_empty_package_is_empty(office: Office) -> None:
    store = await warehouse(office)
    await office.as_owner("UPDATE item SET value_fen = 1001")
    await store.stand("opened")
    crew, bookkeeper = store.crew, await store.crew.person(Role.BOOKKEEPER)
    parts = [{"name": "甲", "quantity": 20}, {"name": "乙", "quantity": 29}]
    act = await waiting(crew.propose(store.keeper, "split", store.item, parts=parts))
    problem(await crew.sign(bookkeeper, act), 422, "does_not_add_up")
    made(await bookkeeper.post("acts/decline", json={"act": act, "reason": "数量不符"}))
    act = await waiting(crew.propose(store.keeper, "empty", store.package))
    problem(await crew.sign(bookkeeper, act), 409, "not_empty")
    made(await bookkeeper.post("acts/decline", json={"act": act, "reason": "未清空"}))
    split = await crew.do("split", store.item, by=TWO)
    rows = [(await store.keeper.get(f"items/{part}")).json() for part in split["made"]]
    assert [(row["name"], row["quantity"], row["value_fen"], row["state"]) for row in rows] == [
        ("甲", 20, 400, "opened"), ("乙", 30, 601, "opened"),
    ]  # fmt: skip
    assert (await store.keeper.get(f"items/{store.item}")).json()["state"] == "split"
    packed = await crew.do("repack", *split["made"], by=TWO)
    (package,) = packed["made"]
    shown = (await store.keeper.get(f"packages/{package}")).json()
    assert (shown["state"], shown["custody"]["parent"]) == ("arrived", store.package)
    assert {item["id"] for item in shown["items"]} == set(split["made"])
    await crew.do("empty", store.package, by=TWO)
    assert await state_of(store) == "emptied"


async def test_a_correction_cites_the_old_entry_and_is_approved(office: Office) -> None:
    store = await warehouse(office)
    crew = store.crew
    first = (await store.keeper.get(f"history/{store.item}")).json()["rows"][0]["index"]
    elsewhere = (await office.rows("SELECT index FROM record WHERE kind = 'agent_added'"))[0]["index"]
    approver = await crew.person(Role.APPROVER)
    act = await waiting(crew.propose(store.keeper, "correct", store.item, cites=elsewhere))
    problem(await crew.sign(approver, act), 422, "cites_another")
    made(await store.keeper.post("acts/decline", json={"act": act, "reason": "引用有误"}))
    act = await waiting(crew.propose(store.keeper, "correct", store.item, cites=first))
    await refusal(crew.sign(store.inspector, act), "wrong_role", "people.role")
    assert (await store.keeper.get(f"items/{store.item}")).json()["name"] == "卷烟"
    done = made(await crew.sign(approver, act))
    assert (await store.keeper.get(f"items/{store.item}")).json()["name"] == "卷烟 软盒"
    rows = {row["index"]: row for row in (await store.keeper.get(f"history/{store.item}")).json()["rows"]}
    assert rows[first]["content"]["name"] == "卷烟"  # the old entry stays as it was
    assert rows[done["index"]]["content"]["details"]["cites"] == first
