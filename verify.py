"""Checks bundles, proofs and checkpoints offline. Needs nothing but Python, `proof/` and `cryptography`.

    python verify.py bundle.zip [--policy policy.txt]          a court bundle, in eleven steps
    python verify.py n.tlog-proof --entry n.json --policy …    that an entry is in a log
    python verify.py checkpoint.txt --policy …                 that a log signed and witnesses cosigned

Exit 0: everything holds. Exit 1: well-formed but false, and it says which step. Exit 2: not a file it can read.
"""

import argparse
import json
import locale
import sys
from collections.abc import Sequence
from pathlib import Path

from proof.bundle import read_bundle
from proof.errors import EncodingError, ProofError
from proof.policy import Judged, Policy, judge, parse_policy
from proof.tlog_proof import HEADER, TlogProof
from proof.verifier import Report, report_json, verify_bundle

HOLDS, FALSE, UNREADABLE = 0, 1, 2
MAX_BYTES = 4 << 30

_TEXTS = {
    "en": {"holds": "HOLDS", "false": "DOES NOT HOLD", "checked": "checked", "exceptions": "Exceptions", "ok": "ok"},
    "zh": {"holds": "成立", "false": "不成立", "checked": "项已核对", "exceptions": "例外事项", "ok": "通过"},
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks every file named; the worst outcome is the exit code."""
    options = _parser().parse_args(arguments)
    texts = _TEXTS[options.lang or _language()]
    try:
        policy = parse_policy(_read(options.policy)) if options.policy else None
    except (OSError, EncodingError) as error:
        print(f"{options.policy}: {error}", file=sys.stderr)
        return UNREADABLE
    return max(_one(path, policy, options, texts) for path in options.files)


def _one(path: Path, policy: Policy | None, options: argparse.Namespace, texts: dict[str, str]) -> int:
    try:
        data = _read(path)
        if data[:2] == b"PK":
            return _tell_report(path, verify_bundle(read_bundle(data), policy), options.json, texts)
        if policy is None:
            raise EncodingError("not a bundle; a proof or a checkpoint needs --policy: whose log, whose witnesses")
        return _tell_judged(path, _judge(data, options.entry, policy), options.json, texts)
    except (OSError, EncodingError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return UNREADABLE
    except ProofError as error:
        print(f"{path}: {texts['false']}: {error}", file=sys.stderr)
        return FALSE


def _judge(data: bytes, entry: Path | None, policy: Policy) -> Judged:
    if not data.startswith(HEADER.encode()):
        return judge(data, policy)
    if entry is None:
        raise EncodingError("a proof needs --entry FILE: the entry it is about")
    return TlogProof.parse(data).verify(_read(entry), policy)


def _tell_judged(path: Path, judged: Judged, as_json: bool, texts: dict[str, str]) -> int:
    checkpoint = judged.checkpoint
    if as_json:
        told = {"holds": judged.quorum, "origin": checkpoint.origin, "size": checkpoint.size}
        print(json.dumps(told | {"cosigned_at": dict(judged.cosigned_at_s)}))
    else:
        word = texts["holds" if judged.quorum else "false"]
        print(f"{path}: {word}: {checkpoint.origin} {checkpoint.size}, {', '.join(judged.cosigned_at_s) or '-'}")
    return HOLDS if judged.quorum else FALSE


def _tell_report(path: Path, report: Report, as_json: bool, texts: dict[str, str]) -> int:
    if as_json:
        print(report_json(report))
    else:
        chinese = texts is _TEXTS["zh"]
        print(f"{path}: {texts['holds' if report.holds else 'false']}")
        if report.exceptions:
            print(f"  {texts['exceptions']}")
        for notice in report.exceptions:
            print(f"   !  {notice.zh if chinese else notice.en}")
        for step in report.steps:
            outcome = step.fault or f"{texts['ok']} ({step.checked} {texts['checked']})"
            print(f"  {step.number:2}  {step.title[1 if chinese else 0]}: {outcome}")
    return HOLDS if report.holds else FALSE


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise EncodingError("larger than a bundle may be")
    return path.read_bytes()


def _language() -> str:
    return "zh" if (locale.getlocale()[0] or "").startswith(("zh", "Chinese")) else "en"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "sealtrail verify", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--policy", type=Path, help="whose keys you trust (C2SP tlog-policy), from a source of your own"
    )
    parser.add_argument("--entry", type=Path, help="the entry that a .tlog-proof is about")
    parser.add_argument("--json", action="store_true", help="one JSON object a file")
    parser.add_argument("--lang", choices=("zh", "en"), help="the language of the report")
    return parser


if __name__ == "__main__":
    sys.exit(main())
