"""A site that was worked at for a day, in the database and on disk: what those who tamper begin with."""

import json
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from benchmarks.telling import Teller
from cloud import keys
from cloud.db.pool import open_pool, transaction
from cloud.fleet.service import add_agent
from cloud.keyroom import found_site
from cloud.ledger.check import LedgerCheck, verify_site
from cloud.ledger.derived import Derived
from cloud.ledger.key_history import record_birth
from cloud.ledger.service import close_ledger, open_ledger
from cloud.ledger.walk import Trust, Walk
from cloud.media.store import open_store, read
from cloud.parts import Parts
from cloud.people.passwords import Passwords
from cloud.web.app import create_app
from cloud.world import World
from custody.roles import Role
from proof.cosignature import cosign
from proof.keys import SigningKey
from proof.note import read_note
from tests.cloud.api import Office
from tests.cloud.conftest import DEPLOYMENT, SITE, Clock
from tests.cloud.evidence.walk import GATE
from tests.cloud.evidence.walk import Walk as Day
from tests.cloud.evidence.warehouse import Warehouse, made
from tests.cloud.imports.files import csv_of, send
from tests.cloud.ledger.joined import join_and_leave
from tests.cloud.receiving import CLOUD_KEY, LOG_KEY, PACK
from wire.rule_packs import load_rule_pack

LABEL_KEY = SigningKey.from_seed(b"b" * 32)
WITNESS_KEY = SigningKey.from_seed(b"w" * 32)
WITNESS = "sealtrail/gd01.gate-a"
OTHER = "nj01.gate-b"
ERASED = "erased.json"
SEEDS = {keys.CLOUD: b"c" * 32, keys.LABEL: b"b" * 32, keys.log_key_name(SITE): b"l" * 32}


@dataclass(frozen=True)
class Walked:
    """The template database `name`, the folders beside it, and a checkpoint that somebody outside kept."""

    name: str
    folder: Path
    outside: bytes

    def media(self, into: Path) -> Path:
        """A copy of the stills, to be tampered with."""
        shutil.copytree(self.folder / "media", into)
        return into


