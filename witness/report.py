"""What `sealtrail witness status` says, in two languages and as JSON, and the files of an accusation."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proof.checkpoint import Checkpoint
from proof.note import NoteVerifier
from proof.witness import BEHIND, FALSE_EMPTY, TWO_ROOTS, UNPROVEN
from witness.state import Accusation

Seen = Sequence[tuple[Checkpoint, int]]

_TEXTS = {
    "en": {
        "seen": "{origin}: {size} entries, root {root}, cosigned {at}",
        "none": "No checkpoint was cosigned yet.",
        "clean": "Nothing is kept against any log.",
        "against": "No. {number}, {at}, {origin}: {what} (answered {status}: {why})",
        "what": "{verdict}: {kind}",
        "proof": "PROOF",
        "doubt": "no proof by itself",
        FALSE_EMPTY: "an empty log with a root it cannot have",
        TWO_ROOTS: "two roots signed for one size: a forked log",
        UNPROVEN: "a signed checkpoint without a proof that the log only grew",
        BEHIND: "a signed checkpoint smaller than one seen before: late, repeated by anybody, or rolled back",
    },
    "zh": {
        "seen": "{origin}：{size} 条记录，根哈希 {root}，联署时间 {at}",
        "none": "尚未联署任何检查点。",
        "clean": "没有任何日志的不利材料。",
        "against": "第 {number} 号，{at}，{origin}：{what}（答复 {status}：{why}）",
        "what": "{verdict}：{kind}",
        "proof": "证明成立",
        "doubt": "其本身不构成证明",
        FALSE_EMPTY: "空日志的根哈希不可能如此",
        TWO_ROOTS: "同一条数签署了两个根哈希：日志分叉",
        UNPROVEN: "已签名的检查点，但未能证明日志只增不改",
        BEHIND: "已签名的检查点小于此前所见：可能是迟到、被任何人重复提交，或日志被回退",
    },
}


def tell(owner: NoteVerifier, seen: Seen, against: Sequence[Accusation], language: str) -> str:
    """The report as text in `language`, zh or en."""
    texts = _TEXTS[language]
    lines = [owner.vkey]
    for log, at_s in seen:
        lines.append(texts["seen"].format(origin=log.origin, size=log.size, root=log.root.hex(), at=_time(at_s)))
    lines += [] if seen else [texts["none"]]
    for one in against:
        what = texts["what"].format(verdict=texts["proof" if one.proves else "doubt"], kind=texts[one.kind])
        lines.append(
            texts["against"].format(
                number=one.number, at=_time(one.at_s), origin=one.origin, what=what, status=one.status, why=one.why
            )
        )
    lines += [] if against else [texts["clean"]]
    return "\n".join(lines)


def to_json(owner: NoteVerifier, seen: Seen, against: Sequence[Accusation]) -> dict[str, Any]:
    """The report for programs; requests and notes as text."""
    return {
        "vkey": owner.vkey,
        "logs": {
            log.origin: {"size": log.size, "root": log.root.hex(), "cosigned_at": _time(at_s)} for log, at_s in seen
        },
        "accusations": [
            {
                "number": one.number,
                "at": _time(one.at_s),
                "origin": one.origin,
                "kind": one.kind,
                "proves": bool(one.proves),
                "status": one.status,
                "why": one.why,
                "request": one.request.decode(errors="replace"),
                "seen": one.seen,
            }
            for one in against
        ],
    }


def save_accusations(against: Sequence[Accusation], folder: Path) -> None:
    """Writes each one's `N.request` (whole), `N.checkpoint` (the note in it) and `N.seen` (ours). Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in against:
        (folder / f"{one.number}.request").write_bytes(one.request)
        (folder / f"{one.number}.checkpoint").write_bytes(one.request.partition(b"\n\n")[2])
        if one.seen is not None:
            (folder / f"{one.number}.seen").write_text(one.seen, "utf-8")


def _time(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
