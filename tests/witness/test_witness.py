"""What a witness keeps: never less than before, and everything that speaks against a log."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proof.checkpoint import Checkpoint
from proof.keys import SigningKey
from proof.witness import (
    BEHIND,
    FALSE_EMPTY,
    TWO_ROOTS,
    UNPROVEN,
    Cosigned,
    Declined,
    judge_request,
    write_request,
)
from tests.witness.logs import FORK, KEY, LOG, ME, NAME, NOON_S, Log, over_http, sitting
from witness.errors import OptionsError
from witness.witness import Witness, know_logs


@pytest.fixture
def heard() -> list[tuple[str, str, str]]:
    return []


@pytest.fixture
def witness(tmp_path: Path, heard: list[tuple[str, str, str]]) -> Iterator[Witness]:
    with sitting(tmp_path / "state.db", on_accusation=lambda *accusation: heard.append(accusation)) as witness:
        yield witness


FALSE = Checkpoint(LOG.origin, 0, bytes(32)).sign(LOG.key)


@pytest.mark.parametrize(
    ("body", "status", "kind", "proves"),
    [
        (FORK.request(5, 5), 422, TWO_ROOTS, True),
        (FORK.request(0, 5), 409, TWO_ROOTS, True),
        (write_request(5, [], FALSE), 400, FALSE_EMPTY, True),
        (FORK.request(5, 9), 422, UNPROVEN, False),
        (write_request(5, [], LOG.note(9)), 422, UNPROVEN, False),
        (LOG.request(2, 4), 409, BEHIND, False),
        (write_request(5, [], FORK.note(4)), 400, BEHIND, False),
    ],
)
def test_what_a_log_signed_against_itself_is_kept_whole(
    witness: Witness, heard: list[tuple[str, str, str]], body: bytes, status: int, kind: str, proves: bool
) -> None:
    agreed = witness.add_checkpoint(LOG.request(0, 5))
    assert isinstance(agreed, Cosigned)
    answer, again = witness.add_checkpoint(body), witness.add_checkpoint(body)
    assert isinstance(answer, Declined)
    assert (answer.status, again) == (status, answer)
    (kept,) = witness.state.accusations()
    assert (kept.origin, kept.kind, bool(kept.proves), kept.status) == (LOG.origin, kind, proves, status)
    assert (kept.request, kept.seen, kept.at_s) == (body, agreed.note, NOON_S)
    assert heard == [(LOG.origin, kind, answer.why)]


def test_a_false_first_sight_is_kept_too(witness: Witness) -> None:
    witness.add_checkpoint(write_request(0, [], FALSE))
    (kept,) = witness.state.accusations()
    assert (kept.kind, kept.seen) == (FALSE_EMPTY, None)


@pytest.mark.parametrize(
    "body",
    [
        LOG.request(0, 9),
        LOG.request(0, 5),
        write_request(9, [], LOG.note(7)),
        FORK.checkpoint(5).sign(SigningKey.from_seed(bytes(32))).encode(),
        write_request(5, [], FORK.checkpoint(5).sign(SigningKey.from_seed(bytes(32)))),
        Log("another/log").request(0, 5),
        b"nonsense",
    ],
)
def test_mistakes_and_strangers_accuse_nobody(witness: Witness, heard: list[object], body: bytes) -> None:
    witness.add_checkpoint(LOG.request(0, 5))
    assert isinstance(witness.add_checkpoint(body), Declined)
    assert witness.state.accusations() == []
    assert heard == []


def test_the_largest_size_a_checkpoint_can_name(witness: Witness) -> None:
    note = Checkpoint(LOG.origin, 10**19 - 1, bytes(32)).sign(LOG.key)
    assert isinstance(witness.add_checkpoint(write_request(0, [], note)), Cosigned)
    answer = witness.add_checkpoint(LOG.request(0, 5))
    assert isinstance(answer, Declined)
    assert answer.size == 10**19 - 1


def test_each_log_has_a_memory_of_its_own(tmp_path: Path) -> None:
    other = Log("sealtrail/test/nj02")
    with sitting(tmp_path / "state.db", [LOG, other]) as witness:
        assert isinstance(witness.add_checkpoint(LOG.request(0, 12)), Cosigned)
        assert isinstance(witness.add_checkpoint(other.request(0, 5)), Cosigned)
        assert isinstance(witness.add_checkpoint(LOG.request(12, 13)), Cosigned)
        assert [(log.origin, log.size) for log, _ in witness.state.all_newest()] == [
            (LOG.origin, 13),
            (other.origin, 5),
        ]


POLICY = f"log {LOG.verifier.vkey} https://log.example\nwitness me {ME.vkey}\nquorum me\n".encode()


def test_the_known_logs() -> None:
    other = Log("sealtrail/test/nj02", key=SigningKey.from_seed(bytes([2] * 32)))
    assert know_logs([LOG.verifier.vkey]) == {LOG.origin: LOG.verifier}
    assert set(know_logs([other.verifier.vkey], POLICY)) == {LOG.origin, other.origin}


@pytest.mark.parametrize(
    ("vkeys", "policy"),
    [
        ([], None),
        ([], b"quorum none\n"),
        (["nonsense"], None),
        ([ME.vkey], None),
        ([LOG.verifier.vkey], POLICY),
        ([LOG.verifier.vkey] * 2, None),
        ([], b"no policy"),
    ],
)
def test_logs_it_cannot_know(vkeys: list[str], policy: bytes | None) -> None:
    with pytest.raises(OptionsError):
        know_logs(vkeys, policy)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb"])
def test_names_it_cannot_have(tmp_path: Path, name: str) -> None:
    with sitting(tmp_path / "state.db") as witness, pytest.raises(OptionsError):
        Witness(name, KEY, {}, witness.state, lambda: NOON_S)


TWIN = Log("sealtrail/test/nj02", key=SigningKey.from_seed(bytes([2] * 32)))
BRANCHES = [LOG, LOG, FORK, Log(forked_at=20), TWIN, Log("unknown/log")]
KNOWN = {LOG.origin: LOG.verifier, TWIN.origin: TWIN.verifier}
MOVES = st.lists(
    st.tuples(
        st.sampled_from(BRANCHES),
        st.sampled_from(["as seen", "as seen", "as seen", "wrong old", "wrong proof"]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_any_sequence_is_answered_as_the_pure_judgement_says(moves: list[tuple[Log, str, int, int]]) -> None:
    """The served witness against the judgement over a plain dictionary; and what may never happen, whatever it says."""
    latest: dict[str, Checkpoint] = {}
    cosigned: dict[tuple[str, int], bytes] = {}

    async def play(witness: Witness) -> None:
        with over_http(witness) as client:
            for log, how, old, size in moves:
                seen = latest.get(log.origin)
                old_size = old if how == "wrong old" or seen is None else seen.size
                proof = log.proof(0 if seen is None and how != "wrong old" else old_size, size)
                body = write_request(
                    old_size if seen or how == "wrong old" else 0,
                    [bytes(32), *proof] if how == "wrong proof" else proof,
                    log.note(size),
                )
                expected = judge_request(body, logs=KNOWN, latest=latest, name=NAME, key=KEY, at_s=NOON_S)
                answer = await client.post("/add-checkpoint", content=body)
                if isinstance(expected, Cosigned):
                    assert (answer.status_code, answer.text) == (200, expected.lines)
                    assert not seen or seen.size <= size
                    assert cosigned.setdefault((log.origin, size), expected.checkpoint.root) == expected.checkpoint.root
                    latest[log.origin] = expected.checkpoint
                    assert (await client.get(log.address)).text == expected.note
                else:
                    assert answer.status_code == expected.status
                    assert expected.size is None or answer.text == f"{expected.size}\n"

    with TemporaryDirectory() as folder:
        with sitting(Path(folder) / "state.db", [LOG, TWIN]) as witness:
            asyncio.run(play(witness))
        with sitting(Path(folder) / "state.db", [LOG, TWIN]) as witness:
            assert {log.origin: log for log, _ in witness.state.all_newest()} == latest