async def walk(app_url: str, folder: Path) -> bytes:
    """Works a day in the empty migrated database at `app_url`; returns an older checkpoint of it."""
    clock = Clock()
    world = World(now=clock.now, random=Random(7).randbytes)
    for name, seed in SEEDS.items():
        keys.write_key(folder / "keys", name, seed)
    async with open_pool(app_url) as pool, AsyncExitStack() as stack:
        async with transaction(pool) as tx:
            await found_site(
                tx, world, folder / "keys", site=SITE, name_zh="南京一号库", name_en="Nanjing One",
                deployment=DEPLOYMENT, actor="test",
            )  # fmt: skip
        parts = Parts(
            database_url=app_url, pool=pool, world=world, pack=load_rule_pack(), cloud_key=CLOUD_KEY,
            label_key=LABEL_KEY, media=open_store(str(folder / "media")),
        )  # fmt: skip
        passwords = Passwords(time_cost=1, memory_kib=64)
        day = Day(Office(create_app(parts, passwords=passwords), parts, passwords, "", stack), clock, LOG_KEY)
        await _witness(day)
        store = await day.whole()
        (row,) = await day.office.rows("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
        erased = await _more(day, store)
        await join_and_leave(day.office, day.receiving, folder / "ca")
        await day.sign()
        await _cosign(day)
        (folder / "media" / ERASED).write_text(json.dumps(erased))
        return str(row["note"]).encode()


async def _witness(day: Day) -> None:
    async with transaction(day.office.parts.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await record_birth(
            tx, appender, day.office.parts.world, role="witness", owner=WITNESS, key=WITNESS_KEY.public, actor="test"
        )
        await close_ledger(tx, appender)


async def _more(day: Day, store: Warehouse) -> list[str]:
    """What a day has besides: refusals, an abandoned passage, holds, a revoked permit, noise, another agent."""
    await store.crew.do("approve_release", store.package, by=(Role.CASE_HANDLER, Role.APPROVER))
    permit = made(await store.keeper.post("permits", json=store.permit("out")))
    people = [row["thing"] for row in await day.office.rows("SELECT thing FROM label WHERE kind = 'person'")]
    body = day._body(store, "out", people)
    use = {"permit": permit["id"], "thing": store.package}
    decision = day._say("passage_decided", body | {"outcome": "allowed", "rule": "gate.permit.valid", "uses": [use]})
    day._say("passage_abandoned", {"station": GATE, "decision": decision, "uses": [use]})
    forged = {"outcome": "refused", "reason": "forged_label", "subject": "ST1:X", "rule": _rule("forged_label")}
    day._say("passage_decided", body | forged | {"sights": [{"genuineness": "forged", "id": "ST1:X"}]})
    (order,) = await day.office.rows("SELECT id FROM agent_order ORDER BY created_at LIMIT 1")
    day._say("order_answered", {"order": order["id"], "outcome": "done"})
    day._say("passage_crossed", {"station": GATE, "direction": "in", "decision": None, "things": []})
    await day.send()
    await day.sign()
    new = {"case_id": store.case, "name": "茶叶", "quantity": 3, "unit": "盒"}
    item = made(await store.inspector.post("items", json=new))["id"]
    for thing in (item, store.package):
        made(await store.approver.post("holds", json={"things": [thing], "reason": "法院通知"}))
    assert (await store.approver.post("holds/lift", json={"things": [store.package]})).is_success
    revoked = made(await store.keeper.post("permits", json=store.permit("out")))["id"]
    answer = await store.keeper.post("permits/revoke", json={"permit": revoked, "reason": "改期"})
    assert answer.is_success, answer.text
    imported = await send(store.inspector, csv_of(), "a-file")
    assert imported.is_success, imported.text
    erased = await _erase(day)
    day.teller.chatter(300)
    await day.send()
    await _another_agent(day)
    await day.receiving.take(day.teller, b"noise")
    await day.sign()
    return erased


async def _erase(day: Day) -> list[str]:
    """A person's name goes, by two others; returns salt (hex) and content as somebody may have kept them."""
    person = await day.office.person()
    (row,) = await day.office.rows(
        "SELECT t.index, r.salt, r.content FROM thing_entry t JOIN record r USING (site, index) WHERE thing = %s",
        person.id,
    )
    one, other = await day.office.signed_in(Role.ADMIN), await day.office.signed_in(Role.APPROVER)
    proposed = made(await one.post("erasures", json={"entries": [row["index"]], "ground": "个人信息保护法"}))
    done = await other.post("erasures/confirm", json={"proposal": proposed["index"]})
    assert done.is_success, done.text
    return [row["salt"].hex(), row["content"]]


async def _another_agent(day: Day) -> None:
    parts, other = day.office.parts, Teller(OTHER)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await add_agent(
            tx, appender, parts.world, agent=OTHER, public_key=other.key.public, at=parts.world.now(), actor="test"
        )
        await close_ledger(tx, appender)
    other.chatter(20)
    for first in (1, 11):
        await day.receiving.take(other, other.batch(first, first + 9))


async def _cosign(day: Day) -> None:
    at = day.clock.at.replace(microsecond=0) + timedelta(seconds=3)
    for row in await day.office.rows("SELECT size, note FROM checkpoint ORDER BY size"):
        line = cosign(read_note(row["note"].encode()).text, WITNESS, WITNESS_KEY, int(at.timestamp())).line()
        await day.office.execute("INSERT INTO cosignature VALUES (%s, %s, %s, %s, %s)", SITE, row["size"], WITNESS,
                                 at, line)  # fmt: skip


def _rule(reason: str) -> str:
    return str(PACK.content["refusals"][reason])


async def verified(
    app_url: str, media: Path, *, known: tuple[bytes, ...] = (), started: Walk | None = None,
    save: Callable[[Walk], None] = lambda _: None, piece: int = 1024,
) -> LedgerCheck:  # fmt: skip
    """What `sealtrail ledger verify` finds in the database at `app_url`."""
    store = open_store(str(media))
    async with open_pool(app_url, most=1) as pool, transaction(pool) as tx:
        return await verify_site(
            tx, Trust(LOG_KEY.public, known=known), started or Walk(SITE, Derived(SITE)),
            read_still=lambda sha256: read(store, sha256), on_progress=lambda *_: None, save=save,
            piece=piece,
        )  # fmt: skip
