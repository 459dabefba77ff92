"""The hands on acts, as the records of a log tell of them: was what a passkey signed the act that was done?

An act is proposed with its content, whose SHA-256 is its `hash`. Everybody who signs puts that hash into a record of
their own; an approval carries a passkey's assertion over it (W3C Web Authentication Level 3, section 7.2), checked with
the public key that the log told of when the passkey was added. Of an act that all had to stay for the end is signed as
well, over a hash of the hash, so that no signature of the beginning can be shown again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proof.canonical import canonical
from proof.errors import AssertionRefusedError, ChainError, EncodingError
from proof.keys import unb64
from proof.webauthn import verify_assertion

Content = Mapping[str, Any]
END = b"sealtrail/act-end/1\0"

PROPOSED, SIGNED = "act_proposed", "act_signed"
DONE = frozenset({"custody_step", "case_corrected"})
KEY_ADDED, KEY_REMOVED = "passkey_added", "passkey_removed"


def challenge(act_hash: str, *, ending: bool) -> str:
    """What a hand signs, in hex: the act's hash, or at the end of a live act a hash of that. Raises EncodingError."""
    try:
        digest = bytes.fromhex(act_hash)
    except ValueError as error:
        raise EncodingError("an act's hash is hex") from error
    return hashlib.sha256(END + digest).hexdigest() if ending else act_hash


@dataclass(slots=True)
class Hands:
    """What was read of acts and passkeys so far; `unproven` are entries whose act or key was not among the records."""

    checked: int = 0
    unproven: list[int] = field(default_factory=list)
    _acts: dict[str, str] = field(default_factory=dict)
    _keys: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    _signed: set[tuple[str, str]] = field(default_factory=set)

    def take(self, index: int, kind: str, content: Content) -> None:
        """Takes the record of entry `index`.

        Raises ChainError where a hash is not that of its act, AssertionRefusedError where a passkey did not sign it,
        EncodingError for a record that is none of ours.
        """
        try:
            self._take(index, kind, content)
        except (KeyError, TypeError, AttributeError) as error:
            raise EncodingError(f"entry {index}: not a record of the kind {kind}: {error!r}") from error

    def _take(self, index: int, kind: str, content: Content) -> None:
        if kind == PROPOSED:
            if hashlib.sha256(canonical(content["content"])).hexdigest() != content["hash"]:
                raise ChainError(f"entry {index}: the hash of the act is not that of its content")
            self._acts[content["content"]["act"]] = content["hash"]
        elif kind == KEY_ADDED:
            self._keys[content["person"], content["credential"]] = unb64(content["public_key"]), content["rp_id"]
        elif kind == KEY_REMOVED:
            self._keys.pop((content["person"], content["credential"]), None)
        elif kind == SIGNED:
            self._sign(index, content)
        elif kind in DONE and "act" in content:
            self._done(index, content)

    def _sign(self, index: int, content: Content) -> None:
        act, person, signature = content["act"], content["person"], content["signature"]
        known = self._acts.get(act)
        if known is None:
            self.unproven.append(index)
            return
        if known != content["hash"]:
            raise ChainError(f"entry {index}: {person} signed another content of {act} than was proposed")
        if signature is None:
            return
        key = self._keys.get((person, content["credential"]))
        if key is None:
            self.unproven.append(index)
            return
        wanted, response = challenge(known, ending=content["part"] == "end"), signature["response"]
        try:
            verify_assertion(
                key[0], bytes.fromhex(wanted), unb64(response["clientDataJSON"]),
                unb64(response["authenticatorData"]), unb64(response["signature"]), rp_id=key[1],
            )  # fmt: skip
        except AssertionRefusedError as error:
            raise AssertionRefusedError(f"entry {index}: {person} on {act}: {error}") from error
        self.checked += 1
        self._signed.add((act, person))

    def _done(self, index: int, content: Content) -> None:
        act = content["act"]
        if act in self._acts and self._acts[act] != content["hash"]:
            raise ChainError(f"entry {index}: done was another content of {act} than was signed")
        for hand in content["hands"]:
            if hand["passkey"] and act in self._acts and (act, hand["person"]) not in self._signed:
                self.unproven.append(index)


def check_hands(records: Iterable[tuple[int, str, Content]]) -> Hands:
    """Takes all `records` (index, kind, content) in their order. Raises as `Hands.take`."""
    hands = Hands()
    for index, kind, content in records:
        hands.take(index, kind, content)
    return hands
