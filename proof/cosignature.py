"""Cosignatures (c2sp.org/tlog-cosignature, Ed25519): a witness saw a log only grow, and says when."""

from proof.checkpoint import Checkpoint
from proof.errors import EncodingError, SignatureError
from proof.keys import SIGNATURE_BYTES, Signer
from proof.note import COSIGNATURE, Note, NoteSignature, NoteVerifier

_STAMP_BYTES = 8
MAX_STAMP = 2**63 - 1


def cosigner(name: str, key: Signer) -> NoteVerifier:
    """The public half of the witness `name` with `key`."""
    return NoteVerifier(name, key.public, COSIGNATURE)


def cosign(text: str, name: str, key: Signer, at_s: int) -> NoteSignature:
    """The cosignature of a checkpoint's note `text` by witness `name` at POSIX time `at_s`. Raises EncodingError."""
    Checkpoint.from_text(text)
    if not 0 < at_s <= MAX_STAMP:
        raise EncodingError(f"a cosignature cannot be of the time {at_s}")
    signature = at_s.to_bytes(_STAMP_BYTES, "big") + key.sign(_message(text, at_s))
    return NoteSignature(name, cosigner(name, key).key_hash, signature)


def verify_cosignature(note: Note, witness: NoteVerifier) -> int:
    """POSIX time at which `witness` cosigned `note`, the newest where it did so twice. Raises SignatureError."""
    mine = note.by(witness)
    if witness.type != COSIGNATURE or not mine:
        raise SignatureError(f"no cosignature by {witness.name}")
    return max(_verify_one(note.text, signature, witness) for signature in mine)


def _verify_one(text: str, signature: NoteSignature, witness: NoteVerifier) -> int:
    raw = signature.signature
    at_s = int.from_bytes(raw[:_STAMP_BYTES], "big")
    if len(raw) != _STAMP_BYTES + SIGNATURE_BYTES or not 0 < at_s <= MAX_STAMP:
        raise SignatureError(f"a malformed cosignature by {witness.name}")
    witness.key.verify(raw[_STAMP_BYTES:], _message(text, at_s))
    return at_s


def _message(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
