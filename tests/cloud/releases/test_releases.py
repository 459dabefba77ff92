"""Releases: believed from their publisher alone, given to nobody before two approved them, one agent first."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.telling import Teller
from custody.roles import Role
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import AGENT, AGENT_KEY, CLOUD_KEY, Office, problem
from tests.cloud.evidence.crew import Crew
from tests.cloud.people.derived import each_is_found, holds
from tests.cloud.receiving import Receiving
from tests.cloud.releases.publishing import approved, believe, bring_up, name_of, packed, roll_out, token
from wire.messages import ORDER_TYPE

OTHER = "nj01.gate-b"
OTHER_KEY = SigningKey.from_seed(b"b" * 32)


@pytest.fixture
async def crew(office: Office) -> Crew:
    believe(office)
    await office.agent()
    made = Crew(office)
    admin = await made.person(Role.ADMIN)
    added = await admin.post("agents", json={"id": OTHER, "public_key": OTHER_KEY.public.text})
    assert added.status_code == 201, added.text
    return made


async def say(office: Office, *facts: tuple[str, dict[str, Any]], agent: str = AGENT) -> None:
    teller = Teller(agent)
    teller.key = AGENT_KEY
    for kind, body in facts:
        teller.say(kind, body)
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
    await receiving.take(teller, teller.batch(1, len(facts)))


def body(name: str, number: int = 1, **more: str) -> dict[str, Any]:
    return {"number": number, "version": "0.2.0", "sha256": name, "from": "0.1.0", "code": "", "reason": "", **more}


async def test_two_approve_what_one_brought_up_and_only_then_agents_are_told(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    release = packed(tmp_path)
    admin, name = await crew.person(Role.ADMIN), name_of(release)
    made = (await bring_up(admin, release)).json()
    assert (made["version"], made["approved_at"], made["bytes"]) == ("0.2.0", None, release.stat().st_size)
    problem(await roll_out(crew, name, AGENT), 409, "not_approved")
    asked = await crew.propose(admin, "approve_update", release=name, version="0.2.0")
    assert asked.json()["waiting_for"] == [["leader", "supervisor"]]
    assert (await admin.get("releases")).json()["rows"][0]["act"] == asked.json()["act"]
    problem(await crew.sign(admin, asked.json()["act"]), 409, "refused")  # one is not two
    problem(await roll_out(crew, name, AGENT), 409, "not_approved")
    await crew.sign(await crew.person(Role.LEADER), asked.json()["act"])
    done = await roll_out(crew, name, AGENT)
    assert (done.status_code, list(done.json()["entries"])) == (201, [AGENT]), done.text
    ((order),) = await office.rows("SELECT jws FROM agent_order WHERE kind = 'update'")
    said = jws.verify(order["jws"], lambda _: CLOUD_KEY.public, ORDER_TYPE)
    (row,) = (await admin.get("releases")).json()["rows"]
    assert (said["agent"], said["body"]["number"], said["body"]["sha256"]) == (AGENT, 1, name)
    assert said["body"]["approved"] == row["approved_index"] is not None
    await holds(office)


async def test_one_agent_takes_it_first_and_the_others_once_that_one_runs_it(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    name = await approved(crew, packed(tmp_path))
    problem(await roll_out(crew, name, AGENT, OTHER), 409, "one_first")
    assert (await roll_out(crew, name, AGENT)).status_code == 201
    problem(await roll_out(crew, name, OTHER), 409, "one_first")
    await say(office, ("update_staged", body(name)), ("update_applied", body(name)))
    assert (await roll_out(crew, name, OTHER)).status_code == 201
    await holds(office)


async def test_what_agents_say_is_shown_and_an_undone_update_is_an_alarm(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    name = await approved(crew, packed(tmp_path))
    await roll_out(crew, name, AGENT)
    admin = await crew.person(Role.ADMIN)

    async def shown() -> tuple[str, str, str]:
        rows = (await admin.get("updates")).json()["rows"]
        wanted = next(row["wanted"] for row in rows if row["agent"] == AGENT)
        return wanted["state"], wanted["code"], wanted["reason"]

    teller = Teller(AGENT)
    teller.key = AGENT_KEY
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")

    async def told(kind: str, said: dict[str, Any]) -> None:
        seq = teller.say(kind, said)
        await receiving.take(teller, teller.batch(seq, seq))

    assert await shown() == ("ordered", "", "")
    await told("update_staged", body(name))
    await told("update_waiting", body(name, code="door_open"))
    assert await shown() == ("waiting", "door_open", "")
    await told("update_rolled_back", body(name, code="unhealthy", reason="lost: camera"))
    assert await shown() == ("rolled_back", "unhealthy", "lost: camera")
    open_alarms = "SELECT severity, detail ->> 'problem' AS problem FROM alarm WHERE cause = 'update_failed' {}"
    assert await office.rows(open_alarms.format("AND cleared_at IS NULL")) == [
        {"severity": "major", "problem": "lost: camera"}
    ]
    await roll_out(crew, name, AGENT)
    await told("update_applied", body(name, 2))
    assert (await shown())[0] == "applied"
    assert await office.rows(open_alarms.format("AND cleared_at IS NULL")) == []
    await holds(office)


async def test_how_far_it_came_is_in_the_agents_sign_of_life(crew: Crew, office: Office, tmp_path: Path) -> None:
    name = await approved(crew, packed(tmp_path))
    await roll_out(crew, name, AGENT)
    beat = {"every_s": 1, "uptime_s": 1, "waiting": 0, "free_bytes": 1, "lost": [], "gates": [],
            "update": {"number": 1, "version": "0.2.0", "state": "fetching", "pct": 41}}  # fmt: skip
    await say(office, ("agent_started", {"software": "0.1.0"}), ("heartbeat", beat))
    rows = (await (await crew.person(Role.ADMIN)).get("updates")).json()["rows"]
    one = next(row for row in rows if row["agent"] == AGENT)
    assert (one["running"], one["wanted"]["state"], one["wanted"]["pct"]) == ("0.1.0", "fetching", 41)


async def test_an_agent_that_does_not_take_updates_is_shown_with_its_reason(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    name = await approved(crew, packed(tmp_path))
    await roll_out(crew, name, AGENT)
    ((order),) = await office.rows("SELECT id FROM agent_order WHERE kind = 'update'")
    answer = {"order": order["id"], "outcome": "refused", "problem": "updates are not taken here"}
    await say(office, ("order_answered", answer))
    rows = (await (await crew.person(Role.ADMIN)).get("updates")).json()["rows"]
    one = next(row["wanted"] for row in rows if row["agent"] == AGENT)
    assert (one["state"], one["reason"]) == ("refused", "updates are not taken here")


async def test_an_agent_fetches_what_was_ordered_for_it_from_where_it_broke_off(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    release = packed(tmp_path, more=bytes(range(256)) * 3000)
    name = await approved(crew, release)
    await roll_out(crew, name, AGENT)
    visitor, content = await office.visitor(), release.read_bytes()
    ours = token(office, AGENT, AGENT_KEY, name)
    whole = await visitor.get(f"releases/{name}/file", headers=ours)
    assert (whole.status_code, whole.content == content) == (200, True)
    rest = await visitor.get(f"releases/{name}/file", headers=ours | {"Range": "bytes=1000-"})
    assert (rest.status_code, rest.content == content[1000:]) == (206, True)
    assert rest.headers["content-range"] == f"bytes 1000-{len(content) - 1}/{len(content)}"
    theirs = token(office, OTHER, OTHER_KEY, name)
    problem(await visitor.get(f"releases/{name}/file", headers=theirs), 404, "not_found")
    forged = token(office, AGENT, OTHER_KEY, name)
    problem(await visitor.get(f"releases/{name}/file", headers=forged), 401, "not_signed_in")
    problem(await visitor.get(f"releases/{name}/file"), 401, "not_signed_in")


async def test_what_no_publisher_signed_or_is_no_release_is_not_taken(
    crew: Crew, office: Office, tmp_path: Path
) -> None:
    admin = await crew.person(Role.ADMIN)
    stranger = packed(tmp_path, key=SigningKey.from_seed(b"x" * 32))
    problem(await bring_up(admin, stranger), 422, "not_a_release")
    good = packed(tmp_path, more=bytes(range(256)) * 100)
    spoiled = bytearray(good.read_bytes())
    spoiled[-400] ^= 1  # in what is packed, before the directory at the end
    problem(await admin.post("releases", content=bytes(spoiled)), 422, "not_a_release")
    problem(await admin.post("releases", content=good.read_bytes()[:-30]), 422, "not_a_release")
    problem(await admin.post("releases", content=b"hello"), 422, "not_a_release")
    problem(await bring_up(await crew.person(Role.KEEPER), good), 403, "forbidden")
    assert (await bring_up(admin, good)).status_code == 201
    problem(await bring_up(admin, good), 409, "release_exists")
    assert await office.rows("SELECT count(*) FROM program") == [{"count": 1}]


async def test_who_wants_it_types_its_version_and_names_agents_of_the_site(crew: Crew, tmp_path: Path) -> None:
    name = await approved(crew, packed(tmp_path))
    problem(await roll_out(crew, name, AGENT, version="0.3.0"), 422, "another_version")
    problem(await roll_out(crew, name, "nj01.gate-z"), 404, "not_found")
    problem(await roll_out(crew, "0" * 64, AGENT), 404, "not_found")
    admin = await crew.person(Role.ADMIN)
    await admin.post(f"agents/{AGENT}/revoke", json={"reason": "lost"})
    problem(await roll_out(crew, name, AGENT), 409, "agent_revoked")
    again = await crew.propose(admin, "approve_update", release=name, version="0.2.0")
    problem(await crew.sign(await crew.person(Role.LEADER), again.json()["act"]), 409, "approved_already")


async def test_a_table_that_says_otherwise_than_the_log_is_found(crew: Crew, office: Office, tmp_path: Path) -> None:
    name = await approved(crew, packed(tmp_path))
    other = packed(tmp_path, "0.3.0")
    await bring_up(await crew.person(Role.ADMIN), other)
    await roll_out(crew, name, AGENT)
    await say(office, ("update_rolled_back", body(name, reason="lost: camera")))
    await office.as_owner("ALTER TABLE agent_update DROP CONSTRAINT agent_update_site_sha256_fkey")
    await each_is_found(office, ["program", "agent_update"], {
        "approved by nobody": ("row_differs", "program",
            "UPDATE program SET approved_at = now(), approved_index = 1 WHERE version = '0.3.0'"),
        "other content": ("row_differs", "program", "UPDATE program SET manifest = manifest || '{\"journal\": 99}'"),
        "it went well": ("row_differs", "agent_update", "UPDATE agent_update SET state = 'applied'"),
        "another version": ("row_differs", "agent_update", "UPDATE agent_update SET version = '9.9.9'"),
        "never ordered": ("row_missing", "agent_update", "DELETE FROM agent_update"),
        "ordered by nobody": ("row_without_entry", "agent_update",
            "INSERT INTO agent_update SELECT site, agent, 2, sha256, version, order_id, ordered_by, ordered_at, index"
            " FROM agent_update"),
    })  # fmt: skip
