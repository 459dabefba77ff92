import hashlib
import json
from typing import Any

import httpx
import psycopg
import pytest

from cloud.db.pool import transaction
from cloud.evidence.erasure import ERASED_TEXT
from cloud.ledger import walk as ledger_walk
from cloud.ledger.check import verify_site
from cloud.ledger.derived import Derived
from cloud.media.errors import StoreGoneError
from cloud.media.store import read
from cloud.people.roles import Right
from custody.roles import Role
from proof.bundle import read_bundle, write_bundle
from tests.cloud.api import AGENT, Office, problem
from tests.cloud.evidence.crew import JPEG, Crew
from tests.cloud.evidence.filming import FILM, bring, clip_body, digest, segment_body, tell
from tests.cloud.evidence.test_bundles import Check, check, exported, store, walk
from tests.cloud.evidence.walk import DIGEST, Walk
from tests.cloud.evidence.warehouse import Warehouse, made
from tests.cloud.receiving import LOG_KEY, PACK

__all__ = ["check", "store", "walk"]

GROUND = "《个人信息保护法》第四十七条"


async def index_of(office: Office, kind: str) -> int:
    """The entry of the first record of `kind`."""
    (row,) = await office.rows("SELECT min(index) AS index FROM record WHERE kind = %s", kind)
    return int(row["index"])


async def first_decision(office: Office) -> int:
    """The entry of what the gate decided first."""
    (row,) = await office.rows("SELECT min(index) AS index FROM passage")
    return int(row["index"])


async def two(office: Office) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    return await office.signed_in(Role.APPROVER), await office.signed_in(Role.ADMIN)


async def erase(office: Office, *entries: int) -> dict[str, object]:
    first, second = await two(office)
    proposed = made(await first.post("erasures", json={"entries": list(entries), "ground": GROUND}))
    done: dict[str, object] = made(await second.post("erasures/confirm", json={"proposal": proposed["index"]}))
    return done


async def verified(office: Office, walk: Walk) -> bool:
    """Whether the whole ledger holds, down to its tables and stills."""
    await walk.sign()

    async def read_still(digest: str) -> bytes:
        return await read(office.parts.media, digest)

    async with transaction(office.parts.pool) as tx:
        found = await verify_site(
            tx, ledger_walk.Trust(LOG_KEY.public), ledger_walk.Walk("nj01", Derived("nj01")), read_still=read_still,
            on_progress=lambda *_: None, save=lambda _: None,
        )  # fmt: skip
    assert found.ok, found
    return found.ok


async def test_content_and_salt_go_and_every_proof_still_holds(
    office: Office, store: Warehouse, walk: Walk, check: Check
) -> None:
    item, decision = await index_of(office, "item_registered"), await first_decision(office)
    done = await erase(office, item, decision)
    assert done["entries"] == [item, decision]
    rows = await office.rows("SELECT content, salt FROM record WHERE index = %s", item)
    rows += await office.rows("SELECT content, salt FROM fact WHERE index = %s", decision)
    assert rows == [{"content": None, "salt": None}] * 2
    await walk.sign()
    answer = await exported(office, store.package)
    assert answer.status_code == 200, answer.text
    code, told = check(answer.content)
    assert code == 0, told
    assert f"2 entries was erased by entry {done['index']} on a legal ground ({GROUND}): {item}, {decision}" in told
    bundle = read_bundle(answer.content)
    assert f"entries/{item}.json" in bundle.files
    assert f"contents/{item}.json" not in bundle.files


async def test_the_erasure_is_an_entry_with_two_signers(office: Office, store: Warehouse) -> None:
    done = await erase(office, await index_of(office, "item_registered"))
    (row,) = await office.rows("SELECT kind, actor, content FROM record WHERE index = %s", done["index"])
    content = json.loads(row["content"])
    assert row["kind"] == "content_erased"
    assert content["ground"] == GROUND
    assert content["proposed_by"] != content["actor"] == done["confirmed_by"]


