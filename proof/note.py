"""Signed notes (c2sp.org/signed-note): text that ends in a newline, a blank line, and signature lines."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from proof.errors import EncodingError, SignatureError
from proof.keys import Signer, VerifyKey

MAX_BYTES = 1 << 20
ED25519 = 0x01
"""Signature type of a plain Ed25519 note signature."""
COSIGNATURE = 0x04
"""Signature type of a timestamped Ed25519 cosignature (c2sp.org/tlog-cosignature)."""

_SEPARATOR = "\n\n"
_DASH = "— "


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A key, the name it signs under and the type of its signatures; written `name+hash+base64(type ‖ key)`."""

    name: str
    key: VerifyKey
    type: int = ED25519

    @property
    def key_hash(self) -> bytes:
        """The key ID: first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.key.raw).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key as text, for a policy file or a paper."""
        return f"{self.name}+{self.key_hash.hex()}+{base64.b64encode(bytes([self.type]) + self.key.raw).decode()}"

    @classmethod
    def from_vkey(cls, vkey: str) -> "NoteVerifier":
        """Reads `vkey`. Raises EncodingError when it is none, or its hash is not of its key."""
        parts = vkey.split("+", 2)
        if len(parts) != 3 or not valid_name(parts[0]):
            raise EncodingError("a verifier key is name+hash+key")
        raw = _unb64(parts[2])
        if len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise EncodingError("not an Ed25519 verifier key")
        verifier = cls(parts[0], VerifyKey.from_raw(raw[1:]), raw[0])
        if verifier.key_hash.hex() != parts[1]:
            raise EncodingError("the hash in the verifier key is not of its key")
        return verifier


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who, which key (4-byte key ID), the signature bytes."""

    name: str
    key_hash: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in a note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_hash + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, not yet checked."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def by(self, verifier: NoteVerifier) -> list[NoteSignature]:
        """The lines that claim to be by `verifier`."""
        return [s for s in self.signatures if s.name == verifier.name and s.key_hash == verifier.key_hash]

    def verify(self, verifier: NoteVerifier) -> None:
        """Raises SignatureError unless the plain Ed25519 key of `verifier` signed this text, and rightly."""
        mine = self.by(verifier)
        if not mine:
            raise SignatureError(f"no signature by {verifier.name}")
        for signature in mine:
            verifier.key.verify(signature.signature, self.text.encode())


def valid_name(name: str) -> bool:
    """Whether `name` may stand in a signature line: not empty, no spaces or control characters, no plus sign."""
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def sign_note(text: str, signers: Sequence[tuple[str, Signer]]) -> str:
    """The note of `text` (ends in a newline) signed by each (name, key). Raises EncodingError for a bad text."""
    _check_text(text)
    lines = []
    for name, key in signers:
        if not valid_name(name):
            raise EncodingError(f"{name!r} cannot be a signer's name")
        lines.append(NoteSignature(name, NoteVerifier(name, key.public).key_hash, key.sign(text.encode())).line())
    return text + "\n" + "".join(lines)


def read_note(data: bytes) -> Note:
    """Parses a signed note. Raises EncodingError; no signature is checked yet."""
    if len(data) > MAX_BYTES:
        raise EncodingError("a note of more than a megabyte")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise EncodingError("a note is UTF-8") from error
    cut = whole.rfind(_SEPARATOR)
    if cut < 0 or not whole.endswith("\n"):
        raise EncodingError("a note has a text, a blank line and signatures")
    text, block = whole[: cut + 1], whole[cut + 2 :]
    _check_text(text)
    return Note(text, tuple(read_signatures(block)))


def read_signatures(block: str) -> list[NoteSignature]:
    """The signature lines in `block`, at least one. Raises EncodingError."""
    if not block.endswith("\n"):
        raise EncodingError("a note ends in signature lines")
    return [_read_signature(line) for line in block[:-1].split("\n")]


def _read_signature(line: str) -> NoteSignature:
    name, _, blob = line.removeprefix(_DASH).partition(" ")
    raw = _unb64(blob)
    if not line.startswith(_DASH) or not valid_name(name) or len(raw) < 5:
        raise EncodingError("a malformed signature line")
    return NoteSignature(name, raw[:4], raw[4:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(c) < 0x20 and c != "\n" for c in text):
        raise EncodingError("a note's text ends in a newline and has no control characters")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EncodingError("not base64") from error
