"""The verifier of a bundle, told as numbered steps. It needs no network, no database and nobody's word.

     1  The checkpoint is signed by the site's log.
     2  Enough witnesses cosigned it, by the trust policy.
     3  Every entry is in the log under that checkpoint.
     4  Every content shown is the one its entry commits to.
     5  Keys: who could sign what, and from which entry to which, as the log itself tells.
     6  Every fact is in a statement that its agent signed with a key valid at that entry.
     7  The log has only grown since the older checkpoints in the bundle.
     8  Rule packs are the ones that decisions cite.
     9  Stills and clips are the ones that facts name.
    10  Times: entries in order, device clocks within their stated error.
    11  Hands: what people signed is what was done, and approvals are signed by their own passkeys.

The first step that fails ends it, with the first thing that is wrong. What is withheld, erased or in doubt is no
failure but an exception, and exceptions are told first.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from proof.bundle import Bundle, parse_object
from proof.chain import commit_content, commit_record_content, link
from proof.checkpoint import Checkpoint
from proof.errors import ChainError, EncodingError, ProofError, SignatureError, TreeError
from proof.hands import check_hands
from proof.keyring import Keyring
from proof.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from proof.policy import Judged, Policy, judge, parse_policy
from proof.statement import Statement
from proof.tlog_proof import TlogProof

PICTURES = ("sha256", "photos", "receipt")
"""Members that name a picture by its digest."""

ERASED = "content_erased"
"""Records of this kind name in `indexes` the entries whose contents went, and in `ground` why."""


@dataclass(frozen=True, slots=True)
class Step:
    """The outcome of one step: `checked` things were looked at; `fault` says what is wrong, empty when nothing is."""

    number: int
    checked: int
    fault: str = ""

    @property
    def title(self) -> tuple[str, str]:
        """What the step is about, in English and Chinese."""
        return STEPS[self.number - 1][:2]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a reader must know of that is no fault, in English and Chinese."""

    en: str
    zh: str


