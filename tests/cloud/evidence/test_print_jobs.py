"""Print jobs: who sent what where and how it ended, once, as the agent told; printers and what is left on a roll."""

import json

import pytest

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.evidence.printing import DESK, PRINTER, Printing, printing
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import each_is_found, holds
from wire.printing import MAX_LABELS

KEPT = ("print_label", "print_job", "printer")

WAYS: dict[str, tuple[str, str, str]] = {
    "a job that came out after all": ("row_differs", "print_job nj01/O-", (
        "UPDATE print_job SET outcome = 'printed' WHERE outcome = 'unknown'")),
    "another printer": ("row_differs", "print_job nj01/O-", "UPDATE print_job SET printer = 'other'"),
    "somebody else sent it": ("row_differs", "print_job nj01/O-", "UPDATE print_job SET sent_by = 'nj01/U-X'"),
    "at another time": ("row_differs", "print_job nj01/O-", (
        "UPDATE print_job SET ended_at = ended_at - interval '1 day'")),
    "repeated, as if for the first time": ("row_differs", "print_job nj01/O-", (
        "UPDATE print_job SET again = NULL WHERE again <> ''")),
    "a label that came out after all": ("row_differs", "print_label nj01/O-", (
        "UPDATE print_label SET outcome = 'printed' WHERE outcome = 'unknown'")),
    "another thing's label": ("row_without_entry", "print_label nj01/O-", (
        "UPDATE print_label SET thing = 'nj01/I-X' WHERE outcome = 'unknown'")),
    "a label that was not sent": ("row_missing", "print_label nj01/O-", (
        "DELETE FROM print_label WHERE outcome = 'unknown'")),
    "a printer that is ready": ("row_differs", f"printer {DESK} {PRINTER}", "UPDATE printer SET state = 'ready'"),
    "a roll that is newer": ("row_differs", f"printer {DESK} {PRINTER}", (
        "UPDATE printer SET rolled_index = rolled_index + 1")),
}  # fmt: skip


@pytest.fixture
async def desk(office: Office) -> Printing:
    return await printing(office)


async def test_who_when_how_it_ended_and_of_what(desk: Printing) -> None:
    (order,) = await desk.send(desk.store.item, desk.store.package)
    (job,) = await desk.jobs()
    assert (job["id"], job["agent"], job["printer"], job["outcome"], job["again"]) == (order, DESK, PRINTER, None, None)
    assert job["sent_name"]
    assert [(one["thing"], one["name"], one["outcome"]) for one in job["labels"]] == [
        (desk.store.item, "卷烟", None), (desk.store.package, "封签 F01", None),
    ]  # fmt: skip
    await desk.printed(order, (desk.store.item, "printed"), (desk.store.package, "printed"))
    (job,) = await desk.jobs(thing=desk.store.package)
    assert (job["outcome"], job["problem"], job["ended_index"] > job["index"]) == ("printed", None, True)
    assert await desk.jobs(thing=desk.store.case) == []
    assert await desk.jobs(agent="nj01.gate-a") == []
    assert (await desk.store.keeper.get(f"labels/jobs/{order}")).json() == job
    problem(await desk.store.keeper.get("labels/jobs/nj01/O-NONE"), 404, "not_found")
    filed = await desk.office.rows("SELECT thing FROM thing_entry WHERE index = %s ORDER BY 1", job["ended_index"])
    assert {row["thing"] for row in filed} == {order, desk.store.item, desk.store.package}
    await holds(desk.office)


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (("printed", "not_printed"), "partial"),
        (("not_printed", "not_printed"), "not_printed"),
        (("printed", "unknown"), "unknown"),
        (("not_printed", "unknown"), "unknown"),
    ],
)
async def test_a_job_is_printed_only_where_all_of_it_is(
    desk: Printing, ended: tuple[str, str], outcome: str
) -> None:  # fmt: skip
    (order,) = await desk.send(desk.store.item, desk.store.package)
    things = desk.store.item, desk.store.package
    await desk.printed(order, *zip(things, ended, strict=True), problem="it is out of paper")
    (job,) = await desk.jobs()
    assert (job["outcome"], job["problem"]) == (outcome, "it is out of paper")
    await desk.printed(order, *((thing, "printed") for thing in things))  # said again otherwise: the first word counts
    assert (await desk.jobs())[0]["outcome"] == outcome
    await holds(desk.office)


async def test_what_is_not_told_of_a_label_is_not_known(desk: Printing) -> None:
    first, second = [(await desk.send(desk.store.item))[0] for _ in range(2)]
    await desk.printed(first, (desk.store.item, "printed"), issue=2)  # another issue than was sent
    await desk.tell("order_answered", {"order": second, "outcome": "refused", "problem": "no label printer here"})
    assert [(job["id"], job["outcome"], job["problem"]) for job in await desk.jobs()] == [
        (second, "unknown", "no label printer here"), (first, "unknown", None),
    ]  # fmt: skip
    await desk.tell("order_answered", {"order": first, "outcome": "done", "problem": None})
    await desk.tell("labels_printed", {"order": "nj01/O-NONE", "printer": PRINTER, "labels": []})
    assert ("malformed_fact", DESK) not in await desk.receiving.alarms()
    await desk.tell("labels_printed", {"order": 7})
    assert ("malformed_fact", DESK) in await desk.receiving.alarms()
    await holds(desk.office)


