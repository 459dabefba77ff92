"""Labels: what is genuine, what is forged, what is none; QR's densest alphabet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import base45 as other_base45
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from custody.passage import Genuineness, Sight
from custody.things import Kind, Moment
from proof.keys import SigningKey
from wire import base45
from wire.errors import ForgedLabelError, LabelError
from wire.labels import Label, read_label, see, write_label, write_pass

KEY = SigningKey.from_seed(bytes(range(32)))
OLD_KEY = SigningKey.from_seed(bytes([7] * 32))
LABEL = Label(Kind.ITEM, "nj01/I-0000000001", 3)
GOLDEN = Path(__file__).parent / "golden" / "v1"
LI, NOON = "nj01/U-0000000001", datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE, BOUND = timedelta(minutes=1), timedelta(milliseconds=200)


@given(st.binary(max_size=80))
def test_base45_as_another_implementation_writes_it(data: bytes) -> None:
    text = base45.encode(data)
    assert text == other_base45.b45encode(data).decode()
    assert base45.decode(text) == data


@given(st.text(alphabet=base45.ALPHABET, max_size=12))
def test_base45_has_one_spelling(text: str) -> None:
    try:
        data = base45.decode(text)
    except ValueError:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("issue", [1, 65535])
def test_a_label_comes_back(kind: Kind, issue: int) -> None:
    label = Label(kind, "nj01/X-1", issue)
    text = write_label(label, KEY)
    assert set(text) <= set(base45.ALPHABET)
    assert read_label(text, [OLD_KEY.public, KEY.public]) == label
    assert label.site == "nj01"


def test_no_single_changed_character_is_genuine() -> None:
    text = write_label(LABEL, KEY)
    for place in range(len(text)):
        for character in "A0":
            if text[place] == character:
                continue
            with pytest.raises(LabelError):
                read_label(text[:place] + character + text[place + 1 :], [KEY.public])


def test_a_label_by_another_key_is_forged() -> None:
    with pytest.raises(ForgedLabelError, match="no label key signed"):
        read_label(write_label(LABEL, OLD_KEY), [KEY.public])


@pytest.mark.parametrize("text", ["ST1:", "ST1:A", "ST1:" + "0" * 300, "ST1:lower", "ST1:" + base45.encode(bytes(90))])
def test_an_invented_label_is_forged(text: str) -> None:
    with pytest.raises(ForgedLabelError):
        read_label(text, [KEY.public])


@pytest.mark.parametrize("text", ["", "https://example.org", "st1:ABC", "6901028000000"])
def test_another_code_is_not_ours(text: str) -> None:
    with pytest.raises(LabelError) as caught:
        read_label(text, [KEY.public])
    assert not isinstance(caught.value, ForgedLabelError)
    assert caught.value.text == text


@pytest.mark.parametrize(
    "label",
    [Label(Kind.ITEM, "no-site", 1), Label(Kind.ITEM, "NJ01/x", 1), Label(Kind.ITEM, "nj01/盒", 1),
     Label(Kind.ITEM, "nj01/" + "x" * 64, 1), Label(Kind.ITEM, "nj01/x", 0), Label(Kind.ITEM, "nj01/x", 65536)],
)  # fmt: skip
def test_what_cannot_stand_on_a_label(label: Label) -> None:
    with pytest.raises(LabelError):
        write_label(label, KEY)


def test_what_a_text_is_to_the_rules() -> None:
    keys = [KEY.public]
    text = write_label(LABEL, KEY)
    assert see(text, "nj01", keys, copies=2) == Sight(Genuineness.GENUINE, LABEL.id, Kind.ITEM, 3, 2)
    assert see(text, "sz02", keys) == Sight(Genuineness.OTHER_SITE, LABEL.id)
    forged = write_label(LABEL, OLD_KEY)
    assert see(forged, "nj01", keys) == Sight(Genuineness.FORGED, forged)
    assert see("hello", "nj01", keys) == Sight(Genuineness.UNKNOWN, "hello")


def test_labels_and_passes_of_the_first_version_stay_as_they_are() -> None:
    lines = [line.split(" ", 3) for line in (GOLDEN / "labels.txt").read_text("ascii").splitlines()]
    assert [kind for kind, *_ in lines] == list(Kind)
    for kind, thing, issue, text in lines:
        assert write_label(Label(Kind(kind), thing, int(issue)), KEY) == text
    thing, issue, until, text = (GOLDEN / "pass.txt").read_text("ascii").removesuffix("\n").split(" ", 3)
    assert write_pass(thing, int(issue), datetime.fromisoformat(until), KEY) == text
    assert read_label(text, [KEY.public]) == Label(Kind.PERSON, thing, int(issue), datetime.fromisoformat(until))


def test_a_pass_says_when_it_ends_in_the_densest_alphabet_of_qr() -> None:
    text = write_pass(LI, 2, NOON + timedelta(microseconds=999_999), KEY)
    assert read_label(text, [KEY.public]) == Label(Kind.PERSON, LI, 2, NOON)
    assert segno.make(text, micro=False).mode == "alphanumeric"


def test_nobody_gives_a_pass_a_longer_life() -> None:
    text = write_pass(LI, 1, NOON, KEY)
    data = bytearray(base45.decode(text.removeprefix("ST1:")))
    for place in range(len(data)):
        changed = bytes(data[:place]) + bytes([data[place] ^ 1]) + bytes(data[place + 1 :])
        with pytest.raises(ForgedLabelError):
            read_label("ST1:" + base45.encode(changed), [KEY.public])
    signature = bytes(data[-64:])
    for content in (b"\x06", b"\x06\0\x01\0", bytes(data[:-68]), bytes([5, *data[1:-64]])):
        with pytest.raises(ForgedLabelError):
            read_label("ST1:" + base45.encode(content + signature), [KEY.public])


@pytest.mark.parametrize(
    "label",
    [Label(Kind.ITEM, "nj01/I-1", 1, NOON), Label(Kind.PERSON, LI, 1, NOON.replace(tzinfo=None)),
     Label(Kind.PERSON, LI, 1, datetime(1969, 1, 1, tzinfo=UTC)),
     Label(Kind.PERSON, LI, 1, datetime(2107, 1, 1, tzinfo=UTC))],
)  # fmt: skip
def test_what_cannot_be_a_pass(label: Label) -> None:
    with pytest.raises(LabelError):
        write_label(label, KEY)


@pytest.mark.parametrize(
    ("now", "genuineness"),
    [
        (Moment(NOON - MINUTE, BOUND), Genuineness.GENUINE),
        (Moment(NOON - BOUND, BOUND), Genuineness.GENUINE),
        (Moment(NOON - BOUND + timedelta(microseconds=1), BOUND), Genuineness.STALE),  # it may be over by now
        (Moment(NOON + MINUTE, BOUND), Genuineness.STALE),
        (Moment(NOON - MINUTE, None), Genuineness.STALE),
        (None, Genuineness.STALE),
    ],
)
def test_a_pass_counts_while_the_clock_is_sure_of_it(now: Moment | None, genuineness: Genuineness) -> None:
    sight = see(write_pass(LI, 3, NOON, KEY), "nj01", [KEY.public], now=now)
    assert sight == Sight(genuineness, LI, Kind.PERSON, 3)
    assert sight.is_person is (genuineness is Genuineness.GENUINE)
    assert not sight.concerns_gate
    printed = write_label(Label(Kind.PERSON, LI, 3), KEY)
    assert see(printed, "nj01", [KEY.public], now=now).genuineness is Genuineness.GENUINE