async def test_what_was_erased_can_still_be_read_of(office: Office, store: Warehouse) -> None:
    await erase(
        office,
        await index_of(office, "item_registered"),
        await index_of(office, "case_opened"),
        await first_decision(office),
    )
    assert (await store.keeper.get(f"items/{store.item}")).json()["name"] == ERASED_TEXT
    assert (await store.keeper.get(f"cases/{store.case}")).json()["title"] == ERASED_TEXT
    rows = (await store.keeper.get(f"history/{store.item}")).json()["rows"]
    assert [row["kind"] for row in rows if row["erased"]] == ["item_registered", "passage_decided"]
    assert all(row["content"] == {} for row in rows if row["erased"])


async def test_a_still_goes_with_the_decision_that_names_it(office: Office, store: Warehouse, walk: Walk) -> None:
    (row,) = await office.rows("SELECT index FROM passage WHERE picture = %s", DIGEST)
    done = await erase(office, row["index"])
    assert done["stills"] == [DIGEST]
    problem(await store.keeper.get(f"media/{DIGEST}"), 404, "not_found")
    with pytest.raises(StoreGoneError):
        await read(office.parts.media, DIGEST)
    (told,) = [r for r in (await store.keeper.get(f"history/{store.package}")).json()["rows"] if r["erased"]]
    assert (told["picture"], told["picture_ready"]) == (None, False)
    await walk.sign()
    assert set(read_bundle((await exported(office, store.package)).content).named("media", ".jpg")) == {
        hashlib.sha256(JPEG).hexdigest()
    }  # the seal's photograph