async def test_many_labels_are_several_jobs_and_all_of_a_record_are_on_one_page(desk: Printing) -> None:
    new = {"case_id": desk.store.case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    items = [made(await desk.store.inspector.post("items", json=new))["id"] for _ in range(MAX_LABELS + 1)]
    made(await desk.store.keeper.post("labels/batch", json={"thing_ids": items}))
    await desk.send(desk.store.item)
    orders = await desk.send(*items)
    page = (await desk.store.keeper.get("labels/jobs", params={"limit": 1})).json()
    assert {row["id"] for row in page["rows"]} == set(orders)
    assert sorted(len(row["labels"]) for row in page["rows"]) == [1, MAX_LABELS]
    following = (await desk.store.keeper.get("labels/jobs", params={"limit": 1, "after": page["next"]})).json()
    assert [one["thing"] for one in following["rows"][0]["labels"]] == [desk.store.item]
    await holds(desk.office)


async def test_what_did_not_come_out_is_printed_again_and_says_what_it_repeats(desk: Printing) -> None:
    (order,) = await desk.send(desk.store.item, desk.store.package, language="zpl")
    await desk.printed(order, (desk.store.item, "printed"), (desk.store.package, "unknown"))
    (again,) = made(await desk.store.keeper.post("labels/again", json={"job": order}))["orders"]
    job = (await desk.jobs())[0]
    assert (job["id"], job["again"], job["printer"]) == (again, order, PRINTER)
    assert [one["thing"] for one in job["labels"]] == [desk.store.package]
    (record,) = await desk.office.rows("SELECT content FROM record WHERE kind = 'labels_sent' ORDER BY index OFFSET 1")
    content = json.loads(record["content"])
    assert (content["again"], content["how"]["language"], content["how"]["width_mm"]) == (order, "zpl", 40)
    asked = {"job": order, "things": [desk.store.item]}
    made(await desk.store.keeper.post("labels/again", json=asked))
    assert [one["thing"] for one in (await desk.jobs())[0]["labels"]] == [desk.store.item]
    problem(
        await desk.store.keeper.post("labels/again", json=asked | {"things": [desk.store.case]}), 422, "not_of_the_job"
    )
    problem(await desk.store.keeper.post("labels/again", json={"job": "nj01/O-NONE"}), 404, "not_found")
    problem(await (await desk.office.signed_in(Role.AUDITOR)).post("labels/again", json=asked), 403, "forbidden")
    await holds(desk.office)


async def test_a_roll_is_counted_down_from_a_persons_word(desk: Printing) -> None:
    await desk.state("ready")
    assert ((await desk.printer())["state"], (await desk.printer())["left"]) == ("ready", None)
    roll = {"agent": DESK, "printer": PRINTER}
    made(await desk.store.keeper.post("printers/roll", json=roll))
    assert (await desk.printer())["left"] == 500
    (order,) = await desk.send(desk.store.item, desk.store.package)
    await desk.printed(order, (desk.store.item, "printed"), (desk.store.package, "unknown"))
    (order,) = await desk.send(desk.store.item, desk.store.package)
    await desk.printed(order, (desk.store.item, "printed"), (desk.store.package, "not_printed"))
    assert (await desk.printer())["left"] == 497
    await desk.state("paper_out", "job")
    await desk.state("head_open", "job")
    assert not (await desk.printer())["reloaded"]
    await desk.state("ready")
    assert (await desk.printer())["reloaded"]  # somebody is asked whether there is a new roll
    made(await desk.store.keeper.post("printers/roll", json={**roll, "labels": 200}))
    now = await desk.printer()
    assert (now["left"], now["reloaded"], bool(now["rolled_name"])) == (200, False, True)
    problem(await desk.store.keeper.post("printers/roll", json={**roll, "agent": "nj01.none"}), 404, "not_found")
    problem(await (await desk.office.signed_in(Role.AUDITOR)).post("printers/roll", json=roll), 403, "forbidden")
    await holds(desk.office)


async def test_a_printer_that_tells_nothing_of_itself_can_have_a_roll(desk: Printing) -> None:
    made(await desk.store.keeper.post("printers/roll", json={"agent": DESK, "printer": PRINTER, "labels": 100}))
    now = await desk.printer()
    assert (now["state"], now["left"]) == (None, 100)
    await holds(desk.office)


async def test_each_way_of_tampering_is_found(desk: Printing) -> None:
    (order,) = await desk.send(desk.store.item, desk.store.package)
    await desk.printed(order, (desk.store.item, "printed"), (desk.store.package, "unknown"))
    made(await desk.store.keeper.post("labels/again", json={"job": order}))
    made(await desk.store.keeper.post("printers/roll", json={"agent": DESK, "printer": PRINTER}))
    await desk.state("paper_out")
    await each_is_found(desk.office, KEPT, WAYS)
