"""How far a walk through a site's ledger has come: all that it must remember, and a file to go on from."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cloud.errors import CloudError
from cloud.ledger.derived import Derived
from proof.chain import GENESIS
from proof.errors import EncodingError
from proof.keyring import KeyLife, Keyring
from proof.keys import VerifyKey
from proof.merkle import Frontier
from proof.tiles import Tile

_VERSION = 3


class WalkFileError(CloudError):
    """The file of an interrupted walk is none of ours, or of another site."""

    diagnosis = "The file to go on from cannot be used; without it the walk begins at the first entry."


@dataclass(slots=True)
class Chain:
    """An agent's chain so far: its next seq and head; up to where statements cover it, and who is not covered yet."""

    next_seq: int = 1
    head: bytes = GENESIS
    covered: int = 0
    covered_head: bytes = GENESIS
    bare: int | None = None
    """entry of the first fact that no statement covered yet"""


@dataclass(slots=True)
class Walk:
    """Everything read of `site` before entry `size`."""

    site: str
    derived: Derived
    size: int = 0
    began: int = 0
    """where this walk was gone on with: what was read before was read of an earlier state of the tables"""
    nodes: tuple[bytes, ...] = ()
    edge: dict[str, bytes] = field(default_factory=dict)
    chains: dict[str, Chain] = field(default_factory=dict)
    key_records: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    erased: dict[str, int] = field(default_factory=dict)
    """entry whose content is gone → entry that says so, until that entry is read"""
    proposals: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    """entry that proposes an erasure → who proposed it, and of which entries"""
    suspect: int | None = None
    """first entry whose hash the tiles know otherwise; the next checkpoint tells which of the two is wrong"""
    facts: int = 0
    records: int = 0
    erasures: int = 0
    statements: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    strangers: int = 0
    """cosignatures by witnesses whose key is not known here"""
    signed: int = 0
    """size of the newest checkpoint that held"""

    @property
    def frontier(self) -> Frontier:
        """The tree of what was read."""
        return Frontier(self.size, self.nodes)

    def tiles(self) -> dict[Tile, bytes]:
        """The partial tiles."""
        return {Tile(*map(int, name.split("/"))): hashes for name, hashes in self.edge.items()}

    def set_tiles(self, tiles: dict[Tile, bytes]) -> None:
        """Keeps the partial tiles."""
        self.edge = {f"{tile.level}/{tile.n}": hashes for tile, hashes in tiles.items()}

    def chain(self, agent: str) -> Chain:
        """The chain of `agent`."""
        return self.chains.setdefault(agent, Chain())


class _File(msgspec.Struct):
    version: int
    walk: Walk


def save(walk: Walk, path: Path) -> None:
    """Writes `walk` to `path`, whole or not at all, for its owner only."""
    part = path.with_name(path.name + ".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.msgpack.encode(_File(_VERSION, walk)))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise WalkFileError(f"{path}: {error.strerror}") from error


def load(path: Path, site: str) -> Walk | None:
    """The walk in `path`; None when there is no such file. Raises WalkFileError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WalkFileError(f"{path}: {error.strerror}") from error
    try:
        file = msgspec.msgpack.decode(data, type=_File)
    except (msgspec.DecodeError, ValueError, EncodingError) as error:
        raise WalkFileError(f"{path} is no walk of ours: {error}") from error
    if file.version != _VERSION or file.walk.site != site:
        raise WalkFileError(f"{path} is the walk of another site or version, {file.walk.site}")
    file.walk.began = file.walk.size
    return file.walk


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys taken from outside the database; where the log itself tells a key's life, that is what counts.

    `log_key` has to be one of the log's. `known` are checkpoints of the log that were seen outside.
    """

    log_key: VerifyKey | None
    label_keys: tuple[VerifyKey, ...] = ()
    cloud_keys: tuple[VerifyKey, ...] = ()
    witness_vkeys: tuple[str, ...] = ()
    known: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Keys:
    """The keys that may have signed, as the log tells their lives."""

    trust: Trust
    ring: Keyring = field(default_factory=Keyring)
    agents: dict[str, VerifyKey] = field(default_factory=dict)
    """key of an agent whose birth no key record tells"""

    def lives(self, role: str, owner: str | None = None) -> list[KeyLife]:
        """All lives of that role."""
        return [life for life in self.ring.lives if life.role == role and owner in (None, life.owner)]

    def of(self, role: str, index: int) -> list[VerifyKey]:
        """The keys of `role` (log, label, cloud) at entry `index`."""
        lives = self.lives(role)
        if lives:
            return [life.key for life in lives if life.valid_at(index)]
        if role == "log":
            return [self.trust.log_key] if self.trust.log_key else []
        return list(self.trust.label_keys if role == "label" else self.trust.cloud_keys)

    def agent(self, agent: str, kid: str, index: int) -> VerifyKey | None:
        """The key `kid` of `agent` at entry `index`."""
        key = self.ring.find("agent", agent, kid, index)
        if key is None and self.ring.end_of("agent", agent, kid) is None:
            told = self.agents.get(agent)
            key = told if told is not None and told.kid == kid and not self.lives("agent", agent) else None
        return key