async def test_a_steps_photographs_go_with_the_last_record_that_names_them(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    photo = hashlib.sha256(JPEG).hexdigest()
    found = await office.rows("SELECT index, kind FROM record WHERE content LIKE %s ORDER BY index", f"%{photo}%")
    assert {row["kind"] for row in found} == {"act_proposed", "custody_step"}
    *first, last = [row["index"] for row in found]
    assert (await erase(office, *first))["stills"] == []
    assert (await store.keeper.get(f"media/{photo}")).status_code == 200  # the last one still rests on it
    assert (await erase(office, last))["stills"] == [photo]
    problem(await store.keeper.get(f"media/{photo}"), 404, "not_found")
    with pytest.raises(StoreGoneError):
        await read(office.parts.media, photo)
    (act,) = await office.rows("SELECT details FROM act WHERE action = 'seal'")
    assert act["details"] == {"erased": ERASED_TEXT}
    assert await verified(office, walk)


async def test_what_waits_for_a_hand_is_not_erased(office: Office, store: Warehouse) -> None:
    crew = Crew(office)
    handler = await crew.person(Role.CASE_HANDLER)
    details: dict[str, Any] = {"purpose": "court", "due_at": "2026-12-01T00:00:00Z", "reason": "开庭"}
    asked = await crew.propose(handler, "approve_release", store.package, **details)
    (row,) = await office.rows("SELECT index FROM record WHERE kind = 'act_proposed' ORDER BY index DESC LIMIT 1")
    first, _ = await two(office)
    told = problem(await first.post("erasures", json={"entries": [row["index"]], "ground": GROUND}), 409, "act_open")
    assert asked.json()["act"] in told["detail"]


async def test_the_whole_ledger_still_verifies_down_to_its_tables_and_stills(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    (row,) = await office.rows("SELECT index FROM passage WHERE picture = %s", DIGEST)
    kinds = ("item_registered", "case_opened", "person_added")
    await erase(office, row["index"], *[await index_of(office, kind) for kind in kinds])
    assert await verified(office, walk)


async def test_the_number_of_a_seal_goes_with_its_sealing_and_is_found_no_more(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    crew, package = Crew(office), store.package
    await store.stand("opened")
    await crew.do("reseal", package, by=(Role.KEEPER, Role.BOOKKEEPER), seal_number="G00077")
    by_seal = {row["seal"]: row["index"] for row in await office.rows(
        "SELECT index, content::jsonb -> 'details' ->> 'seal_number' AS seal FROM record WHERE kind = 'custody_step'"
    )}  # fmt: skip

    async def found(number: str) -> bool:
        groups = (await store.keeper.get("search", params={"q": number})).json()["groups"]
        return package in [hit["thing"] for group in groups for hit in group["hits"] if group["kind"] == "package"]

    assert await found("F01")
    assert await found("G00077")
    await erase(office, by_seal["F01"])  # the older one: the newer stays
    assert not await found("F01")
    assert (await store.keeper.get(f"packages/{package}")).json()["seal_number"] == "G00077"
    (placed,) = await office.rows(
        "SELECT index FROM record WHERE content LIKE '%%\"action\":\"place\"%%' AND kind = 'custody_step'"
    )
    await erase(office, placed["index"])  # which tells of no seal
    assert await found("G00077")
    await erase(office, by_seal["G00077"])
    assert not await found("G00077")
    assert not await found("已依法删除")
    assert (await store.keeper.get(f"packages/{package}")).json()["seal_number"] == ERASED_TEXT
    for table in ("package", "search_entry"):
        rows = await office.rows(f"SELECT 1 FROM {table} t WHERE t::text LIKE '%%G00077%%' OR t::text LIKE '%%F01%%'")  # noqa: S608 - names above
        assert rows == []
    await crew.do("open", package, by=(Role.KEEPER, Role.BOOKKEEPER))
    await crew.do("reseal", package, by=(Role.KEEPER, Role.BOOKKEEPER), seal_number="H00001")
    assert await found("H00001")
    assert await verified(office, walk)


async def test_the_film_of_a_passage_goes_with_it_unless_it_is_left_out(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    seq = await tell(walk, FILM)
    await bring(await office.visitor(), FILM)
    (row,) = await office.rows("SELECT index FROM fact WHERE agent = %s AND seq = %s", AGENT, seq)
    first, second = await two(office)
    asked = (await first.get("erasures/related", params={"entry": row["index"]})).json()["rows"]
    assert [(one["kind"], one["why"], one["shows"]) for one in asked] == [
        ("clip_segment", "film", []),
        ("clip_closed", "film", []),
    ]
    body = {"entries": [row["index"]], "ground": GROUND, "with_related": False}
    proposed = made(await first.post("erasures", json=body))
    assert proposed["entries"] == [row["index"]]  # which leaves the film
    proposed = made(await first.post("erasures", json=body | {"with_related": True}))
    assert proposed["entries"] == [row["index"], *(one["index"] for one in asked)]
    done = made(await second.post("erasures/confirm", json={"proposal": proposed["index"]}))
    assert digest(FILM) in done["stills"]
    problem(await store.keeper.get(f"media/{digest(FILM)}"), 404, "not_found")
    assert (await first.get("erasures/related", params={"entry": row["index"]})).json()["rows"] == []
    problem(await store.keeper.get("erasures/related", params={"entry": 0}), 403, "forbidden")
    assert await verified(office, walk)


async def test_film_that_shows_more_than_one_passage_says_so_and_a_hold_on_either_keeps_it(
    office: Office, store: Warehouse, walk: Walk
) -> None:
    first_seq, second_seq = [f.seq for f in walk.teller.facts if f.kind == "passage_decided"][:2]
    walk.teller.say("clip_segment", segment_body(first_seq))
    walk.teller.say("clip_closed", clip_body([first_seq, second_seq], FILM))
    await walk.send()
    one, other = [row["index"] for row in await office.rows(
        "SELECT index FROM fact WHERE agent = %s AND seq = ANY (%s) ORDER BY seq", AGENT, [first_seq, second_seq]
    )]  # fmt: skip
    admin = await office.signed_in(Role.ADMIN)
    shown = (await admin.get("erasures/related", params={"entry": one})).json()["rows"]
    assert [row["shows"] for row in shown if row["kind"] == "clip_segment"] == [[other]]
    made(await store.approver.post("holds", json={"things": [store.item], "reason": "a court"}))
    refused = problem(await admin.post("erasures", json={"entries": [one], "ground": GROUND}), 409, "refused")
    assert refused["reason"] == "legal_hold"


async def test_one_person_alone_erases_nothing(office: Office, store: Warehouse) -> None:
    first, second = await two(office)
    item = await index_of(office, "item_registered")
    proposed = made(await first.post("erasures", json={"entries": [item], "ground": GROUND}))["index"]
    problem(await first.post("erasures/confirm", json={"proposal": proposed}), 403, "same_person")
    problem(await second.post("erasures/confirm", json={"proposal": item}), 404, "not_found")
    assert await office.rows("SELECT FROM record WHERE content IS NULL") == []
    made(await second.post("erasures/confirm", json={"proposal": proposed}))
    problem(await second.post("erasures/confirm", json={"proposal": proposed}), 409, "erased")
    problem(await first.post("erasures", json={"entries": [item], "ground": GROUND}), 409, "erased")


@pytest.mark.parametrize("held", ["item", "package"])
async def test_a_legal_hold_forbids_it_also_after_it_was_proposed(office: Office, store: Warehouse, held: str) -> None:
    first, second = await two(office)
    entries = [await index_of(office, "case_opened")]
    proposed = made(await first.post("erasures", json={"entries": entries, "ground": GROUND}))["index"]
    thing = getattr(store, held)
    made(await store.approver.post("holds", json={"things": [thing], "reason": "a court"}))
    for answer in (
        await second.post("erasures/confirm", json={"proposal": proposed}),
        await first.post("erasures", json={"entries": entries, "ground": GROUND}),
    ):
        refused = problem(answer, 409, "refused")
        assert (refused["reason"], refused["rule"]) == ("legal_hold", "gate.hold")


async def test_keys_and_erasures_are_never_erased(office: Office, store: Warehouse) -> None:
    first, _ = await two(office)
    entries = [await index_of(office, "key_born")]
    problem(await first.post("erasures", json={"entries": entries, "ground": GROUND}), 422, "not_erasable")
    done = await erase(office, await index_of(office, "item_registered"))
    problem(await first.post("erasures", json={"entries": [done["index"]], "ground": GROUND}), 422, "not_erasable")
    problem(await first.post("erasures", json={"entries": [10**9], "ground": GROUND}), 404, "not_found")


async def test_only_who_may_erase(office: Office, store: Warehouse) -> None:
    for role in Role:
        if not PACK.may(frozenset({role}), Right.ERASE):
            client = await office.signed_in(role)
            problem(await client.post("erasures", json={"entries": [0], "ground": "x"}), 403, "forbidden")
            problem(await client.post("erasures/confirm", json={"proposal": 0}), 403, "forbidden")


async def test_the_database_lets_no_content_go_without_an_erasure(office: Office, store: Warehouse) -> None:
    for statement in (
        "UPDATE fact SET content = NULL, salt = NULL",
        "UPDATE record SET content = NULL, salt = NULL",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await office.execute(statement)


async def test_content_that_went_without_an_entry_is_only_withheld(
    office: Office, store: Warehouse, check: Check
) -> None:
    """A bundle in which a content is missing says so, and does not call it erased."""
    answer = await exported(office, store.package)
    files = dict(read_bundle(answer.content).files)
    item = await index_of(office, "item_registered")
    del files[f"contents/{item}.json"], files[f"contents/{item}.salt"]
    code, told = check(write_bundle(files))
    assert code == 0
    assert f"1 entries is withheld: {item}" in told
    assert "legal ground" not in told
