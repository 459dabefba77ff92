import pytest

from benchmarks.telling import Teller
from cloud.db.pool import transaction
from cloud.ledger.checkpoints import sign_checkpoints
from custody.roles import Role
from proof.keys import SigningKey
from proof.note import NoteVerifier, read_note
from tests.cloud.api import Office, office, parts, problem
from tests.cloud.receiving import Receiving

__all__ = ["office", "parts"]

KEY = SigningKey.from_seed(b"g" * 32).public.text


async def test_an_agent_is_made_known_once_and_listed(office: Office) -> None:
    admin = await office.signed_in(Role.ADMIN)
    made = await admin.post("agents", json={"id": "nj01.gate-b", "public_key": KEY})
    assert made.status_code == 201
    record = await office.rows("SELECT kind FROM record WHERE index = %s", made.json()["index"])
    assert record == [{"kind": "agent_added"}]
    problem(await admin.post("agents", json={"id": "nj01.gate-b", "public_key": KEY}), 409, "agent_exists")
    assert (await admin.get("agents")).json()["rows"] == [
        {"id": "nj01.gate-b", "site": "nj01", "online": False, "seen_at": None, "next_seq": 1}
    ]


async def test_the_gates_are_those_of_each_agents_newest_sign_of_life(office: Office) -> None:
    teller, keeper = Teller("nj01.gate-a"), await office.signed_in(Role.KEEPER)
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
    await receiving.know(teller)
    assert (await keeper.get("gates")).json()["rows"] == []
    states = {"every_s": 60, "uptime_s": 1, "waiting": 0, "free_bytes": 1, "lost": []}
    for names in (["gate-z"], ["gate-b", "gate-a"]):
        teller.say("heartbeat", states | {"gates": [{"station": name, "position": None} for name in names]})
    teller.chatter(3)
    await receiving.take(teller, teller.batch(1, len(teller.facts)))
    found = [(row["agent"], row["station"]) for row in (await keeper.get("gates")).json()["rows"]]
    assert found == [("nj01.gate-a", "gate-b"), ("nj01.gate-a", "gate-a")], "in the order in which the agent has them"
    teller.say("heartbeat", {"gates": 5})
    await receiving.take(teller, teller.batch(len(teller.facts), len(teller.facts)))
    assert (await keeper.get("gates")).json()["rows"] == [], "what is of no form of ours names nothing"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "sz01.gate-b"}, "bad_agent_id"),
        ({"id": "gate-b"}, "invalid"),
        ({"public_key": "short"}, "invalid"),
        ({"public_key": KEY[:-1] + "_"}, "bad_key"),
    ],
)
async def test_a_wrong_agent_is_refused(office: Office, change: dict[str, str], code: str) -> None:
    admin = await office.signed_in(Role.ADMIN)
    problem(await admin.post("agents", json={"id": "nj01.gate-b", "public_key": KEY} | change), 422, code)
    assert (await admin.get("agents")).json()["rows"] == []


async def test_the_newest_checkpoint_is_a_note_that_verifies(office: Office) -> None:
    client = await office.signed_in(Role.AUDITOR)
    problem(await client.get("sites/nj01/checkpoint"), 404, "not_found")
    key = SigningKey.from_seed(b"s" * 32)
    async with transaction(office.parts.pool) as tx:
        await sign_checkpoints(tx, office.parts.world, lambda _: key)
    answer = await client.get("sites/nj01/checkpoint")
    assert answer.headers["content-type"].startswith("text/plain")
    read_note(answer.content).verify(NoteVerifier("sealtrail/test/nj01", key.public))
    problem(await client.get("sites/sz01/checkpoint"), 403, "forbidden")
    assert (await client.get("sites")).json()["rows"] == [
        {"id": "nj01", "name_zh": "南京一号库", "name_en": "Nanjing One", "unit": None}
    ]


async def test_how_an_agent_is_comes_from_its_newest_sign_of_life_and_its_last_start(office: Office) -> None:
    teller, keeper = Teller("nj01.gate-a"), await office.signed_in(Role.KEEPER)
    receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
    await receiving.know(teller)
    [before] = (await keeper.get("agents/health")).json()["rows"]
    assert (before["id"], before["software"], before["beat_at"], before["stations"]) == ("nj01.gate-a", None, None, [])
    for version in ("1.0", "1.1"):
        teller.say("agent_started", {"software": version})
    teller.say("heartbeat", {
        "every_s": 60, "uptime_s": 1, "waiting": 4, "free_bytes": 5_000_000_000, "lost": ["camera"],
        "gates": [{"station": "gate-a", "position": "open"}], "racks": [{"station": "rack-1", "occupied": []}],
        "doors": [{"station": "store", "position": None}],
    })  # fmt: skip
    teller.chatter(3)
    await receiving.take(teller, teller.batch(1, len(teller.facts)))
    [row] = (await keeper.get("agents/health")).json()["rows"]
    assert (row["software"], row["waiting"], row["free_bytes"], row["lost"]) == ("1.1", 4, 5_000_000_000, ["camera"])
    assert [(one["kind"], one["name"], one["position"]) for one in row["stations"]] == [
        ("gate", "gate-a", "open"), ("door", "store", None), ("rack", "rack-1", None)
    ]  # fmt: skip
    problem(await (await office.visitor()).get("agents/health"), 401, "not_signed_in")
