"""Proofs that fit in a file or a QR code (c2sp.org/tlog-proof): index, audit path and cosigned checkpoint."""

import base64
import binascii
import re
from dataclasses import dataclass

from proof.errors import EncodingError, SignatureError
from proof.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from proof.policy import Judged, Policy, judge

HEADER = "c2sp.org/tlog-proof@v1"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Entry `index` is in the log under the signed note `checkpoint`; `extra` is not authenticated."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """The proof as a file."""
        extra = [] if self.extra is None else [f"extra {base64.b64encode(self.extra).decode()}"]
        path = [base64.b64encode(node).decode() for node in self.path]
        return "\n".join([HEADER, *extra, f"index {self.index}", *path, "", ""]).encode() + self.checkpoint

    @classmethod
    def parse(cls, data: bytes) -> "TlogProof":
        """Reads a proof. Raises EncodingError."""
        head, separator, checkpoint = data.partition(b"\n\n")
        lines = head.split(b"\n")
        if len(data) > MAX_BYTES or not separator or lines[0] != HEADER.encode():
            raise EncodingError(f"not a {HEADER}")
        del lines[0]
        extra = _b64(lines.pop(0)[6:]) if lines and lines[0].startswith(b"extra ") else None
        match = re.fullmatch(rb"index (0|[1-9][0-9]{0,18})", lines[0]) if lines else None
        path = tuple(_b64(line) for line in lines[1:])
        if match is None or len(path) > 63 or any(len(node) != HASH_BYTES for node in path):
            raise EncodingError("a proof has an index and an audit path of hashes")
        return cls(int(match[1]), path, checkpoint, extra)

    def verify(self, entry: bytes, policy: Policy) -> Judged:
        """Raises unless `entry` is in a log of `policy` whose quorum holds.

        EncodingError for a malformed checkpoint, SignatureError for its signatures, TreeError for the path.
        """
        judged = judge(self.checkpoint, policy)
        if not judged.quorum:
            raise SignatureError(f"too few witnesses cosigned: {', '.join(judged.cosigned_at_s) or 'none'}")
        verify_inclusion(leaf_hash(entry), self.index, judged.checkpoint.size, self.path, judged.checkpoint.root)
        return judged


def _b64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise EncodingError("a line of the proof is not base64") from error
