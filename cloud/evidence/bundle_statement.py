"""The statement in a bundle (PDF, Chinese and English): what a judge reads, exceptions first.

It says what the files beside it prove and is itself no proof. The same records and time give the same bytes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cloud.db.pool import Row
from cloud.evidence import bundle_words as words
from cloud.evidence.bundle_words import Words
from cloud.evidence.correction_words import correction_words
from cloud.evidence.typesetting import set_pages
from custody.words import bilingual
from proof.keyring import Keyring
from proof.policy import Judged, Policy
from proof.verifier import Report

TEMPLATE = Path(__file__).with_name("statement.typ")
MOST_LINES, MOST_EXCEPTIONS = 60, 15
"""So many entries and exceptions are written out, for one to three pages; the rest is counted, and in the files."""
TOLD = ("seal_number", "slot", "recipient", "name", "number", "reason", "ground", "act")
"""Which member of a record's content is told in its line: the first that is there."""
BEIJING = timezone(timedelta(hours=8))
"""The legal time where the warehouses are; each time on the page says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the statement tells: `rows` are the entries with their parsed `content`, `own` those about the thing itself,
    `names` people's names by id.
    """

    about: Row
    site: Row
    at: datetime
    redacted: bool
    rows: Sequence[Row]
    own: frozenset[int]
    names: Mapping[str, str]
    judged: Judged
    policy: Policy
    report: Report
    files: Mapping[str, bytes]


def write_statement(told: Told) -> bytes:
    """The PDF. Raises StatementError."""
    return set_pages(TEMPLATE, _page(told), told.at)


def people_of(row: Row) -> list[str]:
    """Whose passes a decision at a gate or a rack saw, or whose hands are on a step; of other entries none."""
    content = row.get("content", {})
    body = content.get("body") if row["fact_kind"] else content
    body = body if isinstance(body, dict) else {}
    hands, people = body.get("hands", []), body.get("people", [])
    seen = [str(person) for person in people] if isinstance(people, list) else []
    return seen + ([str(hand["person"]) for hand in hands] if isinstance(hands, list) else [])


def _page(told: Told) -> dict[str, Any]:
    checkpoint = told.judged.checkpoint
    own = [row for row in told.rows if row["index"] in told.own]
    exceptions = list(_exceptions(told, own))
    return {
        "subject": words.SUBJECTS[told.about["kind"]],
        "id": told.about["id"],
        "title": "" if told.redacted and told.about["kind"] != "package" else told.about["title"],
        "case": told.about["number"],
        "case_title": "" if told.redacted else told.about["case_title"],
        "site": [told.site["name_zh"], told.site["name_en"]],
        "origin": told.site["origin"],
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "witnesses": [[name, _time(datetime.fromtimestamp(at_s, BEIJING))] for name, at_s in _cosigned(told)],
        "made_at": _time(told.at),
        "redacted": told.redacted,
        "exceptions": exceptions[:MOST_EXCEPTIONS],
        "more_exceptions": max(0, len(exceptions) - MOST_EXCEPTIONS),
        "steps": [[*reversed(step.title), step.checked] for step in told.report.steps],
        "timeline": [_line(told, row) for row in own[:MOST_LINES]],
        "more_lines": max(0, len(own) - MOST_LINES),
        "keys": list(_keys(told)),
        "entries": len(told.rows),
        "pictures": sum(name.startswith("media/") for name in told.files),
    }


def _cosigned(told: Told) -> list[tuple[str, int]]:
    return sorted(told.judged.cosigned_at_s.items())


def _exceptions(told: Told, own: Sequence[Row]) -> Iterator[Words]:
    for notice in told.report.exceptions:
        yield (f"{notice.zh}。", f"{notice.en}.")
    for row in own:
        refused = _refusal(row)
        if refused:
            at = _time(_when(row))
            if row["record_kind"]:
                step = words.step_words(row["content"])
                yield (
                    f"{at}，{step[0]}被规则拒绝：{refused[0]}（记录 {row['index']}）。",
                    f"{at}: {step[1]}: refused by a rule: {refused[1]} (entry {row['index']}).",
                )
                continue
            yield (
                f"{at}，门口拒绝通过：{refused[0]}（记录 {row['index']}）。",
                f"{at}: refused at the gate: {refused[1]} (entry {row['index']}).",
            )
    for row in told.rows:
        content = row.get("content")
        if row["record_kind"] == "alarm_raised" and content is not None:
            at, cause = _time(_when(row)), str(content.get("cause"))
            severity = words.SEVERITIES.get(content.get("severity"), ("", ""))
            named = words.CAUSES.get(cause) or _by_rule(content) or (cause, cause)
            yield (
                f"{at}，{severity[0]}告警：{named[0]}（记录 {row['index']}）。",
                f"{at}: {severity[1]} alarm: {named[1]} (entry {row['index']}).",
            )


