"""This agent as a witness of other sites' logs: it cosigns what only grew, and tells of what did not.

It hears a checkpoint from the broker, computes the consistency proof from the log's public tiles, and judges as every
witness does (proof/witness.py). What it saw last changes together with the fact that tells it, or not at all.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from custody.permits import parse_time, time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError, TilesError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect
from proof.checkpoint import Checkpoint, verify_checkpoint
from proof.errors import ProofError
from proof.keys import SigningKey
from proof.merkle import HASH_BYTES, consistency_ranges
from proof.note import Note, NoteVerifier, read_note
from proof.tiles import WIDTH, Tile, consistency_from, root_from, tile_path, tiles_of, width_in
from proof.witness import FORKED, Cosigned, Declined, judge_request, shows_fork, speaks_against, write_request
from wire.kinds import FactKind
from wire.messages import to_body
from wire.witnessing import CheckpointRefused, SeenCheckpoint
from wire.witnessing import Cosigned as CosignedBody

PAUSES_S = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Before the next try while the log's tiles cannot be had, or the disk is full; the last one repeats."""

TELL_EVERY = timedelta(hours=1)
"""The same complaint about the same log is told again after this time, not with every checkpoint."""

WAITING = 32
"""Checkpoints of one log that wait; of more the oldest is forgotten, as a newer one says more."""

MAX_CHECKPOINT_BYTES = 16 << 10
MAX_SIZE = 2**53 - 1
"""The largest log that JSON's numbers can tell of."""

_log = logging.getLogger(__name__)


def witness_name(agent: str) -> str:
    """The name under which `agent` cosigns."""
    return f"sealtrail/{agent}"


def site_of_log(log: NoteVerifier) -> str:
    """The site whose log has this key: the last part of its origin."""
    return log.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class _Heard:
    """A checkpoint that the log signed."""

    checkpoint: Checkpoint
    note: Note

    def signed(self, log: NoteVerifier) -> str:
        """The note with nobody's signature but the log's."""
        return f"{self.note.text}\n{''.join(line.line() for line in self.note.by(log))}"


@dataclass(frozen=True, slots=True)
class _Way:
    """How the log's tiles lead from the size seen to the new one; `start` is the root they give the size seen."""

    proof: list[bytes]
    start: bytes | None = None


