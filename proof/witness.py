"""What a witness answers (c2sp.org/tlog-witness, add-checkpoint): a pure judgement over what it saw last.

Whoever serves it keeps the new state *before* answering, and lets nobody in between reading and keeping.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proof.checkpoint import Checkpoint
from proof.cosignature import cosign
from proof.errors import EncodingError, SignatureError, TreeError
from proof.keys import Signer
from proof.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from proof.note import Note, NoteVerifier, read_note

MAX_PROOF = 63
MAX_BYTES = 64 << 10

FALSE_EMPTY = "false_empty"
"""Proof: the log signed an empty tree with another root than the empty tree's."""
TWO_ROOTS = "two_roots"
"""Proof: the log signed two roots for one size."""
UNPROVEN = "unproven"
"""No proof by itself: signed by the log, but what came with it does not show that the log only grew."""
BEHIND = "behind"
"""No proof by itself: a smaller log than was seen; late, repeated by anybody at all, or rolled back."""

FORKED = "forked"
"""Proof: a larger log of the same signer begins with another root than it signed for that size (`shows_fork`)."""

PROOFS = (FALSE_EMPTY, TWO_ROOTS, FORKED)


@dataclass(frozen=True, slots=True)
class Request:
    """A log's request: the size the witness saw last, the proof from there, and the signed checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Reads a request's body. Raises EncodingError."""
        head, separator, rest = body.partition(b"\n\n")
        lines = head.split(b"\n")
        match = re.fullmatch(rb"old (0|[1-9][0-9]{0,18})", lines[0])
        if len(body) > MAX_BYTES or not separator or match is None or len(lines) - 1 > MAX_PROOF:
            raise EncodingError("not an add-checkpoint request")
        try:
            proof = tuple(base64.b64decode(line, validate=True) for line in lines[1:])
        except binascii.Error as error:
            raise EncodingError("a line of the proof is not base64") from error
        if any(len(node) != HASH_BYTES for node in proof):
            raise EncodingError("a line of the proof is not a hash")
        note = read_note(rest)
        return cls(int(match[1]), proof, note, Checkpoint.from_text(note.text))


def write_request(old_size: int, proof: list[bytes], checkpoint: str) -> bytes:
    """The body of a request about the signed note `checkpoint`."""
    lines = [f"old {old_size}", *(base64.b64encode(node).decode() for node in proof)]
    return ("\n".join(lines) + "\n\n" + checkpoint).encode()


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Agreed: keep `checkpoint` and `note` (the log's signature and ours), then answer 200 with `lines`."""

    checkpoint: Checkpoint
    lines: str
    note: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Not agreed: HTTP `status`, and for 409 the size seen last.

    422 says that this request does not show the log to have only grown; what it proves of the log is another question.
    """

    status: int
    why: str
    size: int | None = None


def judge_request(
    body: bytes,
    *,
    logs: Mapping[str, NoteVerifier],
    latest: Mapping[str, Checkpoint],
    name: str,
    key: Signer,
    at_s: int,
) -> Cosigned | Declined:
    """The answer of witness `name` to `body`, knowing `logs` by origin and what it cosigned `latest`."""
    try:
        request = Request.parse(body)
    except EncodingError as error:
        return Declined(400, str(error))
    checkpoint = request.checkpoint
    log = logs.get(checkpoint.origin)
    if log is None:
        return Declined(404, f"unknown log {checkpoint.origin}")
    try:
        request.note.verify(log)
    except SignatureError as error:
        return Declined(403, str(error))
    if request.old_size > checkpoint.size:
        return Declined(400, "the old size is larger than the checkpoint's")
    seen = latest.get(checkpoint.origin)
    if request.old_size != (seen.size if seen else 0):
        size = seen.size if seen else 0
        return Declined(409, f"seen last: {size}", size)
    fault = _fault(request, seen)
    if fault:
        return Declined(422, fault)
    ours = cosign(request.note.text, name, key, at_s).line()
    theirs = "".join(signature.line() for signature in request.note.by(log))
    return Cosigned(checkpoint, ours, f"{request.note.text}\n{theirs}{ours}")


def speaks_against(answer: Declined, checkpoint: Checkpoint, seen: Checkpoint | None) -> str | None:
    """The kind of accusation that a declined request makes; None for an honest mistake or a stranger's bytes.

    Not the status: whoever has a log's checkpoint can send it with a wrong proof and be answered 422, and a log that
    signed two roots for one size is answered 409 when it names a wrong old size.
    """
    if answer.status in (403, 404):
        return None
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return FALSE_EMPTY
    if seen and checkpoint.size == seen.size and checkpoint.root != seen.root:
        return TWO_ROOTS
    if seen and checkpoint.size < seen.size:
        return BEHIND
    return UNPROVEN if answer.status == 422 else None


def shows_fork(seen: Checkpoint, other_root: bytes, checkpoint: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Whether `proof` leads from another root of `seen`'s size to `checkpoint`: the log signed two histories.

    A proof that leads nowhere shows nothing.
    """
    try:
        verify_consistency(seen.size, other_root, checkpoint.size, checkpoint.root, proof)
    except TreeError:
        return False
    return other_root != seen.root


def _fault(request: Request, seen: Checkpoint | None) -> str | None:
    """What contradicts what was seen; None when the log has only grown."""
    checkpoint = request.checkpoint
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        return "an empty log with another root than the empty tree's"
    old_root = seen.root if seen else EMPTY_ROOT
    try:
        verify_consistency(request.old_size, old_root, checkpoint.size, checkpoint.root, request.proof)
    except TreeError as error:
        return str(error)
    return None
