"""Keys are born, replaced, lost and revoked in the log, and what they sign is believed accordingly."""

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks.telling import Teller
from cloud import keys
from cloud.db.pool import Pool, transaction
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.intake import Office
from cloud.fleet.service import add_agent_key, keys_of
from cloud.keyroom import found_site, next_of, replace_key, tell_logs
from cloud.ledger.checkpoints import newest_checkpoint, sign_checkpoints
from cloud.ledger.key_history import Why, find_living, lives, record_birth, record_end
from cloud.ledger.service import close_ledger, open_ledger
from cloud.opening import log_keys
from cloud.uplink import take, verify
from cloud.world import World
from proof import jws
from proof.checkpoint import verify_checkpoint
from proof.keyring import Keyring
from proof.keys import SigningKey
from proof.note import NoteVerifier
from tests.cloud.conftest import DEPLOYMENT
from tests.cloud.receiving import PACK, Receiving
from wire.link import Message

OTHER_KEY = SigningKey.from_seed(b"o" * 32)


async def found(pool: Pool, world: World, folder: Path, site: str) -> None:
    for name in (keys.CLOUD, keys.LABEL):
        keys.read_or_write_key(folder, name, world.random)
    async with transaction(pool) as tx:
        await found_site(tx, world, folder, site=site, name_zh="一", name_en="one", deployment=DEPLOYMENT, actor="test")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def told(pool: Pool, site: str) -> Keyring:
    """The keys as the log's own records tell them."""
    async with transaction(pool) as tx:
        found = await (
            await tx.execute(b"SELECT index, kind, content FROM record WHERE site = %s ORDER BY index", [site])
        ).fetchall()
    return Keyring((row["index"], row["kind"], json.loads(row["content"])) for row in found)


async def agree(pool: Pool, site: str) -> Keyring:
    """The same, and the table says nothing else."""
    keyring = await told(pool, site)
    async with transaction(pool) as tx:
        table = {(r["role"], r["owner"], r["kid"], r["born"], r["ended"], r["why"]) for r in await lives(tx, site)}
    assert table == {(k.role, k.owner, k.key.kid, k.born, k.ended, k.why or None) for k in keyring.lives}
    return keyring


async def end(receiving: Receiving, kid: str, why: Why = "revoked") -> int:
    async with transaction(receiving.pool) as tx:
        appender = await open_ledger(tx, receiving.site)
        life = await find_living(tx, receiving.site, kid)
        index = await record_end(
            tx, appender, receiving.world, role=life["role"], owner=life["owner"], kid=kid, why=why, actor="test"
        )
        await close_ledger(tx, appender)
    return index


async def test_a_log_begins_with_the_keys_that_speak_for_it(pool: Pool, world: World, tmp_path: Path) -> None:
    await found(pool, world, tmp_path, "nj01")
    await found(pool, world, tmp_path, "sz01")
    for site in ("nj01", "sz01"):
        keyring = await agree(pool, site)
        assert [(life.role, life.owner, life.born) for life in keyring.lives] == [
            ("log", f"sealtrail/{DEPLOYMENT}/{site}", 0),
            ("cloud", f"sealtrail/{DEPLOYMENT}", 1),
            ("label", f"sealtrail/{DEPLOYMENT}", 2),
        ]


async def test_a_replaced_key_ends_where_the_new_one_is_told_of_in_every_log(
    pool: Pool, world: World, tmp_path: Path
) -> None:
    await found(pool, world, tmp_path, "nj01")
    await found(pool, world, tmp_path, "sz01")
    old = keys.read_key(tmp_path, keys.CLOUD).public
    done = await replace_key(pool, world, tmp_path, name="cloud", deployment=DEPLOYMENT, actor="test")
    assert done.sites == ("nj01", "sz01")
    assert keys.read_key(tmp_path, keys.CLOUD).public == done.key != old
    assert files(tmp_path) == [
        "cloud.pem", "label.pem", "log-nj01.pem", "log-sz01.pem",
    ]  # fmt: skip
    for site in done.sites:
        keyring, owner = await agree(pool, site), f"sealtrail/{DEPLOYMENT}"
        assert keyring.find("cloud", owner, old.kid, 3) == old
        assert keyring.find("cloud", owner, old.kid, 4) is None
        assert keyring.find("cloud", owner, done.key.kid, 3) == done.key


