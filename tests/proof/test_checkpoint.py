"""Signed notes and checkpoints in the C2SP formats."""

import base64

import pytest

from proof.checkpoint import Checkpoint, verify_checkpoint
from proof.errors import EncodingError, ProofError, SignatureError
from proof.keys import SigningKey, VerifyKey
from proof.merkle import leaf_hash
from proof.note import NoteVerifier, read_note, sign_note

KEY = SigningKey.from_seed(bytes(range(32)))
ORIGIN = "sealtrail/test/nj01"
LOG = NoteVerifier(ORIGIN, KEY.public)
CHECKPOINT = Checkpoint(ORIGIN, 42, leaf_hash(b"root"))

# The example of the Go module golang.org/x/mod/sumdb/note, which C2SP signed-note describes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_note_verifies_and_a_changed_one_does_not() -> None:
    peter = NoteVerifier.from_vkey(PETER)
    assert peter.vkey == PETER
    read_note(NOTE.encode()).verify(peter)
    with pytest.raises(SignatureError):
        read_note(NOTE.replace("answer", "Answer").encode()).verify(peter)


def test_the_example_of_the_specification_verifies() -> None:
    """c2sp.org/signed-note, Verifier keys, Example."""
    foo = NoteVerifier.from_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    read_note(f"This is an example message.\n\n— example.com/foo {signature}\n".encode()).verify(foo)


def test_a_checkpoint_comes_back_and_others_can_add_their_signature() -> None:
    note = CHECKPOINT.sign(KEY)
    assert note.startswith(f"{ORIGIN}\n42\n{base64.b64encode(CHECKPOINT.root).decode()}\n\n— {ORIGIN} ")
    assert verify_checkpoint(note.encode(), LOG) == CHECKPOINT
    witness = SigningKey.from_seed(bytes(32))
    both = sign_note(CHECKPOINT.to_text(), [(ORIGIN, KEY), ("witness.example", witness)])
    assert verify_checkpoint(both.encode(), LOG) == CHECKPOINT
    read_note(both.encode()).verify(NoteVerifier("witness.example", witness.public))


def test_another_log_or_key_is_refused() -> None:
    note = CHECKPOINT.sign(KEY).encode()
    for log in (NoteVerifier("other", KEY.public), NoteVerifier(ORIGIN, SigningKey.from_seed(bytes(32)).public)):
        with pytest.raises(SignatureError):
            verify_checkpoint(note, log)
    with pytest.raises(SignatureError, match="another log"):
        verify_checkpoint(sign_note(Checkpoint("x", 1, CHECKPOINT.root).to_text(), [(ORIGIN, KEY)]).encode(), LOG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n1\n",
        "\n1\nAAAA\n",
        "a\n01\nAAAA\n",
        "a\n-1\nAAAA\n",
        f"a\n{'9' * 5000}\nAAAA\n",
        "a\n1\nAAAA\n",
        "a\n1\n!\n",
        "a\n٣\nAAAA\n",
        CHECKPOINT.to_text() + "\n",
        CHECKPOINT.to_text() + "extension",
        CHECKPOINT.to_text() + "x\n\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(EncodingError):
        Checkpoint.from_text(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nno dash AAAA\n",
        "text\n\n— name !!!!\n".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— na+me AAAAAAAA\n".encode(),
        "te\x00xt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\n\n",
        b"a" * (1 << 20) + b"\n",
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        read_note(data)


def test_a_key_text_that_was_touched_is_refused() -> None:
    name, number, key = PETER.split("+", 2)
    for vkey in (
        "",
        name,
        f"{name}+00000000+{key}",
        f"Peter+{number}+{key}",
        f"{name}+{number}+AAAA",
        f"+{number}+{key}",
    ):
        with pytest.raises(EncodingError):
            NoteVerifier.from_vkey(vkey)
    with pytest.raises(EncodingError):
        sign_note("no newline", [(ORIGIN, KEY)])
    with pytest.raises(EncodingError):
        sign_note("text\n", [("two words", KEY)])


def test_no_single_changed_byte_of_a_checkpoint_is_taken() -> None:
    note = CHECKPOINT.sign(KEY).encode()
    for place in range(len(note)):
        with pytest.raises(ProofError):
            verify_checkpoint(note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :], LOG)


def test_verify_key_equality() -> None:
    assert KEY.public == VerifyKey.from_raw(KEY.public.raw)
    assert len({KEY.public, VerifyKey.from_raw(KEY.public.raw)}) == 1
