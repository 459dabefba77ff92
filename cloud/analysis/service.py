"""Everything that is looked for at a site in a period, and what of it stands out, ranked."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from cloud.analysis import access, approvals, defects, devices, filling, flow, hot_spots, warning
from cloud.analysis.asking import Asked, Look, asked_of
from cloud.analysis.looking_up import name, show
from cloud.analysis.models import Analysis, Section
from cloud.db.pool import Tx
from cloud.errors import InvalidError
from cloud.live.models import Wording
from custody.analysis_rules import AnalysisRules, Threshold, rules_of
from custody.rule_pack import RulePack

LOOKS: Mapping[str, Callable[[Asked, Threshold], Awaitable[Look]]] = {
    "same_pair": approvals.same_pair,
    "approval_speed": approvals.approval_speed,
    "after_hours": access.after_hours,
    "discrepancy": access.discrepancy,
    "dwell": flow.dwell,
    "late_capture": defects.late_capture,
    "thin_content": defects.thin_content,
    "no_tracking": defects.no_tracking,
    "saturation": filling.saturation,
    "ageing": flow.ageing,
    "devices": devices.devices,
    "lead_time": warning.lead_time,
    "hot_spots": hot_spots.hot_spots,
}
"""What looks for each kind."""


async def analysis(tx: Tx, pack: RulePack, site: str, since: datetime, until: datetime, now: datetime) -> Analysis:
    """What stands out at `site` from `since` to before `until`. Raises InvalidError `no_span`, `period_too_long`."""
    rules = rules_of(pack)
    until = span_of(None if rules is None else rules.longest, since, until, now)
    asked, rules, looks = await look_around(tx, pack, site, since, until, now)
    told = told_of(asked, rules, looks)
    await name(asked, told)
    await show(asked, told)
    return told


def span_of(longest: timedelta | None, since: datetime, until: datetime, now: datetime) -> datetime:
    """Until when can be looked: `until`, at most now. Raises InvalidError `no_span`, `period_too_long`."""
    until = min(until, now)
    if since >= until:
        raise InvalidError("no_span", f"{until.isoformat()} is not after {since.isoformat()}, or both are to come")
    if longest is not None and until - since > longest:
        raise InvalidError("period_too_long", f"a period is at most {longest.days} days long")
    return until


async def look_around(
    tx: Tx, pack: RulePack, site: str, since: datetime, until: datetime, now: datetime, among: int = 1
) -> tuple[Asked, AnalysisRules | None, dict[str, Look]]:  # fmt: skip
    """Looks at `site`, one of `among` that are looked at together; no looks where the rules say nothing of analysis."""
    rules = rules_of(pack)
    asked = await asked_of(tx, pack, site, since, until, now, among)
    kinds = {} if rules is None else rules.kinds
    return asked, rules, {kind: await look(asked, kinds[kind]) for kind, look in LOOKS.items() if kind in kinds}


def told_of(asked: Asked, rules: AnalysisRules | None, looks: Mapping[str, Look]) -> Analysis:
    """As it is told: every kind that was looked for, and what was found, ranked; names are looked up later."""
    kinds = {} if rules is None else rules.kinds
    sections = [
        Section.model_validate({
            "kind": kind, "basis": Wording.model_validate(kinds[kind].basis), "weight": kinds[kind].weight,
            "sample_at_least": kinds[kind].sample_at_least, "n": look.n, "figures": look.figures,
            "absent": look.absent,
        })
        for kind, look in looks.items()
    ]  # fmt: skip
    findings = [found for look in looks.values() for found in look.findings]
    return Analysis(
        site=asked.site, since=asked.since, until=asked.until, rule_pack=asked.pack.hash,
        longest_days=0 if rules is None else rules.longest.days, sections=sections,
        findings=sorted(findings, key=lambda found: (-found.rank, found.key)),
    )  # fmt: skip
