"""A small warehouse's bundle made by hand from `proof` alone, for tests to tamper with."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from proof.bundle import write_bundle
from proof.canonical import canonical
from proof.chain import GENESIS, commit_fact, commit_record, link
from proof.checkpoint import Checkpoint
from proof.cosignature import cosign, cosigner
from proof.keys import SigningKey
from proof.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from proof.note import NoteVerifier
from proof.statement import Statement
from proof.tlog_proof import TlogProof

ORIGIN = "sealtrail/test/nj01"
AGENT = "nj01.gate-a"
LOG_KEY = SigningKey.from_seed(bytes([1] * 32))
AGENT_KEY = SigningKey.from_seed(bytes([2] * 32))
NEW_KEY = SigningKey.from_seed(bytes([3] * 32))
WITNESS_KEY = SigningKey.from_seed(bytes([4] * 32))
STRANGER = SigningKey.from_seed(bytes([9] * 32))
POLICY = (
    f"log {NoteVerifier(ORIGIN, LOG_KEY.public).vkey}\n"
    f"witness court {cosigner('court.example/w', WITNESS_KEY).vkey}\nquorum court\n"
)
PACK = canonical({"name": "tobacco-cn", "version": "1"})
PICTURE = b"\xff\xd8 a still"
NOON_S = 1_795_348_800


def at(second: int) -> str:
    return f"2026-11-22T12:00:{second:02}.000000Z"


@dataclass
class Site:
    """A log that grows; `shown` are the indexes that go into the bundle."""

    entries: list[bytes] = field(default_factory=list)
    contents: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    statements: dict[int, dict[str, Any]] = field(default_factory=dict)
    head: bytes = GENESIS
    seq: int = 0

    def record(self, kind: str, content: dict[str, Any], second: int) -> int:
        index = len(self.entries)
        salt = bytes([index]) * 16
        commitment = commit_record(content, salt).hex()
        self.entries.append(canonical({"v": 1, "type": "record", "kind": kind, "at": at(second), "c": commitment}))
        self.contents[index] = (canonical(content), salt)
        return index

    def facts(self, bodies: list[dict[str, Any]], second: int, key: SigningKey = AGENT_KEY) -> list[int]:
        prev, first = self.head, self.seq + 1
        commitments, indexes = [], []
        for body in bodies:
            self.seq += 1
            index = len(self.entries)
            salt = bytes([index]) * 16
            fact = {"seq": self.seq, "kind": "passage_decided", "at": at(second), "body": body}
            commitment = commit_fact(fact, salt)
            self.head = link(self.head, commitment)
            commitments.append(commitment.hex())
            entry = {"v": 1, "type": "fact", "agent": AGENT, "seq": self.seq, "kind": fact["kind"], "at": at(second)}
            entry |= {"error_ms": 12, "c": commitment.hex(), "h": self.head.hex(), "taken_at": at(second + 1)}
            self.entries.append(canonical(entry))
            self.contents[index] = (canonical(fact), salt)
            indexes.append(index)
        statement = Statement(agent=AGENT, first=first, last=self.seq, prev=prev.hex(), head=self.head.hex())
        for index in indexes:
            self.statements[index] = {"jws": statement.sign(key), "commitments": commitments}
        return indexes

    def note(self, size: int | None = None) -> str:
        checkpoint = self.checkpoint(size)
        return checkpoint.sign(LOG_KEY) + cosign(checkpoint.to_text(), "court.example/w", WITNESS_KEY, NOON_S).line()

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        leaves = self.leaves(size)
        return Checkpoint(ORIGIN, len(leaves), root_of(leaves))

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries[:size]]

    def files(self) -> dict[str, bytes]:
        note, leaves = self.note().encode(), self.leaves()
        manifest = {"v": 1, "kind": "sealtrail-bundle", "origin": ORIGIN, "subject": {"item": "nj01/I-1"}}
        files = {"bundle.json": canonical(manifest), "checkpoint.txt": note, "policy.txt": POLICY.encode()}
        for index, entry in enumerate(self.entries):
            files[f"entries/{index}.json"] = entry
            path = tuple(inclusion_proof(leaves, index))
            files[f"entries/{index}.tlog-proof"] = TlogProof(index, path, note).to_bytes()
        for index, (content, salt) in self.contents.items():
            files[f"contents/{index}.json"] = content
            files[f"contents/{index}.salt"] = salt.hex().encode()
        for index, statement in self.statements.items():
            files[f"statements/{index}.json"] = json.dumps(statement).encode()
        proof = [base64.b64encode(node).decode() for node in consistency_proof(leaves, 2)]
        files["consistency/2.json"] = json.dumps({"checkpoint": self.note(2), "proof": proof}).encode()
        files[f"rules/{hashlib.sha256(PACK).hexdigest()}.json"] = PACK
        files[f"media/{hashlib.sha256(PICTURE).hexdigest()}.jpg"] = PICTURE
        return files


def born(key: SigningKey) -> dict[str, Any]:
    return {"role": "agent", "owner": AGENT, "public_key": key.public.text}


def passage(outcome: str = "allowed") -> dict[str, Any]:
    picture = {"sha256": hashlib.sha256(PICTURE).hexdigest(), "bytes": len(PICTURE)}
    return {"outcome": outcome, "rule_pack": hashlib.sha256(PACK).hexdigest(), "picture": picture}


def site() -> Site:
    """Entries: 0 key born, 1 item, 2-4 facts, 5 key ended, 6 new key, 7 fact by the new key."""
    made = Site()
    made.record("key_born", born(AGENT_KEY), 0)
    made.record("item_registered", {"item": "nj01/I-1", "name": "香烟"}, 1)
    made.facts([passage(), passage("refused"), {"gate": "open"}], 2)
    made.record("key_ended", {"role": "agent", "owner": AGENT, "kid": AGENT_KEY.public.kid, "why": "revoked"}, 4)
    made.record("key_born", born(NEW_KEY), 5)
    made.facts([passage()], 6, NEW_KEY)
    return made


def zipped(files: dict[str, bytes]) -> bytes:
    return write_bundle(files)
