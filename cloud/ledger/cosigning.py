"""Asking witnesses to cosign a site's checkpoint (C2SP tlog-witness), and judging whether enough of them did."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from cloud.db.pool import Pool, Row, Tx, one, rows, transaction
from cloud.db.queries import load_queries
from cloud.ledger.checkpoints import newest_checkpoint, published_note
from cloud.ledger.proofs import consistency
from proof.cosignature import verify_cosignature
from proof.errors import ProofError
from proof.note import NoteVerifier, read_note
from proof.policy import Policy, judge
from proof.witness import write_request

TRIES = 3
MAX_ANSWER_BYTES = 16 << 10
WORD_CHARACTERS = 300
REFUSALS = (403, 404, 422)

_sql = load_queries(__file__, "cosigning.sql")


@dataclass(frozen=True, slots=True)
class Agreed:
    """The witness cosigned the checkpoint of `size` at `at` (its own time); `line` is its signature."""

    size: int
    at: datetime
    line: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The witness will not cosign the checkpoint of `size`: HTTP `status` and its reason, or ours. It is an alarm."""

    size: int
    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The witness could not be asked, or its answer makes no sense: to be asked again."""

    why: str


async def logs(tx: Tx) -> list[Row]:
    """Rows of id and origin of all sites."""
    return await rows(tx, _sql.logs)


async def ask(
    http: httpx.AsyncClient, pool: Pool, *, site: str, witness: NoteVerifier, url: str
) -> Agreed | Denied | Silent | None:
    """What `witness` at `url` answers about the newest checkpoint of `site`; None before the first checkpoint.

    Asks from the size it cosigned last as far as we know; where it names another (409), once more from there.
    """
    async with transaction(pool) as tx:
        last = await one(tx, _sql.last_by, site=site, witness=witness.name)
    old = last["size"] if last else 0
    for _ in range(TRIES):
        async with transaction(pool) as tx:
            newest = await newest_checkpoint(tx, site)
            if newest is None:
                return None
            size = newest["size"]
            if old > size:
                return Denied(size, 409, f"it saw {old} entries, and the log has {size}: the log was rolled back")
            proof = await consistency(tx, site, old, size)
        try:
            address = f"{url.rstrip('/')}/add-checkpoint"
            answer = await http.post(address, content=write_request(old, proof, newest["note"]))
        except httpx.HTTPError as error:
            return Silent(f"{type(error).__name__}: {error}")
        if answer.status_code != 409:
            return _read(answer, newest, witness)
        told = re.fullmatch(rb"(0|[1-9][0-9]{0,18})\n", answer.content)
        if told is None:
            return Silent("a 409 that names no size")
        if int(told[1]) == old:
            return Denied(size, 409, f"it refuses to go on from the {old} entries it saw last")
        old = int(told[1])
    return Silent("it names another size each time")


def _read(answer: httpx.Response, newest: Row, witness: NoteVerifier) -> Agreed | Denied | Silent:
    if answer.status_code in REFUSALS:
        return Denied(newest["size"], answer.status_code, answer.text.strip()[:WORD_CHARACTERS])
    if answer.status_code != 200 or len(answer.content) > MAX_ANSWER_BYTES:
        return Silent(f"HTTP {answer.status_code}: {answer.text.strip()[:WORD_CHARACTERS]}")
    text = newest["note"].partition("\n\n")[0] + "\n\n"
    try:
        note = read_note(text.encode() + answer.content)
        at_s = verify_cosignature(note, witness)
        at = datetime.fromtimestamp(at_s, UTC)
    except (ProofError, ValueError, OverflowError, OSError) as error:  # the last three: a time beyond every calendar
        return Silent(f"not a cosignature of its key: {error}")
    lines = [mine.line() for mine in note.by(witness)]
    return Agreed(newest["size"], at, lines[0] if len(lines) == 1 else _of(lines, text, witness, at_s))


def _of(lines: list[str], text: str, witness: NoteVerifier, at_s: int) -> str:
    """The line that is of the time `at_s`, where a witness signed several."""
    return next(line for line in lines if verify_cosignature(read_note((text + line).encode()), witness) == at_s)


async def keep(tx: Tx, site: str, witness: NoteVerifier, agreed: Agreed) -> None:
    """Keeps a cosignature; it is published with its checkpoint from then on."""
    values = {"site": site, "size": agreed.size, "witness": witness.name, "at": agreed.at, "line": agreed.line}
    await tx.execute(_sql.add_cosignature, values)


async def is_fresh(tx: Tx, site: str, witness: NoteVerifier, since: datetime) -> bool:
    """Whether `witness` cosigned the newest checkpoint of `site`, and not longer ago than `since`."""
    newest, last = await newest_checkpoint(tx, site), await one(tx, _sql.last_by, site=site, witness=witness.name)
    if newest is None:
        return True
    return last is not None and last["size"] == newest["size"] and last["at"] > since


async def trusted_note(tx: Tx, site: str, policy: Policy) -> tuple[int, str] | None:
    """Size and note of the newest checkpoint of `site` that `policy` accepts; None when there is none."""
    newest = await newest_checkpoint(tx, site)
    sizes = [newest["size"]] if newest else []
    sizes += [row["size"] for row in await rows(tx, _sql.cosigned_sizes, site=site)]
    for size in sorted(set(sizes), reverse=True):
        note = await published_note(tx, site, size)
        if note is not None and _accepts(policy, note):
            return size, note
    return None


def _accepts(policy: Policy, note: str) -> bool:
    try:
        return judge(note.encode(), policy).quorum
    except ProofError:
        return False


async def lacks_witnesses(tx: Tx, site: str, policy: Policy, before: datetime) -> bool:
    """Whether a checkpoint from `before` that time still has no quorum, and nor has a later one."""
    old = await one(tx, _sql.newest_before, site=site, before=before)
    if old is None:
        return False
    trusted = await trusted_note(tx, site, policy)
    return trusted is None or trusted[0] < old["size"]
