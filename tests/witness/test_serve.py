"""The witness as a process: killed, raced, restored from a copy, without room on the disk."""

import http.client
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from proof.cosignature import verify_cosignature
from proof.note import read_note
from proof.witness import MAX_BYTES, write_request
from simulators.broker import free_port
from tests.witness.logs import FORK, KEY, LOG, ME, NAME, Log, Process, run
from witness.keys import write_key


def test_it_says_when_it_is_ready_and_ends_cleanly(tmp_path: Path) -> None:
    with Process(tmp_path, "--prefix", "w/") as witness:
        assert witness.ready["event"] == "ready"
        assert witness.ready["vkey"] == ME.vkey
        assert witness.ready["logs"] == {LOG.origin: None}
        assert witness.ready["url"].endswith("/w")
        assert witness.submit(LOG.request(0, 5)).status_code == 200
        assert witness.terminate() == 0
    with Process(tmp_path) as witness:
        assert witness.ready["logs"] == {LOG.origin: 5}


def test_it_counts_what_it_answered_for_this_machine_alone_and_only_where_asked(tmp_path: Path) -> None:
    port = free_port()
    with Process(tmp_path, "--metrics-port", port) as witness:
        assert witness.submit(LOG.request(0, 5)).status_code == 200
        assert witness.submit(LOG.request(0, 5)).status_code == 409
        assert witness.submit(FORK.request(5, 5)).status_code in (409, 422)
        assert witness.submit(b"nonsense").status_code == 400
        assert witness.client.get("/metrics").status_code == 404  # not at the address that everybody reaches
        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    with Process(tmp_path, "--metrics-port", port):
        again = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    origin = f'origin="{LOG.origin}"'
    assert f"sealtrail_witness_cosignatures_total{{{origin}}} 1.0" in told
    assert f"sealtrail_witness_seen_size{{{origin}}} 5.0" in told
    assert 'sealtrail_witness_refusals_total{status="400"} 1.0' in told
    assert f'sealtrail_witness_accusations_total{{kind="two_roots",{origin}}} 1.0' in told
    assert f"sealtrail_witness_seen_size{{{origin}}} 5.0" in again, "what it saw before it was started anew"


def test_one_connection_serves_many_requests(tmp_path: Path) -> None:
    with Process(tmp_path) as witness:
        address = urlsplit(witness.ready["url"])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=240)
        connection.connect()
        socket = connection.sock
        for old, size, status in ((0, 5, 200), (0, 5, 409), (5, 9, 200)):
            connection.request("POST", "/add-checkpoint", LOG.request(old, size))
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, connection.sock) == (status, socket)
        connection.request("GET", LOG.address)
        note = read_note(connection.getresponse().read())
        assert verify_cosignature(note, ME) > 0
        assert connection.sock is socket
        connection.close()


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with Process(tmp_path) as witness:
        assert witness.submit(b"x" * MAX_BYTES).status_code == 400
        assert witness.submit(b"x" * (MAX_BYTES + 1)).status_code == 413
        assert witness.submit(LOG.request(0, 5)).status_code == 200


def test_what_it_agreed_to_survives_a_kill(tmp_path: Path) -> None:
    for old, size in ((0, 5), (5, 9), (9, 20)):
        with Process(tmp_path) as witness:
            assert witness.submit(LOG.request(old, size)).status_code == 200
            kept = witness.client.get(LOG.address).content
            witness.kill()
        with Process(tmp_path) as witness:
            assert witness.client.get(LOG.address).content == kept
            rollback = witness.submit(LOG.request(size - 2, size - 1))
            assert (rollback.status_code, rollback.text) == (409, f"{size}\n")
            assert witness.submit(FORK.request(size, size + 1)).status_code == 422
            assert witness.size() == size


def grow(witness: Process, start: int, answered: list[int], enough: threading.Event) -> None:
    """Submits one entry more at a time until the witness is gone; `enough` is set after the fifth answer."""
    for size in range(start, 40):
        try:
            witness.submit(LOG.request(size, size + 1)).raise_for_status()
        except httpx.TransportError:
            return
        answered.append(size + 1)
        if len(answered) == 5:
            enough.set()


def test_a_kill_among_requests_takes_back_no_answer(tmp_path: Path) -> None:
    for _ in range(3):
        answered: list[int] = []
        enough = threading.Event()
        with Process(tmp_path) as witness:
            start = witness.ready["logs"][LOG.origin] or 0
            growing = threading.Thread(target=grow, args=(witness, start, answered, enough))
            growing.start()
            assert enough.wait(240)
            witness.kill()
            growing.join(240)
        with Process(tmp_path) as witness:
            # The answer that was under way when it died may have been kept, never the other way round.
            assert answered[-1] <= witness.size() <= answered[-1] + 1


