"""A log that can be honest, forked or rolled back, and a witness of it in this process or in one of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from typer.testing import CliRunner, Result

from proof.checkpoint import Checkpoint
from proof.cosignature import cosigner
from proof.keys import SigningKey
from proof.merkle import consistency_proof, leaf_hash, root_of
from proof.note import NoteVerifier
from proof.witness import write_request
from witness.app import create_app
from witness.cli import app
from witness.keys import write_key
from witness.state import State
from witness.witness import Witness

ROOT = Path(__file__).parents[2]
NOON_S = 1_795_348_800
NAME = "court.example/w"
SEED = bytes([7] * 32)
KEY = SigningKey.from_seed(SEED)
ME = cosigner(NAME, KEY)
LOG_KEY = SigningKey.from_seed(bytes([1] * 32))


@cache
def leaves(forked_at: int) -> list[bytes]:
    return [leaf_hash(f"{'other ' * (number >= forked_at)}{number}".encode()) for number in range(40)]


@dataclass(frozen=True, slots=True)
class Log:
    """A log of 40 entries; from entry `forked_at` on they are others."""

    origin: str = "sealtrail/test/nj01"
    forked_at: int = 40
    key: SigningKey = LOG_KEY

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(self.origin, self.key.public)

    @property
    def address(self) -> str:
        return f"/{sha256(self.origin.encode()).hexdigest()}/checkpoint"

    @property
    def leaves(self) -> list[bytes]:
        return leaves(self.forked_at)

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.origin, size, root_of(self.leaves[:size]))

    def note(self, size: int) -> str:
        return self.checkpoint(size).sign(self.key)

    def proof(self, old: int, size: int) -> list[bytes]:
        """Empty where there is none."""
        return consistency_proof(self.leaves[:size], old) if old <= size else []

    def request(self, old: int, size: int) -> bytes:
        return write_request(old, self.proof(old, size), self.note(size))


LOG = Log()
FORK = Log(forked_at=3)


def run(*arguments: object) -> Result:
    """`sealtrail witness …` in this process: exit status and what it said."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@contextmanager
def sitting(
    path: Path, logs: Sequence[Log] = (LOG,), on_accusation: Callable[[str, str, str], None] = lambda *_: None
) -> Iterator[Witness]:
    """A witness of `logs` in this process, whose clock stands still."""
    with closing(State(path, create=True)) as state:
        known = {log.origin: log.verifier for log in logs}
        yield Witness(NAME, KEY, known, state, lambda: NOON_S, on_accusation)


@contextmanager
def over_http(witness: Witness, prefix: str = "") -> Iterator[httpx.AsyncClient]:
    """A client of its application; close the client before this ends."""
    with ThreadPoolExecutor(1) as executor:
        transport = httpx.ASGITransport(create_app(witness, executor, prefix))
        yield httpx.AsyncClient(transport=transport, base_url="http://witness")


class Process:
    """`sealtrail witness serve` in `folder`, with a key and a state file there."""

    def __init__(self, folder: Path, *options: object, logs: Sequence[Log] = (LOG,), limit_kib: int = 0) -> None:
        self.state = folder / "state.db"
        key = folder / "key.pem"
        if not key.exists():
            write_key(key, SEED)
        known = [option for log in logs for option in ("--log", log.verifier.vkey)]
        own = ("--name", NAME, "--key", key, "--state", self.state, "--port", 0)
        serve = [sys.executable, "-m", "sealtrail", "witness", "serve", *map(str, (*own, *known, *options))]
        limited = ["bash", "-c", f'ulimit -f {limit_kib} && exec "$@"', "-", *serve] if limit_kib else serve
        self._process = subprocess.Popen(limited, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self.line()
        self.client = httpx.Client(base_url=self.ready["url"], timeout=240)

    def line(self) -> dict[str, Any]:
        """The next JSON line it prints; waits for it."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"it ended: {self._process.communicate()[1]}")
        read: dict[str, Any] = json.loads(line)
        return read

    def submit(self, body: bytes) -> httpx.Response:
        return self.client.post("/add-checkpoint", content=body)

    def size(self, log: Log = LOG) -> int:
        return int(self.client.get(log.address).raise_for_status().text.split("\n")[1])

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._process.wait()

    def terminate(self) -> int:
        """SIGTERM; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(240)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