@dataclass(slots=True)
class Report:
    """What the verifier found: the steps, and the exceptions a reader must know of."""

    steps: list[Step] = field(default_factory=list)
    exceptions: list[Notice] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether every step holds."""
        return not any(step.fault for step in self.steps)


@dataclass(slots=True)
class _Case:
    """The bundle, whom the reader trusts, and what each step leaves for the later ones."""

    bundle: Bundle
    policy: Policy
    report: Report
    judged: Judged
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    contents: dict[int, dict[str, Any]] = field(default_factory=dict)
    keyring: Keyring = field(default_factory=Keyring)


def verify_bundle(bundle: Bundle, trust: Policy | None = None) -> Report:
    """Checks `bundle` by the reader's own policy `trust`; without one by the bundle's, which is an exception.

    Raises EncodingError when the bundle is malformed; what is well-formed but false is a fault in the report.
    """
    report = Report()
    policy = trust or parse_policy(bundle.files.get("policy.txt", b""))
    if trust is None:
        keys = ", ".join(verifier.vkey for verifier in (*policy.logs, *policy.witnesses.values()))
        report.exceptions.append(
            Notice(
                f"Whose keys these are is taken from the bundle itself; compare them with published ones: {keys}",
                f"账本与见证人的公钥取自证据包本身，请与公开发布的公钥核对：{keys}",
            )
        )
    nothing_yet = Judged(Checkpoint("", 0, EMPTY_ROOT), {}, False)
    case = _Case(bundle, policy, report, nothing_yet)
    for number, (_, _, check) in enumerate(STEPS, start=1):
        try:
            report.steps.append(Step(number, check(case)))
        except EncodingError:
            raise
        except ProofError as error:
            report.steps.append(Step(number, 0, str(error)))
            break
    return report


def _log_signed(case: _Case) -> int:
    case.judged = judge(case.bundle.files.get("checkpoint.txt", b""), case.policy)
    if case.judged.checkpoint.origin != case.bundle.manifest.get("origin"):
        raise SignatureError("the checkpoint is of another log than the bundle says it is about")
    return 1


def _witnessed(case: _Case) -> int:
    if not case.judged.quorum:
        raise SignatureError(f"too few witnesses cosigned: {', '.join(case.judged.cosigned_at_s) or 'none'}")
    if not case.judged.cosigned_at_s:
        case.report.exceptions.append(
            Notice(
                "No independent witness cosigned: that nobody was shown another log rests on the log's own word",
                "没有独立见证人联署本检查点：账本未曾向他人出示过另一版本，仅由本站自己保证",
            )
        )
    return len(case.judged.cosigned_at_s)


def _included(case: _Case) -> int:
    bundle, checkpoint = case.bundle, case.judged.checkpoint
    entries, proofs = bundle.indexed("entries", ".json"), bundle.indexed("entries", ".tlog-proof")
    if set(entries) != set(proofs) or not entries:
        raise EncodingError("every entry needs its proof, and there must be one at least")
    for index in sorted(entries):
        proof = TlogProof.parse(proofs[index])
        if proof.index != index or proof.checkpoint != bundle.files["checkpoint.txt"]:
            raise TreeError(f"the proof of entry {index} is for another entry or checkpoint")
        try:
            verify_inclusion(leaf_hash(entries[index]), index, checkpoint.size, proof.path, checkpoint.root)
        except TreeError as error:
            raise TreeError(f"entry {index}: {error}") from error
        case.entries[index] = parse_object(entries[index], f"entries/{index}.json")
    return len(entries)


def _committed(case: _Case) -> int:
    bundle = case.bundle
    contents, salts = bundle.indexed("contents", ".json"), bundle.indexed("contents", ".salt")
    if set(contents) != set(salts) or not set(contents) <= set(bundle.indexed("entries", ".json")):
        raise EncodingError("every content needs its salt and its entry")
    for index in sorted(contents):
        entry = case.entries.get(index, {})
        commit = commit_content if entry.get("type") == "fact" else commit_record_content
        if commit(contents[index], _hex(salts[index], f"contents/{index}.salt")).hex() != entry.get("c"):
            raise ChainError(f"the content of entry {index} is not the one it commits to")
        case.contents[index] = parse_object(contents[index], f"contents/{index}.json")
    missing, erasures = set(case.entries) - set(contents), _erasures(case)
    for record, erased in erasures.items():
        gone, ground = sorted(missing & erased), str(case.contents[record].get("ground"))
        if gone:
            case.report.exceptions.append(
                Notice(
                    f"The content of {len(gone)} entries was erased by entry {record} on a legal ground "
                    f"({ground}): {_some(gone)}",
                    f"{len(gone)} 条记录的内容已由第 {record} 号记录依法删除（{ground}）：{_some(gone)}",
                )
            )
    withheld = sorted(missing.difference(*erasures.values()))
    if withheld:
        case.report.exceptions.append(
            Notice(
                f"The content of {len(withheld)} entries is withheld: {_some(withheld)}",
                f"{len(withheld)} 条记录的内容未予提供：{_some(withheld)}",
            )
        )
    return len(contents)


def _erasures(case: _Case) -> dict[int, set[int]]:
    """What each record of the kind ERASED says it erased."""
    found: dict[int, set[int]] = {}
    for index, content in case.contents.items():
        if case.entries[index].get("kind") == ERASED:
            indexes = content.get("indexes")
            if not isinstance(indexes, list) or any(type(one) is not int or one >= index for one in indexes):
                raise EncodingError(f"entry {index}: an erasure names entries before it")
            found[index] = set(indexes)
    return found


def _keys(case: _Case) -> int:
    records = [(index, str(case.entries[index].get("kind")), content) for index, content in case.contents.items()]
    case.keyring = Keyring(records)
    return len(case.keyring.lives)


def _stated(case: _Case) -> int:
    statements = case.bundle.indexed("statements", ".json")
    facts = {index for index, entry in case.entries.items() if entry.get("type") == "fact"}
    if not set(statements) <= facts:
        raise EncodingError("a statement without the entry of a fact")
    unsigned = sorted(facts - set(statements))
    if unsigned:
        raise SignatureError(f"no agent's statement for the facts of entries {_some(unsigned)}")
    for index in sorted(statements):
        name = f"statements/{index}.json"
        shown = parse_object(statements[index], name)
        _state_one(index, shown, name, case)
    return len(statements)


def _state_one(index: int, shown: Mapping[str, Any], name: str, case: _Case) -> None:
    entry = case.entries[index]
    agent, seq = str(entry.get("agent")), entry.get("seq")
    statement = Statement.verify(str(shown.get("jws")), lambda kid: case.keyring.find("agent", agent, kid, index))
    commitments = shown.get("commitments")
    if not isinstance(commitments, list) or len(commitments) != statement.last - statement.first + 1:
        raise EncodingError(f"{name}: one commitment for each fact of the statement")
    if statement.agent != agent or not isinstance(seq, int) or not statement.first <= seq <= statement.last:
        raise ChainError(f"the statement for entry {index} does not speak of fact {seq} of {agent}")
    head = _hex(statement.prev.encode(), name)
    for number, commitment in enumerate(commitments, start=statement.first):
        head = link(head, _hex(str(commitment).encode(), name))
        if number == seq and (commitment != entry.get("c") or head.hex() != entry.get("h")):
            raise ChainError(f"fact {seq} of {agent} in entry {index} is not the one the agent stated")
    if head.hex() != statement.head:
        raise ChainError(f"the chain of the statement for entry {index} does not lead to the head that was signed")


def _grown(case: _Case) -> int:
    older = case.bundle.named("consistency", ".json")
    for name, data in sorted(older.items()):
        shown = parse_object(data, f"consistency/{name}.json")
        now = case.judged.checkpoint
        then = judge(str(shown.get("checkpoint")).encode(), case.policy).checkpoint
        if then.origin != now.origin:
            raise SignatureError(f"consistency/{name}.json speaks of the log {then.origin}")
        try:
            path = [base64.b64decode(str(node), validate=True) for node in shown.get("proof", [])]
        except ValueError as error:
            raise EncodingError(f"consistency/{name}.json: not base64") from error
        try:
            verify_consistency(then.size, then.root, now.size, now.root, path)
        except TreeError as error:
            raise TreeError(f"the log was rewritten since it had {then.size} entries: {error}") from error
    return len(older)


def _rules(case: _Case) -> int:
    packs = case.bundle.named("rules", ".json")
    for name, data in packs.items():
        if hashlib.sha256(data).hexdigest() != name:
            raise ChainError(f"the rule pack {name[:12]}… is not the one of that name")
    cited = {cite for content in case.contents.values() for cite in _find(content, "rule_pack")}
    missing = sorted(cite for cite in cited if cite and cite not in packs)
    if missing:
        case.report.exceptions.append(
            Notice(
                f"{len(missing)} rule packs that decisions cite are not in the bundle",
                f"判断所引用的 {len(missing)} 个规则包不在证据包内",
            )
        )
    return len(packs)


def _media(case: _Case) -> int:
    named = {digest for content in case.contents.values() for name in PICTURES for digest in _find(content, name)}
    inside = 0
    for name, data in case.bundle.files.items():
        if not name.startswith("media/"):
            continue
        digest = name.removeprefix("media/").partition(".")[0]
        if hashlib.sha256(data).hexdigest() != digest:
            raise ChainError(f"{name} is not the picture or clip of that digest: it was replaced")
        if digest not in named:
            raise ChainError(f"{name} is named by no fact in the bundle")
        inside += 1
    if len(named) > inside:
        missing = len(named) - inside
        case.report.exceptions.append(
            Notice(
                f"{missing} of {len(named)} stills or clips are not in the bundle",
                f"{len(named)} 份影像中有 {missing} 份不在证据包内",
            )
        )
    return inside


def _times(case: _Case) -> int:
    previous: datetime | None = None
    doubtful: list[int] = []
    for index in sorted(case.entries):
        entry = case.entries[index]
        kept_at = _time(entry.get("taken_at") or entry.get("at"), index)
        if previous is not None and kept_at < previous - timedelta(seconds=5):
            raise ChainError(f"entry {index} says it was kept before the entry in front of it: it was back-dated")
        previous = kept_at
        if entry.get("type") == "fact":
            error_ms = entry.get("error_ms")
            ahead = _time(entry.get("at"), index) - kept_at
            if not isinstance(error_ms, int) or ahead > timedelta(milliseconds=error_ms, seconds=5):
                doubtful.append(index)
    if doubtful:
        case.report.exceptions.append(
            Notice(
                f"The device's clock was in doubt at {len(doubtful)} entries: {_some(doubtful)}",
                f"{len(doubtful)} 条记录的设备时钟存疑：{_some(doubtful)}",
            )
        )
    return len(case.entries)


def _hands(case: _Case) -> int:
    records = sorted((index, str(case.entries[index].get("kind")), told) for index, told in case.contents.items())
    hands = check_hands(records)
    if hands.unproven:
        case.report.exceptions.append(
            Notice(
                f"Hands on acts that are not in the bundle, or by passkeys that are not: {_some(hands.unproven)}",
                f"部分签字所对应的事项或通行密钥不在证据包内：{_some(hands.unproven)}",
            )
        )
    return hands.checked


def _time(text: Any, index: int) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError as error:
        raise EncodingError(f"entry {index}: {text!r} is no time") from error


def _find(value: Any, name: str) -> set[str]:
    """Every text, and every text of a list, under a member called `name`, at any depth."""
    found: set[str] = set()
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == name and isinstance(member, str):
                found.add(member)
            elif key == name and isinstance(member, list) and all(isinstance(one, str) for one in member):
                found.update(member)
            else:
                found |= _find(member, name)
    elif isinstance(value, list):
        for member in value:
            found |= _find(member, name)
    return found


def _hex(data: bytes, name: str) -> bytes:
    try:
        return bytes.fromhex(data.decode("ascii").strip())
    except ValueError as error:
        raise EncodingError(f"{name}: not hex") from error


def _some(indexes: list[int]) -> str:
    shown = ", ".join(str(index) for index in indexes[:10])
    return f"{shown}, …" if len(indexes) > 10 else shown


def report_json(report: Report) -> str:
    """The report for programs."""
    steps = [
        {"step": s.number, "title": s.title[0], "标题": s.title[1], "checked": s.checked, "fault": s.fault}
        for s in report.steps
    ]
    exceptions = [{"en": notice.en, "zh": notice.zh} for notice in report.exceptions]
    return json.dumps({"holds": report.holds, "exceptions": exceptions, "steps": steps}, ensure_ascii=False)


STEPS: tuple[tuple[str, str, Callable[[_Case], int]], ...] = (
    ("The checkpoint is signed by the site's log", "检查点由本站账本签名", _log_signed),
    ("Enough witnesses cosigned the checkpoint", "见证人联署达到规定人数", _witnessed),
    ("Every entry is in the log", "每条记录都在账本之中", _included),
    ("Every content is the one its entry commits to", "每份内容与其记录的承诺一致", _committed),
    ("Keys are told by the log itself", "密钥的来历由账本自身说明", _keys),
    ("Every fact is signed by its agent", "每条事实由其代理签名", _stated),
    ("The log has only grown", "账本只增不改", _grown),
    ("Rule packs are the ones cited", "规则包与所引用的一致", _rules),
    ("Stills and clips are the ones named", "影像与事实所指的一致", _media),
    ("Times are in order", "时间先后一致", _times),
    ("Hands signed what was done", "各方签字与所办事项一致", _hands),
)
"""What is checked, in this order: in English, in Chinese, and by which function."""
