"""Commitments and the journal chain; the figures were computed once by hand with sha256sum."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from proof import chain

FACT = {"seq": 1, "kind": "heartbeat", "body": {}}
SALT = bytes(range(16))


def test_a_commitment_is_plain_sha256_that_anyone_can_repeat() -> None:
    content = b'{"body":{},"kind":"heartbeat","seq":1}'
    assert chain.commit_fact(FACT, SALT) == hashlib.sha256(b"sealtrail/fact/1\0" + SALT + content).digest()
    assert chain.commit_content(content, SALT) == chain.commit_fact(FACT, SALT)


def test_a_link_is_plain_sha256_that_anyone_can_repeat() -> None:
    commitment = chain.commit_fact(FACT, SALT)
    expected = hashlib.sha256(b"sealtrail/journal/1\0" + chain.GENESIS + commitment).digest()
    assert chain.link(chain.GENESIS, commitment) == expected


def test_a_fact_and_a_record_of_the_same_content_commit_differently() -> None:
    assert chain.commit_fact(FACT, SALT) != chain.commit_record(FACT, SALT)


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20), st.data())
def test_a_changed_dropped_or_swapped_commitment_changes_the_head(
    commitments: list[bytes], data: st.DataObject
) -> None:
    head = chain.link_all(chain.GENESIS, commitments)[-1]
    place = data.draw(st.integers(0, len(commitments) - 1))
    changed = [*commitments]
    changed[place] = bytes([changed[place][0] ^ 1]) + changed[place][1:]
    dropped = commitments[:place] + commitments[place + 1 :]
    assert head not in chain.link_all(chain.GENESIS, changed)
    assert head not in chain.link_all(chain.GENESIS, dropped)
