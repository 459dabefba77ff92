"""A log's signed checkpoint (c2sp.org/tlog-checkpoint): origin, size and root hash in a signed note."""

import base64
import re
from dataclasses import dataclass

from proof.errors import EncodingError, SignatureError
from proof.keys import Signer
from proof.merkle import HASH_BYTES
from proof.note import NoteVerifier, read_note, sign_note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of the log `origin`: `size` entries under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def to_text(self) -> str:
        """The note's text: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, key: Signer) -> str:
        """The checkpoint as a signed note; the log signs under its origin."""
        return sign_note(self.to_text(), [(self.origin, key)])

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        """Parses the note's text; extension lines after the third are allowed. Raises EncodingError."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise EncodingError("a checkpoint has an origin, a size and a root")
        if not _SIZE.fullmatch(lines[1]):
            raise EncodingError("a checkpoint's size is a decimal number without leading zeros")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except ValueError as error:
            raise EncodingError("a checkpoint's root is base64") from error
        if len(root) != HASH_BYTES:
            raise EncodingError("a checkpoint's root is 32 bytes")
        return cls(lines[0], int(lines[1]), root)


def verify_checkpoint(data: bytes, log: NoteVerifier) -> Checkpoint:
    """The checkpoint in `data`, signed by `log`. Raises EncodingError or SignatureError."""
    note = read_note(data)
    note.verify(log)
    checkpoint = Checkpoint.from_text(note.text)
    if checkpoint.origin != log.name:
        raise SignatureError(f"signed by {log.name} for another log, {checkpoint.origin}")
    return checkpoint
