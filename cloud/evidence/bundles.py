"""The court bundle about an item, a package or a case: everything the ledger says of it, and what proves it.

Gathered in one snapshot, then checked by the very verifier that its reader will use: a database that was changed by
hand gives no bundle but an error that says which step fails. Layout of the files: proof/bundle.py.
"""

import asyncio
import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from obstore.store import ObjectStore

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence import redaction
from cloud.evidence.bundle_statement import Told, people_of, write_statement
from cloud.evidence.errors import BundleFaultError
from cloud.ledger.proofs import consistency
from cloud.ledger.public import own_policy
from cloud.ledger.tiles import read_tiles
from cloud.media import store as media_store
from cloud.media.uploads import VIDEO_TYPE
from custody.permits import time_text
from proof.bundle import MANIFEST, VERSION, Bundle, write_bundle
from proof.canonical import canonical
from proof.errors import ProofError, SignatureError
from proof.merkle import inclusion_ranges
from proof.policy import Judged, Policy, judge, parse_policy
from proof.tiles import inclusion_from, tiles_of
from proof.tlog_proof import TlogProof
from proof.verifier import PICTURES, verify_bundle

_sql = load_queries(__file__, "bundles.sql")

MOST_ENTRIES = 20_000
"""A bundle of more is not for people; its parts are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A bundle about `id`: an item, a package or a case, `kind` where it must be one of them.

    With `redact` personal data and pictures are left out.

    `policy` is whom its reader trusts (C2SP tlog-policy); without one, the site's log and no witness.
    """

    id: str
    kind: str | None = None
    redact: bool = False
    media: bool = True
    policy: bytes | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle: its bytes, what it is about, and how many entries it proves."""

    data: bytes
    subject: dict[str, str]
    entries: int

    @property
    def sha256(self) -> str:
        """Digest of the file, in hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(slots=True)
class _Gathering:
    """What is being put together: `told` is for the statement, `files` is the bundle."""

    tx: Tx
    site: str
    wanted: Wanted
    at: datetime
    about: Row
    founded: Row
    own: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    contents: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


async def make_bundle(tx: Tx, store: ObjectStore, site: str, wanted: Wanted, at: datetime) -> Made:
    """The bundle as of the newest checkpoint that the policy accepts and that covers all of it.

    `tx` must be fresh: it is made a snapshot. Raises NotFoundError, InvalidError (`bad_policy`, `too_many_entries`),
    ConflictError (`not_signed_yet`, `not_cosigned_yet`), BundleFaultError, StatementError, StoreGoneError.
    """
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    about, founded = await one(tx, _sql.subject, site=site, id=wanted.id), await one(tx, _sql.site, site=site)
    if about is None or founded is None or wanted.kind not in (None, about["kind"]):
        raise NotFoundError(wanted.kind or "item, package or case", wanted.id)
    gathering = _Gathering(tx, site, wanted, at, about, founded)
    policy = await _policy(gathering)
    await _entries(gathering)
    judged = await _checkpoint(gathering, policy)
    await _proofs(gathering, judged)
    _contents(gathering)
    await _statements(gathering)
    await _rules(gathering)
    await _media(gathering, store)
    names = {row["id"]: row["name"] for row in await rows(tx, _sql.people, site=site, people=_people(gathering))}
    return await asyncio.to_thread(_finish, gathering, policy, judged, {} if wanted.redact else names)


async def _policy(gathering: _Gathering) -> Policy:
    given = gathering.wanted.policy
    if given is None:
        own = await own_policy(gathering.tx, gathering.site)
        if own is None:
            raise InvalidError("bad_policy", f"the ledger of {gathering.site} does not tell its log's key")
        given = own.encode()
    gathering.files["policy.txt"] = given
    try:
        return parse_policy(given)
    except ProofError as error:
        raise InvalidError("bad_policy", str(error)) from error