class EdgeWitness:
    """The witness `sealtrail/<agent>` with `key`, of `logs`; `cloud_url` is where their tiles are.

    It cosigns a log once in `every_s` at the most: its word is an entry in its own site's log, and two sites whose
    agents are each other's witnesses must not keep each other awake. What speaks against a log is told at once.
    """

    def __init__(
        self,
        agent: str,
        key: SigningKey,
        logs: tuple[NoteVerifier, ...],
        journal: Journal,
        clock: Clock,
        cloud_url: str,
        every_s: float,
        pauses_s: tuple[float, ...] = PAUSES_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls or ssl.create_default_context()
        self._name, self._key, self._journal, self._clock = witness_name(agent), key, journal, clock
        self._logs: Mapping[str, NoteVerifier] = {site_of_log(log): log for log in logs}
        self._heard: Mapping[str, asyncio.Queue[bytes]] = {site: asyncio.Queue(WAITING) for site in self._logs}
        self._url, self._every_s, self._pauses_s = cloud_url.rstrip("/"), every_s, pauses_s
        self._cosigned_s: dict[str, float] = {}

    def hear(self, site: str, payload: bytes) -> None:
        """Takes what came as the checkpoint of `site`; of a log that is not in the settings nothing is kept."""
        queue = self._heard.get(site)
        if queue is None:
            return
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(payload)

    async def work(self) -> None:
        """Judges what is heard, every log for itself, until it is cancelled."""
        async with (
            httpx.AsyncClient(verify=self._tls, timeout=30, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            for site, log in self._logs.items():
                group.create_task(self._watch(client, site, log))

    async def _watch(self, client: httpx.AsyncClient, site: str, log: NoteVerifier) -> None:
        loop, failures = asyncio.get_running_loop(), 0
        later: bytes | None = None  # to be looked at again when it is due, if nothing newer comes
        due = 0.0
        while True:
            payload = await _next(self._heard[site], later, due)
            try:
                rest_s = await self._take(client, site, log, payload)
                failures = 0
            except (TilesError, JournalError) as error:
                _log.warning("the checkpoint of %s is not judged yet: %s", log.name, error)
                rest_s = self._pauses_s[min(failures, len(self._pauses_s) - 1)]
                later, due, failures = payload, loop.time() + rest_s, failures + 1
                continue
            if rest_s is not None:
                later, due = (payload if rest_s else None), loop.time() + rest_s
            elif payload is later:
                later = None

    async def _take(self, client: httpx.AsyncClient, site: str, log: NoteVerifier, payload: bytes) -> float | None:
        """None where it is no news; 0 when it was judged; else the seconds after which it may be cosigned.

        Raises TilesError, JournalError: then nothing was said and nothing has changed.
        """
        heard = _read(payload, log)
        if heard is None:
            return None
        kept = await asyncio.to_thread(self._journal.reads.rows, "witnessed", origin=log.name)
        seen_note: str | None = kept[0][0] if kept else None
        seen = Checkpoint.from_text(read_note(seen_note.encode()).text) if seen_note else None
        if seen and heard.checkpoint.size < seen.size:  # a broker may bring old news: what does the log itself say?
            heard = _read(await _get(client, f"{self._url}/log/{site}/checkpoint", MAX_CHECKPOINT_BYTES), log)
            if heard is None:
                raise TilesError(f"what {site} serves as its checkpoint is none")
        if seen == heard.checkpoint:
            return None
        way = await self._find_way(client, site, seen, heard.checkpoint)
        answer = judge_request(
            write_request(seen.size if seen else 0, way.proof, heard.signed(log)),
            logs={log.name: log},
            latest={log.name: seen} if seen else {},
            name=self._name,
            key=self._key,
            at_s=int(self._clock.read().at.timestamp()),
        )
        if isinstance(answer, Declined):
            await self._refuse(log, heard, _against(answer, heard.checkpoint, seen, way), seen, seen_note, way)
            return 0
        now_s = asyncio.get_running_loop().time()
        rest_s = self._cosigned_s.get(site, -self._every_s) + self._every_s - now_s
        if rest_s > 0:
            return rest_s
        await self._agree(answer)
        self._cosigned_s[site] = now_s
        return 0

    async def _find_way(self, client: httpx.AsyncClient, site: str, seen: Checkpoint | None, new: Checkpoint) -> _Way:
        """From the tiles of the log at its new size. Raises TilesError when they cannot be had."""
        if seen is None or not 0 < seen.size < new.size:
            return _Way([])
        needed = tiles_of([*consistency_ranges(seen.size, new.size), (0, seen.size)])
        tiles = {tile: await self._tile(client, site, tile, width_in(tile, new.size)) for tile in sorted(needed)}
        return _Way(consistency_from(seen.size, new.size, tiles), root_from(seen.size, tiles))

    async def _tile(self, client: httpx.AsyncClient, site: str, tile: Tile, width: int) -> bytes:
        prefix = f"{self._url}/log/{site}/"
        try:
            hashes = await _get(client, prefix + tile_path(tile, width), WIDTH * HASH_BYTES)
        except TilesError:
            if width == WIDTH:
                raise
            hashes = await _get(client, prefix + tile_path(tile, WIDTH), WIDTH * HASH_BYTES)  # full by now
            hashes = hashes[: width * HASH_BYTES]
        if len(hashes) != width * HASH_BYTES:
            raise TilesError(f"tile {tile.level}/{tile.n} of {site} has {len(hashes)} bytes, not {width} hashes")
        return hashes

    async def _agree(self, answer: Cosigned) -> None:
        checkpoint = answer.checkpoint
        body = CosignedBody(
            origin=checkpoint.origin, size=checkpoint.size, root=checkpoint.root.hex(), line=answer.lines
        )
        keep = Effect("set_witnessed", {"origin": checkpoint.origin, "note": answer.note})
        draft = Draft(kind=FactKind.COSIGNED, device="agent", body=to_body(body), effects=(keep,))
        await asyncio.to_thread(self._journal.record, draft)

    async def _refuse(
        self, log: NoteVerifier, heard: _Heard, why: str, seen: Checkpoint | None, seen_note: str | None, way: _Way
    ) -> None:
        now = self._clock.read().at
        told = await asyncio.to_thread(self._journal.reads.rows, "told", origin=log.name, why=why)
        if told and timedelta(0) <= now - parse_time(told[0][0]) < TELL_EVERY:
            return
        body = CheckpointRefused(
            origin=log.name,
            size=heard.checkpoint.size,
            why=why,
            note=heard.signed(log),
            seen=SeenCheckpoint(size=seen.size, root=seen.root.hex(), note=seen_note) if seen and seen_note else None,
            proof=[node.hex() for node in way.proof],
            start=way.start.hex() if way.start else None,
        )
        _log.error("the checkpoint of %s is refused: %s", log.name, why)
        keep = Effect("set_told", {"origin": log.name, "why": why, "at": time_text(now)})
        draft = Draft(kind=FactKind.CHECKPOINT_REFUSED, device="agent", body=to_body(body), effects=(keep,))
        await asyncio.to_thread(self._journal.record, draft)


def _against(answer: Declined, new: Checkpoint, seen: Checkpoint | None, way: _Way) -> str:
    """What the refusal says of the log: a fork where its own tiles show one."""
    if seen and way.start and shows_fork(seen, way.start, new, way.proof):
        return FORKED
    return speaks_against(answer, new, seen) or answer.why


def _read(payload: bytes, log: NoteVerifier) -> _Heard | None:
    """The checkpoint in `payload`; None for what the log did not sign, which says nothing of the log."""
    try:
        heard = _Heard(verify_checkpoint(payload, log), read_note(payload))
    except ProofError as error:
        _log.warning("not a checkpoint of %s: %s", log.name, error)
        return None
    if len(payload) > MAX_CHECKPOINT_BYTES or heard.checkpoint.size > MAX_SIZE:
        _log.warning("a checkpoint of %s that is too large", log.name)
        return None
    return heard


async def _next(queue: "asyncio.Queue[bytes]", later: bytes | None, due: float) -> bytes:
    """What is heard next, or `later` when nothing was until the loop's time `due`."""
    if later is None:
        return await queue.get()
    try:
        async with asyncio.timeout_at(due):
            return await queue.get()
    except TimeoutError:
        return later


async def _get(client: httpx.AsyncClient, url: str, most: int) -> bytes:
    """The body at `url`. Raises TilesError when there is none, or one of more than `most` bytes."""
    body = b""
    try:
        async with client.stream("GET", url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise TilesError(f"{url}: HTTP {answer.status_code}")
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > most:
                    raise TilesError(f"{url}: more than {most} bytes")
    except httpx.HTTPError as error:
        raise TilesError(f"{url}: {type(error).__name__} {error}") from error
    return body
