import hashlib
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.sampling import draw

ROOT = bytes(range(32))
TAKE = "nj01/T-ABCDEFGHIJ"
THINGS = [f"nj01/I-{number:010d}" for number in range(10)]
NAMES = st.lists(st.from_regex(r"[a-z0-9]{1,4}/[IP]-[A-Z0-9]{1,6}", fullmatch=True), max_size=60)


VECTORS = [
    ["nj01/I-0000000009", "nj01/I-0000000002", "nj01/I-0000000003"],
    ["nj01/I-0000000005", "nj01/I-0000000002", "nj01/I-0000000003"],
    ["nj01/I-0000000001", "nj01/I-0000000006", "nj01/I-0000000008"],
    ["nj01/I-0000000000", "nj01/I-0000000002", "nj01/I-0000000007"],
]


def test_the_draw_is_frozen() -> None:
    """Samples drawn years ago must be drawn the same for ever: these never change."""
    assert draw(THINGS, ROOT, 1000, TAKE, 3) == VECTORS[0]
    assert draw(THINGS, ROOT, 1001, TAKE, 3) == VECTORS[1]
    assert draw(THINGS, bytes(32), 1000, TAKE, 3) == VECTORS[2]
    assert draw(THINGS, ROOT, 1000, "nj01/T-ABCDEFGHIK", 3) == VECTORS[3]


def test_the_bytes_are_those_that_the_docstring_states() -> None:
    def number(thing: str) -> int:
        told = b"sealtrail/sample/1\x00" + ROOT + b"\x00\x00\x00\x00\x00\x00\x03\xe8" + TAKE.encode() + b"\x00"
        return int.from_bytes(hashlib.sha256(told + thing.encode()).digest(), "big")

    assert draw(THINGS, ROOT, 1000, TAKE, 10) == sorted(THINGS, key=number)


@settings(deadline=None)
@given(NAMES, st.binary(min_size=32, max_size=32), st.integers(1, 2**53), st.integers(0, 80), st.randoms())
def test_the_order_of_the_population_means_nothing(
    names: list[str], root: bytes, size: int, count: int, chance: Random
) -> None:
    drawn = draw(names, root, size, TAKE, count)
    shuffled = [*names, *names[:3]]
    chance.shuffle(shuffled)
    assert draw(shuffled, root, size, TAKE, count) == drawn
    assert len(drawn) == len(set(drawn)) == min(count, len(set(names)))
    assert set(drawn) <= set(names)


@settings(deadline=None)
@given(NAMES, st.binary(min_size=32, max_size=32), st.integers(0, 79))
def test_a_smaller_sample_is_the_beginning_of_a_larger_one(names: list[str], root: bytes, count: int) -> None:
    assert draw(names, root, 9, TAKE, count + 1)[:count] == draw(names, root, 9, TAKE, count)


def test_every_id_is_equally_likely_to_be_drawn() -> None:
    """3 of 10, by 2,000 roots: each is drawn 600 times, within five standard deviations of a fair draw."""
    drawn: Counter[str] = Counter()
    for number in range(2000):
        drawn.update(draw(THINGS, hashlib.sha256(number.to_bytes(4, "big")).digest(), 1000, TAKE, 3))
    deviation = (2000 * 0.3 * 0.7) ** 0.5
    assert set(drawn) == set(THINGS)
    assert all(abs(times - 600) < 5 * deviation for times in drawn.values()), drawn


@pytest.mark.parametrize(("root", "size", "count"), [(bytes(31), 1, 1), (bytes(32), 0, 1), (bytes(32), 1, -1)])
def test_what_is_no_checkpoint_draws_nothing(root: bytes, size: int, count: int) -> None:
    with pytest.raises(ValueError, match="no draw"):
        draw(THINGS, root, size, TAKE, count)