async def test_a_replacement_that_was_cut_off_is_finished_by_doing_it_again(
    pool: Pool, world: World, tmp_path: Path
) -> None:
    await found(pool, world, tmp_path, "nj01")
    old = (tmp_path / "label.pem").read_bytes()
    first = await replace_key(pool, world, tmp_path, name="label", deployment=DEPLOYMENT, actor="test")
    (tmp_path / "label.pem").rename(tmp_path / "label.next.pem")  # as if the files had not been exchanged any more
    (tmp_path / "label.pem").write_bytes(old)
    (tmp_path / "label.pem").chmod(0o600)
    again = await replace_key(pool, world, tmp_path, name="label", deployment=DEPLOYMENT, actor="test")
    assert again.key == first.key == keys.read_key(tmp_path, "label").public
    assert len((await agree(pool, "nj01")).lives) == 4


async def test_a_log_is_signed_with_its_living_key_only(pool: Pool, world: World, tmp_path: Path) -> None:
    await found(pool, world, tmp_path, "nj01")
    old = keys.read_key(tmp_path, "log-nj01")
    await replace_key(pool, world, tmp_path, name="log-nj01", deployment=DEPLOYMENT, actor="test")
    async with transaction(pool) as tx:
        await sign_checkpoints(tx, world, lambda _: old)
        assert await newest_checkpoint(tx, "nj01") is None
        await sign_checkpoints(tx, world, lambda _: keys.read_key(tmp_path, "log-nj01"))
        row = await newest_checkpoint(tx, "nj01")
    assert row is not None
    log = NoteVerifier(f"sealtrail/{DEPLOYMENT}/nj01", keys.read_key(tmp_path, "log-nj01").public)
    assert verify_checkpoint(row["note"].encode(), log).size == 5


async def test_workers_go_on_with_the_new_key_where_they_stand_and_whoever_waits_signs_by_it(
    pool: Pool, world: World, tmp_path: Path
) -> None:
    await found(pool, world, tmp_path, "nj01")
    receiving, teller = Receiving(pool, world, "nj01"), Teller("nj01.gate-a")
    receiving.office = Office(world, keys.FileSigner(tmp_path, keys.CLOUD), PACK)
    find = log_keys(tmp_path)
    await receiving.know(teller)
    teller.chatter(6)
    for first, name in ((1, None), (3, "cloud"), (5, "log-nj01")):
        if name is not None:
            replacing = asyncio.create_task(
                replace_key(pool, world, tmp_path, name=name, deployment=DEPLOYMENT, actor="test")
            )
            taking = asyncio.create_task(receiving.take(teller, teller.batch(first, first + 1)))
            await asyncio.gather(replacing, taking)  # at the same time: one waits for the other
        outcome = await receiving.take(teller, teller.batch(first, first + 1))
        (receipt,) = outcome.receipts.values()
        assert jws.kid_of(receipt) == keys.read_key(tmp_path, keys.CLOUD).public.kid
        async with transaction(pool) as tx:
            await sign_checkpoints(tx, world, find)
            row = await newest_checkpoint(tx, "nj01")
        assert row is not None
        log = NoteVerifier(f"sealtrail/{DEPLOYMENT}/nj01", keys.read_key(tmp_path, "log-nj01").public)
        verify_checkpoint(row["note"].encode(), log)
    assert await receiving.facts(teller.agent) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("cut", ["before the files", "between files and entries", "before the old one went"])
async def test_a_rotation_that_was_cut_off_anywhere_is_finished_with_one_birth_and_one_end(
    pool: Pool, world: World, tmp_path: Path, cut: str
) -> None:
    await found(pool, world, tmp_path, "nj01")
    old, name = keys.read_key(tmp_path, "cloud").public, "cloud"
    if cut != "before the old one went":
        keys.write_key(tmp_path, next_of(name), b"n" * 32)
        (tmp_path / "cloud.old.pem").hardlink_to(tmp_path / "cloud.pem")
        if cut == "between files and entries":
            (tmp_path / "cloud.next.pem").replace(tmp_path / "cloud.pem")
    else:
        kept = (tmp_path / "cloud.pem").read_bytes()
        await replace_key(pool, world, tmp_path, name=name, deployment=DEPLOYMENT, actor="test")
        keys.write_secret(tmp_path, "cloud.old.pem", kept)
    done = await replace_key(pool, world, tmp_path, name=name, deployment=DEPLOYMENT, actor="test")
    assert done.key == keys.read_key(tmp_path, name).public != old
    assert files(tmp_path) == ["cloud.pem", "label.pem", "log-nj01.pem"]
    told = [(life.key, life.ended is None) for life in (await agree(pool, "nj01")).lives if life.role == "cloud"]
    assert told == [(old, False), (done.key, True)]