@pytest.mark.parametrize("processes", [1, 2])
def test_whoever_comes_first_nothing_is_rolled_back(tmp_path: Path, processes: int) -> None:
    """The race of the specification: N and N+K over the same old size; also with two processes on one state file."""
    with Process(tmp_path) as one, Process(tmp_path) as two, ThreadPoolExecutor(2) as threads:
        witnesses = (one, one) if processes == 1 else (one, two)
        old = 0
        for _ in range(8):
            sizes = (old + 1, old + 4)
            answers = list(threads.map(
                lambda pair: pair[0].submit(pair[1]), zip(witnesses, (LOG.request(old, s) for s in sizes), strict=True)
            ))  # fmt: skip
            agreed = [size for size, answer in zip(sizes, answers, strict=True) if answer.status_code == 200]
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            assert one.size() == two.size() == agreed[0]
            assert [answer.text for answer in answers if answer.status_code == 409] == [f"{agreed[0]}\n"]
            old = agreed[0]


def test_a_state_restored_from_a_copy_forgets_and_two_cosignatures_show_it(tmp_path: Path) -> None:
    """What docs/witness.md warns of: the witness cannot know, others can."""
    with Process(tmp_path) as witness:
        witness.submit(LOG.request(0, 3))
        witness.terminate()
    shutil.copy(witness.state, tmp_path / "backup.db")
    with Process(tmp_path) as witness:
        before = LOG.note(9) + witness.submit(LOG.request(3, 9)).text
        assert witness.submit(FORK.request(9, 9)).status_code == 422
        witness.terminate()
    shutil.copy(tmp_path / "backup.db", witness.state)
    with Process(tmp_path) as witness:
        assert witness.ready["logs"] == {LOG.origin: 3}
        honest = witness.submit(LOG.request(9, 12))
        assert (honest.status_code, honest.text) == (409, "3\n")
        after = FORK.note(9) + witness.submit(FORK.request(3, 9)).text
    for note in (before, after):
        assert verify_cosignature(read_note(note.encode()), ME) > 0
    assert LOG.checkpoint(9).root != FORK.checkpoint(9).root


def test_without_room_on_the_disk_it_signs_nothing_and_forgets_nothing(tmp_path: Path) -> None:
    """A file may grow to 128 KiB here; accusations of 60 KiB each fill it."""
    with Process(tmp_path, limit_kib=128) as witness:
        assert witness.submit(LOG.request(0, 5)).status_code == 200
        statuses = []
        for number in range(6):
            padded = write_request(5, [], FORK.note(10 + number) + "— x AAAAAAAA\n" * 4000)
            statuses.append(witness.submit(padded).status_code)
        assert set(statuses) == {422, 503}
        refused = witness.submit(LOG.request(5, 9)).status_code
        assert witness.size() == (5 if refused == 503 else 9)
    with Process(tmp_path) as witness:
        assert witness.size() == (5 if refused == 503 else 9)
        assert witness.submit(LOG.request(witness.size(), 20)).status_code == 200


def test_a_new_accusation_is_told_at_once(tmp_path: Path) -> None:
    with Process(tmp_path) as witness:
        witness.submit(LOG.request(0, 5))
        witness.submit(FORK.request(5, 5))
        told = witness.line()
        assert (told["event"], told["origin"], told["kind"]) == ("accusation", LOG.origin, "two_roots")


def refused_start(folder: Path, *options: object, name: str = NAME, key: str = "key.pem") -> str:
    """What it says when it does not start; it must be one sentence, and exit 2."""
    ended = run("serve", "--name", name, "--key", folder / key, "--state", folder / "state.db", *options)
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    return ended.stderr


def test_it_does_not_start_with_what_is_not_its_own(tmp_path: Path) -> None:
    known = ("--log", LOG.verifier.vkey)
    with Process(tmp_path) as witness:
        port = urlsplit(witness.ready["url"]).port
        assert f"port {port}" in refused_start(tmp_path, "--port", port, *known)
    write_key(tmp_path / "other.pem", bytes([8] * 32))
    assert "is the state of" in refused_start(tmp_path, *known, key="other.pem")
    assert "is the state of" in refused_start(tmp_path, *known, name="court.example/x")
    assert "missing.pem" in refused_start(tmp_path, *known, key="missing.pem")
    assert "--log or --policy" in refused_start(tmp_path)
    assert "not of a log" in refused_start(tmp_path, "--log", ME.vkey)
    assert "No such file" in refused_start(tmp_path, "--policy", tmp_path / "none.txt")
    (tmp_path / "key.pem").chmod(0o644)
    assert "chmod 600" in refused_start(tmp_path, *known)
    (tmp_path / "text.pem").write_bytes(b"no key")
    (tmp_path / "text.pem").chmod(0o600)
    assert "PKCS#8" in refused_start(tmp_path, *known, key="text.pem")


def test_the_logs_of_a_policy_are_known(tmp_path: Path) -> None:
    other = Log("sealtrail/test/nj02", key=KEY)
    policy = tmp_path / "policy.txt"
    policy.write_text(f"log {LOG.verifier.vkey} https://log.example\nlog {other.verifier.vkey}\nquorum none\n")
    with Process(tmp_path, "--policy", policy, logs=()) as witness:
        assert witness.submit(LOG.request(0, 5)).status_code == 200
        assert witness.submit(other.request(0, 5)).status_code == 200
        assert (witness.size(), witness.size(other)) == (5, 5)