async def _entries(gathering: _Gathering) -> None:
    """Every entry about the thing, and those without which they cannot be understood."""
    tx, site, about = gathering.tx, gathering.site, gathering.about
    things = [row["id"] for row in await rows(tx, _sql.things, site=site, id=about["id"])]
    found = await rows(tx, _sql.indexes, site=site, things=things, case=about["case_id"])
    gathering.own = own = sorted(row["index"] for row in found)
    if len(own) > MOST_ENTRIES:
        raise InvalidError("too_many_entries", f"{len(own)} entries are about it; {MOST_ENTRIES} is the most")
    speakers = await one(tx, _sql.speakers, site=site, indexes=own) or {}
    around = await rows(tx, _sql.around, site=site, indexes=own, **speakers)
    indexes = sorted({*own, *(row["index"] for row in around if row["index"] is not None)})
    gathering.rows = await rows(tx, _sql.entries, site=site, indexes=indexes)


async def _checkpoint(gathering: _Gathering, policy: Policy) -> Judged:
    """The newest checkpoint over all entries that `policy` accepts; its notes and an older one become files."""
    tx, site, newest = gathering.tx, gathering.site, gathering.rows[-1]["index"]
    candidates = await rows(tx, _sql.checkpoints, site=site, newest=newest)
    if not candidates:
        raise ConflictError("not_signed_yet", f"entry {newest} is under no signed checkpoint yet; soon it will be")
    for row in candidates:
        note = row["note"].encode()
        try:
            judged = judge(note, policy)
        except SignatureError as error:
            raise InvalidError("bad_policy", f"the policy does not fit the log of {site}: {error}") from error
        except ProofError as error:
            raise BundleFaultError(1, "the checkpoint is signed by the site's log", str(error)) from error
        if judged.quorum:
            gathering.files["checkpoint.txt"] = note
            break
    else:
        raise ConflictError("not_cosigned_yet", f"no checkpoint over entry {newest} has the policy's witnesses yet")
    size, first = judged.checkpoint.size, gathering.own[0]
    older = await rows(tx, _sql.older_checkpoint, site=site, first=first, size=size)
    stamps = await rows(tx, _sql.stamps, site=site, first=first, size=size)
    for row in [*older, *stamps]:
        proof = [_b64(node) for node in await consistency(tx, site, row["size"], size)]
        shown = {"checkpoint": row["note"], "proof": proof}
        gathering.files[f"consistency/{row['size']}.json"] = json.dumps(shown, ensure_ascii=False).encode()
    for row in stamps:
        gathering.files[f"stamps/{row['size']}.txt"] = row["note"].encode()
        gathering.files[f"stamps/{row['size']}.tsr"] = row["token"]
    return judged


async def _proofs(gathering: _Gathering, judged: Judged) -> None:
    """All inclusion proofs from one reading of the tiles."""
    size, indexes = judged.checkpoint.size, [row["index"] for row in gathering.rows]
    wanted = {tile for index in indexes for tile in tiles_of(inclusion_ranges(index, size))}
    tiles = await read_tiles(gathering.tx, gathering.site, wanted, size)
    note = gathering.files["checkpoint.txt"]
    for row in gathering.rows:
        proof = TlogProof(row["index"], tuple(inclusion_from(row["index"], size, tiles)), note)
        gathering.files[f"entries/{row['index']}.json"] = row["entry"].encode()
        gathering.files[f"entries/{row['index']}.tlog-proof"] = proof.to_bytes()


def _contents(gathering: _Gathering) -> None:
    for row in gathering.rows:
        text, salt = row["fact_content"] or row["record_content"], row["fact_salt"] or row["record_salt"]
        if text is None or salt is None:
            continue  # erased
        content = json.loads(text)
        if gathering.wanted.redact and redaction.withheld(row["fact_kind"] or row["record_kind"], content):
            continue
        row["content"] = content
        gathering.contents.append(content)
        gathering.files[f"contents/{row['index']}.json"] = text.encode()
        gathering.files[f"contents/{row['index']}.salt"] = salt.hex().encode()


