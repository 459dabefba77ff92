"""Ways to tamper that take more than one statement of SQL: each is given the database as its superuser."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from proof import jws
from proof.canonical import canonical
from proof.chain import commit_record
from proof.checkpoint import Checkpoint
from proof.cosignature import cosign
from proof.keys import SigningKey, VerifyKey
from proof.merkle import Frontier, leaf_hash
from proof.note import read_note
from proof.statement import STATEMENT_TYPE
from proof.tiles import grow
from tests.cloud.conftest import SITE
from tests.cloud.ledger.walked import ERASED, WITNESS, WITNESS_KEY
from tests.cloud.receiving import LOG_KEY

Owner = psycopg.Connection[tuple[Any, ...]]
Trick = Callable[[Owner, Path], object]
THIEF = SigningKey.from_seed(b"t" * 32)


def sql(*statements: str) -> Trick:
    """What a few statements do; each has to change at least one row."""

    def run(owner: Owner, media: Path) -> None:
        for statement in statements:
            done = owner.execute(statement.encode())
            assert done.rowcount > 0, f"changes nothing: {statement}"

    return run


def entries(owner: Owner) -> list[str]:
    """The entries, in their order."""
    return [row[0] for row in owner.execute("SELECT entry FROM ledger_entry ORDER BY index")]


def rewrite(owner: Owner, told: list[str], key: SigningKey, sizes: list[int]) -> None:
    """Makes the log be `told`, with head and tiles that fit, and checkpoints of `sizes` signed by `key`."""
    leaves = [leaf_hash(entry.encode()) for entry in told]
    owner.execute("DELETE FROM ledger_entry; DELETE FROM ledger_tile; DELETE FROM checkpoint")
    with owner.cursor() as cursor:
        cursor.executemany("INSERT INTO ledger_entry VALUES (%s, %s, %s)", [(SITE, n, e) for n, e in enumerate(told)])
        tiles = [(SITE, tile.level, tile.n, hashes) for tile, hashes in grow({}, 0, leaves).items()]
        cursor.executemany("INSERT INTO ledger_tile VALUES (%s, %s, %s, %s)", tiles)
    nodes = list(Frontier().append(leaves).nodes)
    owner.execute("UPDATE ledger_head SET size = %s, frontier = %s", [len(told), nodes])
    for size in sizes:
        root = Frontier().append(leaves[:size]).root()
        note = Checkpoint(f"sealtrail/test/{SITE}", size, root).sign(key)
        row = [SITE, size, root, note, datetime(2026, 11, 22, 3, tzinfo=UTC)]
        owner.execute("INSERT INTO checkpoint VALUES (%s, %s, %s, %s, %s)", row)


def sizes(owner: Owner) -> list[int]:
    """Where it was signed."""
    return [row[0] for row in owner.execute("SELECT size FROM checkpoint ORDER BY size")]


def other_history(owner: Owner, *, cosigned: bool) -> None:
    """Whoever has the log's key tells of another amount seized, and signs all checkpoints anew."""
    found = owner.execute("SELECT index, salt, content FROM record WHERE kind = 'item_registered' ORDER BY index")
    index, salt, text = found.fetchall()[0]
    content = json.loads(text) | {"quantity": 5}
    _told_otherwise(owner, index, salt, content)
    owner.execute("UPDATE item SET quantity = 5 WHERE name = %s", [content["name"]])
    if not cosigned:
        owner.execute("DELETE FROM cosignature")


def one_hand_less(owner: Owner) -> None:
    """Whoever has the log's key tells of an approval by one person alone, where no witness saw the log."""
    found = owner.execute(
        "SELECT index, salt, content FROM record WHERE kind = 'custody_step' AND content LIKE '%\"approve_release\"%'"
    )
    index, salt, text = found.fetchall()[0]
    content = json.loads(text)
    _told_otherwise(owner, index, salt, content | {"hands": content["hands"][:1]})
    owner.execute("DELETE FROM cosignature")


def _told_otherwise(owner: Owner, index: int, salt: bytes, content: dict[str, Any]) -> None:
    told, signed = entries(owner), sizes(owner)
    told[index] = canonical(json.loads(told[index]) | {"c": commit_record(content, salt).hex()}).decode()
    owner.execute("UPDATE record SET content = %s WHERE index = %s", [canonical(content).decode(), index])
    rewrite(owner, told, LOG_KEY, signed)


def cut_off(owner: Owner, media: Path) -> None:
    """The last hundred entries never were: facts, head, tiles, streams and signatures are all set back with them."""
    told = entries(owner)
    cut = len(told) - 100
    for table in ("fact", "record", "thing_entry", "passage", "alarm", "permit", "hold"):
        owner.execute(SQL("DELETE FROM {} WHERE index >= %s").format(Identifier(table)), [cut])
    owner.execute("DELETE FROM cosignature")
    owner.execute("DELETE FROM quarantine")
    owner.execute("DELETE FROM key_life WHERE born >= %s", [cut])
    owner.execute("DELETE FROM agent WHERE id NOT IN (SELECT agent FROM fact)")
    owner.execute("DELETE FROM agent_stream WHERE agent NOT IN (SELECT agent FROM fact)")
    owner.execute("DELETE FROM statement WHERE agent NOT IN (SELECT agent FROM fact)")
    rewrite(owner, told[:cut], LOG_KEY, [cut])


def resigned(owner: Owner, media: Path) -> None:
    """Another key signs the newest checkpoint."""
    size, root = owner.execute("SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1").fetchall()[0]
    note = Checkpoint(f"sealtrail/test/{SITE}", size, root).sign(THIEF)
    owner.execute("UPDATE checkpoint SET note = %s WHERE size = %s", [note, size])


def restated(owner: Owner, media: Path) -> None:
    """Somebody else's key signs what an agent said."""
    found = owner.execute("SELECT agent, first, jws FROM statement ORDER BY agent, first").fetchall()
    agent, first, token = found[0]
    known = jws.verify(token, lambda _: _agent_key(owner, agent), STATEMENT_TYPE)
    forged = jws.sign(known, THIEF, STATEMENT_TYPE)
    owner.execute("UPDATE statement SET jws = %s WHERE agent = %s AND first = %s", [forged, agent, first])


def _agent_key(owner: Owner, agent: str) -> VerifyKey:
    return VerifyKey.from_raw(owner.execute("SELECT public_key FROM agent WHERE id = %s", [agent]).fetchall()[0][0])


def cosigned_later(owner: Owner, media: Path) -> None:
    """A witness's word for another checkpoint is put under this one."""
    (one, _), (_, note) = owner.execute("SELECT size, note FROM checkpoint ORDER BY size LIMIT 2").fetchall()
    line = cosign(read_note(note.encode()).text, WITNESS, WITNESS_KEY, 1_800_000_000).line()
    owner.execute("UPDATE cosignature SET line = %s WHERE size = %s", [line, one])


def not_erased(owner: Owner, media: Path) -> None:
    """What an entry says was erased is put back from a copy."""
    salt, content = json.loads((media / ERASED).read_text())
    owner.execute("UPDATE record SET salt = %s, content = %s WHERE content IS NULL", [bytes.fromhex(salt), content])


def still(media: Path) -> Path:
    """The kept still of the gate."""
    (path,) = (path for path in media.rglob("*.jpg") if b"a still" in path.read_bytes())
    return path
