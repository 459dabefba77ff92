"""Trust policies (c2sp.org/tlog-policy): which logs, which witnesses, and how many of them make a checkpoint valid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from proof.checkpoint import Checkpoint
from proof.cosignature import verify_cosignature
from proof.errors import EncodingError, SignatureError
from proof.note import COSIGNATURE, ED25519, Note, NoteVerifier, read_note

NONE = "none"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Group:
    """At least `least` of `members` (names of witnesses or groups)."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by origin, witnesses and groups by their names in the policy, and the name that must hold.

    `urls` are the witnesses' addresses, where the policy gives them.
    """

    logs: tuple[NoteVerifier, ...]
    witnesses: Mapping[str, NoteVerifier]
    groups: Mapping[str, Group]
    quorum: str
    urls: Mapping[str, str]

    def holds(self, cosigners: set[str]) -> bool:
        """Whether witnesses of these policy names are enough."""
        return self.quorum == NONE or self._holds(self.quorum, cosigners)

    def _holds(self, name: str, cosigners: set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigners
        return sum(self._holds(member, cosigners) for member in group.members) >= group.least


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint that a log of the policy signed: who cosigned it when (POSIX s), and whether that is enough."""

    checkpoint: Checkpoint
    cosigned_at_s: Mapping[str, int]
    quorum: bool


def judge(data: bytes, policy: Policy) -> Judged:
    """What `policy` makes of the signed checkpoint `data`. Raises EncodingError, SignatureError."""
    note = read_note(data)
    checkpoint = Checkpoint.from_text(note.text)
    _check_log(note, checkpoint, policy)
    cosigned = {
        name: verify_cosignature(note, witness) for name, witness in policy.witnesses.items() if note.by(witness)
    }
    return Judged(checkpoint, cosigned, policy.holds(set(cosigned)))


def _check_log(note: Note, checkpoint: Checkpoint, policy: Policy) -> None:
    named = [log for log in policy.logs if log.name == checkpoint.origin and note.by(log)]
    if not named:
        raise SignatureError(f"the checkpoint of {checkpoint.origin} is signed by no log of the policy")
    note.verify(named[0])


def parse_policy(data: bytes) -> Policy:
    """The policy in `data`. Raises EncodingError with the line that is wrong."""
    if len(data) > MAX_BYTES or re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data):
        raise EncodingError("not a policy: too large, or with control characters")
    parser = _Parser()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        words = [word for word in re.split(r"[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                parser.take(words)
            except EncodingError as error:
                raise EncodingError(f"policy line {number}: {error}") from error
    if parser.quorum is None:
        raise EncodingError("a policy has one quorum line")
    return Policy(tuple(parser.logs), parser.witnesses, parser.groups, parser.quorum, parser.urls)


class _Parser:
    def __init__(self) -> None:
        self.logs: list[NoteVerifier] = []
        self.witnesses: dict[str, NoteVerifier] = {}
        self.groups: dict[str, Group] = {}
        self.urls: dict[str, str] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        verbs = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum}
        if words[0] not in verbs:
            raise EncodingError(f"unknown word {words[0]!r}")
        verbs[words[0]](words[1:])

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise EncodingError("log <vkey> [<url>]")
        self.logs.append(self._key(words[0], ED25519, [log.key for log in self.logs]))

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise EncodingError("witness <name> <vkey> [<url>]")
        name = self._new(words[0])
        self.witnesses[name] = self._key(words[1], COSIGNATURE, [w.key for w in self.witnesses.values()])
        if len(words) == 3:
            self.urls[name] = words[2]

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise EncodingError("group <name> all|any|<k> <name>…")
        name, count, members = self._new(words[0]), words[1], words[2:]
        if count not in ("all", "any") and not re.fullmatch(r"[1-9][0-9]{0,3}", count):
            raise EncodingError(f"{count!r} is neither all, any nor a number")
        least = {"all": len(members), "any": 1}.get(count) or int(count)
        if least > len(members):
            raise EncodingError(f"{least} of {len(members)} members")
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise EncodingError(f"{member!r} is not defined above")
            if member in self._members:
                raise EncodingError(f"{member!r} is a member of a group already")
            self._members.add(member)
        self.groups[name] = Group(least, tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.quorum is not None:
            raise EncodingError("one quorum line with one name")
        if words[0] != NONE and words[0] not in self.witnesses and words[0] not in self.groups:
            raise EncodingError(f"{words[0]!r} is not defined above")
        self.quorum = words[0]

    def _new(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise EncodingError(f"the name {name!r} is taken")
        return name

    def _key(self, vkey: str, wanted: int, known: list[object]) -> NoteVerifier:
        verifier = NoteVerifier.from_vkey(vkey)
        if verifier.type != wanted:
            raise EncodingError(f"a key of signature type {verifier.type}, not {wanted}")
        if verifier.key in known:
            raise EncodingError("a key that stands there already")
        return verifier
