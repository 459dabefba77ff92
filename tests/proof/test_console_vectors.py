"""The console checks proofs itself, in TypeScript: these are the vectors by which its own tests know that it is right.

`python -m tests.proof.test_console_vectors` writes them anew.
"""

import base64
import json
from pathlib import Path
from typing import Any

from proof.canonical import canonical
from proof.chain import commit_fact, commit_record
from proof.checkpoint import Checkpoint
from proof.cosignature import cosign, cosigner
from proof.keys import SigningKey
from proof.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from proof.note import NoteVerifier
from proof.tiles import Tile, grow, pack_entries, tile_path

VECTORS = Path(__file__).parents[2] / "cloud" / "console" / "test" / "proof_vectors.json"
ORIGIN, SIZE, SALT = "sealtrail/test/nj01", 300, bytes(range(16))
LOG, WITNESSES = SigningKey.from_seed(b"L" * 32), [SigningKey.from_seed(bytes([n]) * 32) for n in (1, 2, 3)]
SIZES = (1, 2, 7, 8, 255, 256, 257, 300)
CONTENT = {"actor": "nj01/U-1", "note": "封签 ☃ 𠮷", "weight_g": 12_345}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def vectors() -> dict[str, Any]:
    """Everything that `cloud/console/test/proof.test.ts` asks about."""
    entries = [f"entry {n}".encode() for n in range(SIZE)]
    leaves = [leaf_hash(entry) for entry in entries]
    pairs = [(old, new) for new in SIZES for old in SIZES if old <= new]
    return {
        "origin": ORIGIN,
        "roots": {str(size): b64(root_of(leaves[:size])) for size in SIZES},
        "inclusion": [
            {"index": index, "size": size, "path": list(map(b64, inclusion_proof(leaves[:size], index)))}
            for size in SIZES for index in sorted({0, size // 2, size - 1})
        ],
        "consistency": [
            {"old": old, "size": new, "path": list(map(b64, consistency_proof(leaves[:new], old)))}
            for old, new in pairs
        ],
        "tiles": {f"{tile.level}/{tile.n}": b64(data) for tile, data in grow({}, 0, leaves).items()},
        "paths": [
            [level, n, width, tile_path(Tile(level, n), width)]
            for level, n, width in ((0, 0, 256), (0, 1, 44), (1, 0, 1), (2, 1234067, 256), (0, 999, 255), (0, 1000, 3))
        ] + [["entries", 5, 7, tile_path(Tile(0, 5), 7, entries=True)]],
        "bundle": b64(pack_entries(entries[256:])),
        "policy": policy(),
        "notes": {str(size): note(size, root_of(leaves[:size])) for size in (257, 300)},
        "content": canonical(CONTENT).decode(),
        "salt": SALT.hex(),
        "commitments": {"fact": commit_fact(CONTENT, SALT).hex(), "record": commit_record(CONTENT, SALT).hex()},
    }  # fmt: skip


def policy() -> str:
    """Two of three witnesses."""
    witnesses = [f"witness w{n} {cosigner(f'w{n}.example', key).vkey}" for n, key in enumerate(WITNESSES)]
    log = f"log {NoteVerifier(ORIGIN, LOG.public).vkey}"
    return "\n".join(["# trusted", log, *witnesses, "group two 2 w0 w1 w2", "quorum two", ""])


def note(size: int, root: bytes) -> str:
    """The log's checkpoint at `size`, cosigned by the first two witnesses."""
    checkpoint, at_s = Checkpoint(ORIGIN, size, root), 1_790_000_000
    lines = [cosign(checkpoint.to_text(), f"w{n}.example", key, at_s + n).line() for n, key in enumerate(WITNESSES[:2])]
    return checkpoint.sign(LOG) + "".join(lines)


def written() -> str:
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


def test_the_console_is_tested_against_what_proof_makes() -> None:
    assert VECTORS.read_text("utf-8") == written()


if __name__ == "__main__":
    VECTORS.write_text(written(), "utf-8")