async def _statements(gathering: _Gathering) -> None:
    """For each fact the statement its agent signed, with the commitments it covers."""
    tx, facts = gathering.tx, [row for row in gathering.rows if row["agent"] is not None]
    covering = await rows(
        tx, _sql.statements, agents=[row["agent"] for row in facts], seqs=[row["seq"] for row in facts]
    )
    spans = sorted({(row["agent"], row["first"], row["last"]) for row in covering})
    agents, firsts, lasts = [list(column) for column in zip(*spans, strict=True)] or [[], [], []]
    found = await rows(tx, _sql.commitments, agents=agents, firsts=firsts, lasts=lasts)
    commitments = {(row["agent"], row["first"], row["last"]): row["commitments"] for row in found}
    shown = {
        (row["agent"], row["seq"]): {
            "jws": row["jws"],
            "commitments": commitments.get((row["agent"], row["first"], row["last"]), []),
        }
        for row in covering
    }
    for fact in facts:
        statement = shown.get((fact["agent"], fact["seq"]))
        if statement is not None:
            gathering.files[f"statements/{fact['index']}.json"] = canonical(statement)


async def _rules(gathering: _Gathering) -> None:
    hashes = sorted({cite for content in gathering.contents for cite in _named(content, "rule_pack")})
    for row in await rows(gathering.tx, _sql.rule_packs, hashes=hashes):
        gathering.files[f"rules/{row['hash']}.json"] = row["content"].encode()


async def _media(gathering: _Gathering, store: ObjectStore) -> None:
    if gathering.wanted.redact or not gathering.wanted.media:
        return
    named = (_named(content, name) for content in gathering.contents for name in PICTURES)
    digests = sorted(set().union(*named))
    for row in await rows(gathering.tx, _sql.kept_media, site=gathering.site, digests=digests):
        name = f"media/{row['sha256']}.{'mp4' if row['media_type'] == VIDEO_TYPE else 'jpg'}"
        gathering.files[name] = await media_store.read(store, row["sha256"])


def _people(gathering: _Gathering) -> list[str]:
    passing = {person for row in gathering.rows for person in people_of(row)}
    return sorted({*(row["actor"] for row in gathering.rows if row["actor"]), *passing})


def _finish(gathering: _Gathering, policy: Policy, judged: Judged, names: dict[str, str]) -> Made:
    """Checks what was gathered, writes the statement on what was found, and zips it."""
    wanted, about, files = gathering.wanted, gathering.about, gathering.files
    subject = {about["kind"]: about["id"]}
    manifest = {
        "v": VERSION, "kind": "sealtrail-bundle", "origin": gathering.founded["origin"], "subject": subject,
        "made_at": time_text(gathering.at), "redacted": wanted.redact,
    }  # fmt: skip
    files[MANIFEST] = canonical(manifest)
    try:
        report = verify_bundle(Bundle(files, manifest), policy)
    except ProofError as error:
        raise BundleFaultError(0, "the bundle can be read", str(error)) from error
    for step in report.steps:
        if step.fault:
            raise BundleFaultError(step.number, step.title[0], step.fault)
    told = Told(
        about=about, site=gathering.founded, at=gathering.at, redacted=wanted.redact, rows=gathering.rows,
        own=frozenset(gathering.own), names=names, judged=judged, policy=policy, report=report, files=files,
    )  # fmt: skip
    files["statement.pdf"] = write_statement(told)
    return Made(write_bundle(files), subject, len(gathering.rows))


def _named(value: Any, name: str) -> set[str]:
    """Every text, and every text of a list, under a member `name`, at any depth."""
    found: set[str] = set()
    members: Sequence[Any] = ()
    if isinstance(value, dict):
        told = value.get(name)
        found = {told} if isinstance(told, str) else set(_texts(told))
        members = list(value.values())
    elif isinstance(value, list):
        members = value
    return found.union(*(_named(member, name) for member in members))


def _texts(value: Any) -> list[str]:
    """`value` where it is a list of texts."""
    return value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
