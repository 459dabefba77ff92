"""What a redacted bundle leaves out. It can still be proved: the entry, its place and its commitment stay.

Withheld are names of people, names of items, titles of cases, reasons of holds, texts of labels that are not ours,
details of alarms, and all pictures. Kept are ids, times, decisions, rules and keys. A kind that this list does not know
is withheld: nobody has looked whether it holds personal data.
"""

from collections.abc import Mapping
from typing import Any

KEPT = frozenset({
    "act_proposed", "act_refused", "act_signed", "agent_added", "bundle_exported", "clip_closed", "clip_segment",
    "clock_stepped", "contact_changed", "contact_chattered", "content_erased",
    "custody_step", "door_furnished", "erasure_proposed", "exception_opened", "exception_recounted", "film_removed",
    "gate_moved", "heads_counted", "heartbeat", "hold_lifted", "item_shelved", "key_born", "key_ended",
    "label_issued", "labels_printed", "labels_sent", "list_ended", "list_slot_done", "list_started", "list_stopped",
    "misplacement_ended", "motion_seen", "movement_corroborated", "movement_uncorroborated",
    "observation_explained", "observation_unexplained", "package_sealed", "passage_abandoned", "passage_crossed",
    "passage_decided", "passage_followed", "presence_ended", "presence_seen", "passkey_added", "passkey_removed",
    "password_changed", "password_reset", "permit_granted", "person_disabled", "person_enabled", "plan_drawn",
    "printer_changed", "reading", "readings_kept", "readings_removed", "readings_sealed", "readings_thinned",
    "release_approved", "release_withdrawn", "reminder_read", "roll_changed", "scale_doubted", "scale_trusted",
    "slot_misplaced", "site_placed", "slots_added", "unit_added", "zone_added",
})  # fmt: skip
FREE = frozenset({
    "changes", "differences", "finding", "legal_basis", "particulars", "parts", "place", "reason", "recipient",
    "witnesses",
})  # fmt: skip
"""Details of an act in which people write what they like: a step that has one of them is withheld."""


def withheld(kind: str, content: Mapping[str, Any]) -> bool:
    """Whether the content of an entry of `kind` is left out."""
    if kind not in KEPT:
        return True
    if kind in ("custody_step", "act_proposed"):
        asked = content.get("content", content)
        return any(asked.get("details", {}).get(name) for name in FREE)
    return kind == "passage_decided" and _saw_foreign_text(content.get("body"))


def _saw_foreign_text(body: Any) -> bool:
    """A text that is no label of ours may hold anything: the code of a phone, a password, a name."""
    sights = body.get("sights") if isinstance(body, Mapping) else None
    if not isinstance(sights, list):
        return True
    return any(not isinstance(sight, Mapping) or sight.get("genuineness") != "genuine" for sight in sights)