def _by_rule(content: Mapping[str, Any]) -> Words | None:
    """How the rule that raised it called an alarm."""
    detail = content.get("detail")
    name = detail.get("name") if isinstance(detail, Mapping) else None
    return (str(name["zh"]), str(name["en"])) if isinstance(name, Mapping) and bilingual(name) else None


def _refusal(row: Row) -> Words | None:
    content = row.get("content", {})
    body = content.get("body") if row["fact_kind"] == "passage_decided" else None
    if row["record_kind"] == "act_refused" and content:
        body = {**content, "outcome": "refused"}
    if not isinstance(body, dict) or body.get("outcome") != "refused":
        return None
    reason = str(body.get("reason"))
    return words.REASONS.get(reason, (reason, reason))


def _line(told: Told, row: Row) -> dict[str, Any]:
    zh, en = words.kind_words(row["fact_kind"] or row["record_kind"])
    if row["record_kind"] == "custody_step" and "content" in row:
        zh, en = words.step_words(row["content"])
    detail = _detail(row)
    return {
        "at": _time(_when(row)),
        "what": [zh, en],
        "detail": [*detail],
        "who": _who(told, row),
        "entry": row["index"],
        "refused": _refusal(row) is not None,
    }


def _detail(row: Row) -> Words:
    content = row.get("content")
    if content is None:
        return words.WITHHELD if (row["fact_content"] or row["record_content"]) else words.ERASED
    body = content.get("body") if row["fact_kind"] else content
    if not isinstance(body, dict):
        return ("", "")
    station = str(body.get("station") or "")
    way = words.WAYS.get(str(body.get("direction")), ("", ""))
    if row["fact_kind"] == "passage_decided":
        zh, en = words.ALLOWED
        if refusal := _refusal(row):
            zh, en = f"{words.REFUSED[0]}：{refusal[0]}", f"{words.REFUSED[1]}: {refusal[1]}"
        return (f"{station}，{way[0]}，{zh}", f"{station}, {way[1]}, {en}")
    if row["fact_kind"]:
        return ("，".join(filter(None, (station, way[0]))), ", ".join(filter(None, (station, way[1]))))
    if row["record_kind"] in ("act_proposed", "act_refused"):
        asked = body.get("content", body)
        zh, en = words.step_words(asked)
        refused = _refusal(row)
        return (f"{zh}：{refused[0]}", f"{en}: {refused[1]}") if refused else (zh, en)
    if row["record_kind"] in ("custody_step", "case_corrected") and "was" in body:
        return correction_words(body)
    if row["record_kind"] == "custody_step":
        body = body.get("details", {})
    told = next((str(body[name]) for name in TOLD if body.get(name)), "")
    if row["record_kind"] == "permit_granted":
        told = str(body.get("permit", {}).get("id", ""))
        way = words.WAYS.get(str(body.get("permit", {}).get("direction")), ("", ""))
        return (f"{way[0]} {told}", f"{way[1]} {told}")
    if row["record_kind"] == "label_issued":
        return (f"{body.get('thing')} 第 {body.get('issue')} 版", f"{body.get('thing')}, issue {body.get('issue')}")
    return (told, told)


def _who(told: Told, row: Row) -> list[str]:
    if row["agent"]:
        return [f"{row['agent']} #{row['seq']}", *(told.names.get(person, person) for person in people_of(row))]
    return [told.names.get(person, person) for person in (people_of(row) or [row["actor"]])]


def _keys(told: Told) -> Iterator[dict[str, Any]]:
    for log in told.policy.logs:
        yield {"role": words.ROLES["log"], "owner": log.name, "print": log.vkey, "from": "", "to": ["", ""]}
    for name, witness in told.policy.witnesses.items():
        yield {"role": words.ROLES["witness"], "owner": name, "print": witness.vkey, "from": "", "to": ["", ""]}
    told_of = [(row["index"], row["record_kind"], row["content"]) for row in told.rows if "content" in row]
    for life in Keyring((index, kind, content) for index, kind, content in told_of if kind is not None).lives:
        if life.role == "log":
            continue
        zh, en = words.ENDS.get(life.why, ("", ""))
        yield {
            "role": words.ROLES[life.role],
            "owner": life.owner,
            "print": f"{life.key.kid} {life.key.text}",
            "from": life.born,
            "to": ["", ""] if life.ended is None else [f"{life.ended}（{zh}）", f"{life.ended} ({en})"],
        }


def _when(row: Row) -> datetime:
    """The device's time for a fact, the cloud's for a record; a fact without one was kept at the cloud's."""
    entry = json.loads(row["entry"])
    return datetime.fromisoformat(entry["at"] or entry["taken_at"])


def _time(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