@pytest.mark.parametrize("name", ["witness", "log-zz99", "log-", "../cloud", "nj01.gate-a"])
async def test_no_other_file_is_replaced(pool: Pool, world: World, tmp_path: Path, name: str) -> None:
    await found(pool, world, tmp_path, "nj01")
    with pytest.raises(InvalidError):
        await replace_key(pool, world, tmp_path, name=name, deployment=DEPLOYMENT, actor="test")


async def test_a_site_older_than_key_histories_is_told_of_its_keys_once(
    pool: Pool, world: World, site: str, tmp_path: Path
) -> None:
    teller = Teller("nj01.gate-a")
    for name in (keys.CLOUD, keys.LABEL, "log-nj01"):
        keys.read_or_write_key(tmp_path, name, world.random)
    async with transaction(pool) as tx:
        await tx.execute(
            b"INSERT INTO agent VALUES (%s, 'nj01', %s, now(), NULL)", [teller.agent, teller.key.public.raw]
        )
        assert await keys_of(tx, [teller.agent]) == {teller.agent: {teller.key.public.kid: teller.key.public}}
        for entries in ([0, 1, 2, 3], []):
            found = await tell_logs(tx, world, tmp_path, deployment=DEPLOYMENT, sites=[site], actor="test")
            assert found == {site: entries}
    assert {life.role for life in (await agree(pool, site)).lives} == {"agent", "cloud", "label", "log"}


async def test_an_agent_has_two_keys_until_the_old_one_is_ended(pool: Pool, world: World, site: str) -> None:
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(8)
    await receiving.take(teller, teller.batch(1, 2))
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        await add_agent_key(tx, appender, world, agent=teller.agent, key=OTHER_KEY.public, actor="test")
        await close_ledger(tx, appender)
    old, teller.key = teller.key, OTHER_KEY
    await receiving.take(teller, teller.batch(3, 4))
    teller.key = old
    await receiving.take(teller, teller.batch(5, 6))
    assert await receiving.facts(teller.agent) == [1, 2, 3, 4, 5, 6]
    await end(receiving, old.public.kid)
    await receiving.take(teller, teller.batch(7, 8))
    assert await receiving.facts(teller.agent) == [1, 2, 3, 4, 5, 6]
    assert [reason for reason, _ in await receiving.quarantined()] == ["wrong_signature"]
    teller.key = OTHER_KEY
    await receiving.take(teller, teller.batch(7, 8))
    assert await receiving.facts(teller.agent) == [1, 2, 3, 4, 5, 6, 7, 8]
    await agree(pool, site)


async def test_a_key_that_ends_between_looking_and_taking_is_not_believed(pool: Pool, world: World, site: str) -> None:
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.chatter(2)
    arrived = await verify(pool, [Message(teller.topic, teller.batch(1, 2))])
    await end(receiving, teller.key.public.kid, "lost")
    assert (await take(pool, receiving.office, arrived)).receipts == {}
    assert await receiving.facts(teller.agent) == []
    assert [reason for reason, _ in await receiving.quarantined()] == ["wrong_signature"]


async def test_a_key_is_born_once_and_ends_once(pool: Pool, world: World, site: str) -> None:
    receiving = Receiving(pool, world, site)

    async def born() -> None:
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, site)
            await record_birth(
                tx, appender, world, role="agent", owner="nj01.gate-a", key=OTHER_KEY.public, actor="test"
            )
            await close_ledger(tx, appender)

    await born()
    with pytest.raises(ConflictError):
        await born()
    await end(receiving, OTHER_KEY.public.kid)
    with pytest.raises(NotFoundError):
        await end(receiving, OTHER_KEY.public.kid)
    with pytest.raises(ConflictError):
        await born()
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, site)
        with pytest.raises(NotFoundError):
            await add_agent_key(tx, appender, world, agent="nj01.none", key=OTHER_KEY.public, actor="test")
