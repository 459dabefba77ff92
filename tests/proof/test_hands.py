"""J13: what people signed is what was done, and a passkey's signature can be checked by anyone, later, offline."""

import copy
import hashlib
import random
from typing import Any

import pytest

from proof.canonical import canonical
from proof.errors import AssertionRefusedError, ChainError, EncodingError
from proof.hands import challenge, check_hands
from proof.keys import b64
from simulators.passkey import SoftPasskey

ACT, ANNA, BO = "nj01/A-1", "nj01/U-ANNA", "nj01/U-BO"
CONTENT = {"v": 1, "act": ACT, "action": "destroy", "things": ["nj01/P-1"], "details": {"count": 5}}
HASH = hashlib.sha256(canonical(CONTENT)).hexdigest()

Records = list[tuple[int, str, dict[str, Any]]]


def key(seed: int) -> SoftPasskey:
    return SoftPasskey("localhost", "http://localhost", random=random.Random(seed).randbytes)


def added(person: str, passkey: SoftPasskey) -> dict[str, Any]:
    public = b64(passkey.public_key)
    return {"person": person, "credential": passkey.credential, "public_key": public, "rp_id": "localhost"}


def signed(person: str, passkey: SoftPasskey | None, part: str = "begin") -> dict[str, Any]:
    wanted = challenge(HASH, ending=part == "end")
    signature = None if passkey is None else passkey.sign(bytes.fromhex(wanted))
    credential = "session:1" if passkey is None else passkey.credential
    return {"act": ACT, "hash": HASH, "person": person, "part": part, "credential": credential, "signature": signature}


def story() -> Records:
    """Anna by passkey, at the beginning and the end; Bo by session."""
    anna = key(1)
    hands = [{"person": ANNA, "passkey": True}, {"person": BO, "passkey": False}]
    told = [
        ("passkey_added", added(ANNA, anna)),
        ("act_proposed", {"content": CONTENT, "hash": HASH}),
        ("act_signed", signed(BO, None)),
        ("act_signed", signed(ANNA, anna)),
        ("act_signed", signed(ANNA, anna, "end")),
        ("custody_step", {"act": ACT, "hash": HASH, "hands": hands}),
    ]
    return [(index, kind, content) for index, (kind, content) in enumerate(told)]


def changed(index: int, **members: Any) -> Records:
    records = copy.deepcopy(story())
    records[index][2].update(members)
    return records


def test_hands_that_signed_what_was_done_hold() -> None:
    hands = check_hands(story())
    assert (hands.checked, hands.unproven) == (2, [])


OTHER = "ab" * 32
BROKEN: dict[str, tuple[type[Exception], Records]] = {
    "another content than its hash": (ChainError, changed(1, content=CONTENT | {"details": {"count": 6}})),
    "another hash signed": (ChainError, changed(3, hash=OTHER)),
    "another content done": (ChainError, changed(5, hash=OTHER)),
    "another's key": (AssertionRefusedError, changed(0, public_key=b64(key(2).public_key))),
    "the beginning shown as the end": (AssertionRefusedError, changed(4, signature=story()[3][2]["signature"])),
    "made for another domain": (AssertionRefusedError, changed(0, rp_id="evil.example")),
    "a signature of nothing": (EncodingError, changed(3, signature={})),
    "a hash that is none": (EncodingError, changed(1, hash=5)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_way_of_being_false_is_found(name: str) -> None:
    error, records = BROKEN[name]
    with pytest.raises((error, ChainError)):
        check_hands(records)


def test_what_is_not_among_the_records_is_told_as_unproven() -> None:
    records = story()
    assert check_hands(records[1:]).unproven == [3, 4, 5]  # the passkey was not told of
    assert check_hands([records[0], *records[2:]]).unproven == [2, 3, 4]  # the act was not
    removed = (1, "passkey_removed", {"person": ANNA, "credential": key(1).credential})
    assert check_hands([records[0], removed, *records[1:]]).unproven == [3, 4, 5]
    assert check_hands([records[0], records[1], records[5]]).unproven == [5]  # done, and never signed
