"""Every way to tamper that we could think of, done as the database's superuser with all triggers switched off to a site
that was worked at for a day; each is found by the check that is for it, in its words, at the row where it was done.
"""

from pathlib import Path

import psycopg
import pytest

from cloud.ledger.faults import WORDS
from tests.cloud.conftest import Database
from tests.cloud.ledger import tampering
from tests.cloud.ledger.tampering import Owner, Trick, sql
from tests.cloud.ledger.walked import Walked, verified

A, B = "nj01.gate-a", "nj01.gate-b"


def still_replaced(owner: Owner, media: Path) -> None:
    path = tampering.still(media)
    path.write_bytes(path.read_bytes().replace(b"a still", b"a quill"))


def still_gone(owner: Owner, media: Path) -> None:
    path = tampering.still(media)
    path.unlink()


WAYS: dict[str, tuple[str, str, Trick]] = {
    # entries
    "an entry edited": ("entry_differs", "ledger_entry 9", sql(
        "UPDATE ledger_entry SET entry = replace(entry, '2026-11-22', '2026-11-23') WHERE index = 9")),
    "a commitment edited": ("entry_differs", "ledger_entry 30", sql(
        "UPDATE ledger_entry SET entry = regexp_replace(entry, '\"c\":\"..', '\"c\":\"00') WHERE index = 30")),
    "an entry back-dated": ("entry_differs", "ledger_entry 200", sql(
        "UPDATE ledger_entry SET entry = replace(entry, '\"taken_at\":\"2026', '\"taken_at\":\"2025')"
        " WHERE index = 200")),
    "an entry deleted": ("entry_missing", "ledger_entry 77", sql("DELETE FROM ledger_entry WHERE index = 77")),
    "two entries swapped": ("entry_differs", "ledger_entry 100", sql(
        "UPDATE ledger_entry SET index = 10201 - index WHERE index IN (100, 101)",
        "UPDATE ledger_entry SET index = index - 10000 WHERE index > 10000")),
    "the last hundred entries dropped": ("size_differs", "", sql(
        "DELETE FROM ledger_entry WHERE index >= (SELECT size - 100 FROM ledger_head)")),
    "an entry inserted at the end": ("size_differs", "", sql(
        "INSERT INTO ledger_entry SELECT e.site, h.size, e.entry FROM ledger_entry e, ledger_head h, record r"
        " WHERE e.index = r.index AND r.kind = 'item_registered' LIMIT 1",
        "INSERT INTO record SELECT r.site, h.size, kind, at, actor, salt, content FROM record r, ledger_head h"
        " WHERE kind = 'item_registered' LIMIT 1")),
    # facts
    "a fact edited": ("commitment_differs", f"fact {A}", sql(
        "UPDATE fact SET content = replace(content, 'open', 'shut') WHERE index = "
        "(SELECT min(index) FROM fact WHERE content LIKE '%\"open\"%')")),
    "a decision edited": ("commitment_differs", f"fact {A}", sql(
        "UPDATE fact SET content = replace(content, 'too_few_people', 'wrong_state') WHERE content LIKE '%too_few%'")),
    "a fact's salt edited": ("commitment_differs", f"fact {A} 7", sql(
        "UPDATE fact SET salt = '\\x00' WHERE agent = 'nj01.gate-a' AND seq = 7")),
    "a fact back-dated": ("fact_differs", f"fact {A} 3", sql(
        "UPDATE fact SET at = at - interval '1 day' WHERE agent = 'nj01.gate-a' AND seq = 3")),
    "a fact's kind edited": ("fact_differs", f"fact {A} 4", sql(
        "UPDATE fact SET kind = 'heartbeat' WHERE agent = 'nj01.gate-a' AND seq = 4")),
    "a fact deleted": ("fact_missing", f"fact {A} 50", sql(
        "DELETE FROM fact WHERE agent = 'nj01.gate-a' AND seq = 50")),
    "a fact of another entry": ("fact_differs", f"fact {A}", sql(
        "UPDATE fact SET index = 10241 - index WHERE index IN (120, 121)",
        "UPDATE fact SET index = index - 10000 WHERE index > 10000")),
    "a fact without an entry": ("without_entry", "", sql(
        "INSERT INTO fact SELECT agent, 9999, site, 9999, kind, at, salt, content FROM fact WHERE seq = 50")),
    # records
    "a record edited": ("commitment_differs", "record", sql(
        "UPDATE record SET content = replace(content, '50', '49') WHERE kind = 'item_registered'"
        " AND content LIKE '%50%'")),
    "a record's actor": ("record_differs", "record", sql(
        "UPDATE record SET actor = 'nj01/U-0000000000' WHERE kind = 'custody_step'")),
    "a record back-dated": ("record_differs", "record", sql(
        "UPDATE record SET at = at - interval '1 hour' WHERE kind = 'act_proposed'")),
    "a record deleted": ("record_missing", "record", sql("DELETE FROM record WHERE kind = 'permit_revoked'")),
    "a record without an entry": ("without_entry", "", sql(
        "INSERT INTO record SELECT site, 9999, kind, at, actor, salt, content FROM record WHERE kind = 'case_opened'"
        " LIMIT 1")),
    # the tree and its signatures
    "a hash of a tile": ("tile_differs", "ledger_tile 0/0", sql(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 1000, 255 - get_byte(hashes, 1000)) WHERE level = 0 AND n = 0"
    )),
    "a hash of a tile above": ("tile_differs", "ledger_tile 1/0", sql(
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 10, 255 - get_byte(hashes, 10)) WHERE level = 1")),
    "a tile deleted": ("tile_differs", "ledger_tile 0/1", sql(
        "DELETE FROM ledger_tile WHERE level = 0 AND n = 1")),
    "the frontier": ("root_differs", "", sql(
        "UPDATE ledger_head SET frontier[1] = set_byte(frontier[1], 0, 255 - get_byte(frontier[1], 0))")),
    "the head set back": ("size_differs", "", sql("UPDATE ledger_head SET size = size - 1")),
    "a checkpoint signed by another key": ("checkpoint_not_genuine", "checkpoint", tampering.resigned),
    "an old checkpoint replayed": ("checkpoint_differs", "checkpoint", sql(
        "UPDATE checkpoint SET (root, note) = (SELECT root, note FROM checkpoint ORDER BY size LIMIT 1)"
        " WHERE size = (SELECT max(size) FROM checkpoint)")),
    "a checkpoint's root": ("checkpoint_differs", "checkpoint", sql(
        "UPDATE checkpoint SET root = set_byte(root, 0, 255 - get_byte(root, 0))"
        " WHERE size = (SELECT min(size) FROM checkpoint)")),
    "a checkpoint deleted": ("cosignature_without_checkpoint", "cosignature", sql(
        "DELETE FROM checkpoint WHERE size = (SELECT min(size) FROM checkpoint)")),
    "all checkpoints deleted": ("cosignature_without_checkpoint", "cosignature", sql("DELETE FROM checkpoint")),
    "never signed": ("no_checkpoint", "", sql("DELETE FROM checkpoint", "DELETE FROM cosignature")),
    "a cosignature of another checkpoint": (
        "cosignature_not_genuine", "cosignature", tampering.cosigned_later),
    "a cosignature back-dated": ("cosignature_not_genuine", "cosignature", sql(
        "UPDATE cosignature SET at = at - interval '1 day'")),
    "history told otherwise by the log's own key": (
        "cosignature_not_genuine", "cosignature", lambda owner, _: tampering.other_history(owner, cosigned=True)),
    "the same without witnesses": (
        "log_forked", "checkpoint", lambda owner, _: tampering.other_history(owner, cosigned=False)),
    "the last hundred never were": ("log_cut_off", "", tampering.cut_off),
    # agents and keys
    "a statement edited": ("statement_not_genuine", f"statement {A}", sql(
        "UPDATE statement SET jws = left(jws, -6) || 'AAAAAA' WHERE agent = 'nj01.gate-a' AND first = 1")),
    "a statement by another key": ("statement_not_genuine", "statement", tampering.restated),
    "a statement deleted": ("statement_missing", f"statement {B} 11 to 20", sql(
        "DELETE FROM statement WHERE agent = 'nj01.gate-b' AND first = 1")),
    "the last statement deleted": ("statement_missing", f"fact {B} 11", sql(
        "DELETE FROM statement WHERE agent = 'nj01.gate-b' AND first = 11")),
    "a statement without facts": ("statement_differs", "statement", sql(
        "INSERT INTO statement SELECT agent, 5000, 5001, jws FROM statement WHERE agent = 'nj01.gate-b' LIMIT 1")),
    "an agent's key": ("row_differs", f"agent {B}", sql(
        "UPDATE agent SET public_key = set_byte(public_key, 0, 1) WHERE id = 'nj01.gate-b'")),
    "a key's life": ("row_differs", f"key_life agent {A}", sql(
        "UPDATE key_life SET public_key = set_byte(public_key, 0, 1) WHERE owner = 'nj01.gate-a'")),
    "a key's birth": ("row_differs", "key_life log", sql("UPDATE key_life SET born = 5 WHERE role = 'log'")),
    "a key that nobody announced": ("row_without_entry", "key_life agent", sql(
        "INSERT INTO key_life SELECT site, role, owner, 'aaaaaaaaaaaaaaaa', public_key, 9, ended, why FROM key_life"
        " WHERE owner = 'nj01.gate-a'")),
    "an agent let in again that was shut out": ("row_differs", "agent nj01.gate-d", sql(
        "UPDATE agent SET revoked_at = NULL WHERE id = 'nj01.gate-d'")),
    "another authority": ("row_differs", "authority", sql(
        "UPDATE authority SET certificate = replace(certificate, 'A', 'B')")),
    "who made a claim": ("row_differs", "claim", sql(
        "UPDATE claim SET made_by = 'nj01/U-0000000000' WHERE agent = 'nj01.gate-c'")),
    "what a device asked with": ("row_differs", "claim", sql(
        "UPDATE claim SET fingerprint = 'AAAA-AAAA-AAAA-AAAA' WHERE agent = 'nj01.gate-c'")),
    "a certificate for another": ("row_differs", "certificate", sql(
        "UPDATE certificate SET agent = 'nj01.gate-a' WHERE agent = 'nj01.gate-d'")),
    "a revocation taken back": ("row_differs", "certificate", sql(
        "UPDATE certificate SET revoked_at = NULL WHERE revoked_why = 'stolen'")),
    "a certificate that nobody was given": ("row_without_entry", "certificate ab", sql(
        "INSERT INTO certificate SELECT 'ab', site, agent, pem, not_before, not_after, why, claim, replaces, index FROM"
        " certificate WHERE why = 'renewed'")),
    "a certificate deleted": ("row_missing", "certificate", sql("DELETE FROM certificate WHERE why = 'renewed'")),
    "a configuration": ("row_differs", "desired nj01.gate-c 2", sql(
        "UPDATE desired SET payload = jsonb_set(payload, '{site_file}', '\"\"') WHERE version = 2")),
    "a configuration by another key": ("permit_not_genuine", "desired nj01.gate-c 2", sql(
        "UPDATE desired SET jws = left(jws, -6) || 'AAAAAA' WHERE version = 2")),
    "what became of a configuration": ("row_differs", "desired nj01.gate-c 1", sql(
        "UPDATE desired SET outcome = 'refused' WHERE version = 1")),
    "an agent's stream": ("stream_differs", f"agent_stream {B}", sql(
        "UPDATE agent_stream SET next_seq = 5 WHERE agent = 'nj01.gate-b'")),
    "an agent's receipt": ("receipt_not_genuine", f"receipt of {B}", sql(
        "UPDATE agent_stream SET receipt = (SELECT receipt FROM agent_stream WHERE agent = 'nj01.gate-a')"
        " WHERE agent = 'nj01.gate-b'")),
    "an order's answer": ("row_differs", "agent_order", sql(
        "UPDATE agent_order SET answer = 'refused' WHERE answered_index IS NOT NULL")),
    # what is derived
    "an item's state": ("row_differs", "item", sql("UPDATE item SET state = 'out' WHERE name = '卷烟'")),
    "an item's amount": ("row_differs", "item", sql("UPDATE item SET quantity = 49 WHERE name = '卷烟'")),
    "an item out of its package": ("row_differs", "item", sql(
        "UPDATE item SET package_id = NULL WHERE package_id IS NOT NULL")),
    "an item nobody registered": ("row_without_entry", "item nj01/I-9", sql(
        "INSERT INTO item SELECT 'nj01/I-9', site, case_id, name, 1, unit, state, NULL, 5 FROM item LIMIT 1")),
    "an item deleted": ("row_missing", "item", sql("DELETE FROM item WHERE name = '茶叶'")),
    "a seal's number": ("row_differs", "package", sql("UPDATE package SET seal_number = 'F2'")),
    "a case's title": ("row_differs", "evidence_case", sql("UPDATE evidence_case SET title = '另案'")),
    "a case back-dated": ("row_differs", "evidence_case", sql(
        "UPDATE evidence_case SET opened_at = opened_at - interval '1 day'")),
    "a label's text": ("label_not_genuine", "label", sql(
        "UPDATE label SET text = (SELECT max(text) FROM label) WHERE text <> (SELECT max(text) FROM label)")),
    "a label deleted": ("row_missing", "label", sql("DELETE FROM label WHERE kind = 'item'")),
    "a permit prolonged": ("row_differs", "permit nj01/L-", sql(
        "UPDATE permit SET not_after = not_after + interval '1 day' WHERE revoked_at IS NOT NULL")),
    "a permit's people": ("row_differs", "permit nj01/L-", sql(
        "UPDATE permit SET payload = payload || '{\"people_required\": 9}'")),
    "a permit's signature": ("permit_not_genuine", "permit nj01/L-", sql(
        "UPDATE permit SET jws = (SELECT max(jws) FROM permit) WHERE jws <> (SELECT max(jws) FROM permit)")),
    "a revoked permit revived": ("row_differs", "permit nj01/L-", sql(
        "UPDATE permit SET revoked_at = NULL WHERE revoked_at IS NOT NULL")),
    "a spent permit reset": ("row_differs", "permit_thing", sql(
        "UPDATE permit_thing SET spent_index = NULL WHERE spent_index IS NOT NULL")),
    "a hold lifted": ("row_missing", "hold", sql("DELETE FROM hold")),
    "a hold's reason": ("row_differs", "hold", sql("UPDATE hold SET reason = '误'")),
    "an alarm removed": ("row_missing", "alarm", sql("DELETE FROM alarm WHERE cause = 'forged_label'")),
    "an alarm cleared": ("row_differs", "alarm", sql("UPDATE alarm SET cleared_at = now()")),
    "an alarm belittled": ("row_differs", "alarm", sql(
        "UPDATE alarm SET severity = 'info' WHERE severity = 'critical'")),
    "a passage's outcome": ("row_differs", "passage", sql(
        "UPDATE passage SET outcome = 'allowed' WHERE reason = 'too_few_people'")),
    "a passage's people": ("row_differs", "passage", sql("UPDATE passage SET people = '{}' WHERE people <> '{}'")),
    "a passage never crossed": ("row_differs", "passage", sql(
        "UPDATE passage SET crossed_index = NULL WHERE crossed_index IS NOT NULL")),
    "a passage crossed that was not": ("row_differs", "passage", sql(
        "UPDATE passage SET crossed_index = 60 WHERE reason IS NOT NULL")),
    "a passage deleted": ("row_missing", "passage", sql("DELETE FROM passage WHERE reason = 'forged_label'")),
    "a passage invented": ("row_without_entry", "passage", sql(
        "INSERT INTO passage (site, index, agent, seq, station, direction, outcome, rule, things, people, at, taken_at)"
        " SELECT site, 200, agent, 9999, station, direction, outcome, rule, things, people, at, taken_at"
        " FROM passage LIMIT 1")),
    "a thing's history shortened": ("row_missing", "thing_entry", sql(
        "DELETE FROM thing_entry WHERE thing LIKE '%/P-%' AND index IN (SELECT index FROM passage)")),
    "a thing's history lengthened": ("row_without_entry", "thing_entry", sql(
        "INSERT INTO thing_entry SELECT thing, site, 200 FROM thing_entry WHERE thing LIKE '%/P-%' LIMIT 1")),
    "the rules changed afterwards": ("rule_pack_differs", "rule_pack", sql(
        "UPDATE rule_pack SET content = replace(content, '\"out\":2', '\"out\":1')")),
    "somebody's name": ("row_differs", "person", sql(
        "UPDATE person SET name = 'Nobody' WHERE username = 'person1'")),
    "somebody's rights": ("row_differs", "person", sql(
        "UPDATE person SET roles = '{admin}' WHERE username = 'person1'")),
    "somebody nobody added": ("row_without_entry", "person nj01/U-9", sql(
        "INSERT INTO person SELECT 'nj01/U-9', site, 'x', name, password, roles, added_at FROM person LIMIT 1")),
    "quarantined bytes edited": ("row_differs", "quarantine", sql("UPDATE quarantine SET payload = '\\x00'")),
    "quarantined bytes deleted": ("row_missing", "quarantine", sql("DELETE FROM quarantine")),
    # imports
    "an imported row of another item": ("row_differs", "import_row", sql(
        "UPDATE import_row SET thing = (SELECT max(thing) FROM import_row) WHERE key = 'A-1' OR key = 'A-2'")),
    "an imported row's content": ("row_differs", "import_row", sql(
        "UPDATE import_row SET sha256 = repeat('0', 64) WHERE key = 'A-1'")),
    "an imported row nobody sent": ("row_without_entry", "import_row", sql(
        "INSERT INTO import_row SELECT site, source, 'Z-1', thing, import, sha256, salt FROM import_row LIMIT 1")),
    "an imported row deleted": ("row_missing", "import_row", sql("DELETE FROM import_row WHERE key = 'B-1'")),
    "an import's file": ("row_differs", "import nj01/B-", sql("UPDATE import SET sha256 = repeat('0', 64)")),
    # custody
    "a thing in another slot": ("row_differs", "custody nj01/P-", sql("UPDATE custody SET slot = NULL")),
    "a weight": ("row_differs", "custody nj01/P-", sql("UPDATE custody SET weight_g = 1")),
    "a loan that is due later": ("row_differs", "custody nj01/P-", sql(
        "UPDATE custody SET due_at = due_at + interval '30 days' WHERE due_at IS NOT NULL")),
    "an act asked for by another": ("row_differs", "act nj01/A-", sql("UPDATE act SET proposed_by = 'nj01/U-9'")),
    "an act that waits again": ("row_differs", "act nj01/A-", sql("UPDATE act SET ended = NULL")),
    "an act that was never asked for": ("row_missing", "act nj01/A-", sql("DELETE FROM act WHERE action = 'seal'")),
    "what an act asked for": ("row_differs", "act nj01/A-", sql(
        "UPDATE act SET details = details || '{\"reason\": \"other\"}' WHERE action = 'approve_release'")),
    "a hand on an act": ("row_missing", "act_hand nj01/A-", sql("DELETE FROM act_hand WHERE part = 'begin'")),
    "a signature exchanged": ("row_differs", "act_hand nj01/A-", sql(
        "UPDATE act_hand SET signature = '{}' WHERE signature IS NOT NULL")),
    "a hand on an act that was not": ("row_without_entry", "act_hand nj01/A-", sql(
        "INSERT INTO act_hand SELECT act, 'nj01/U-9', part, seat, credential, at, signature, index FROM act_hand"
        " LIMIT 1")),
    "whose work it was": ("row_missing", "thing_hand nj01/", sql("DELETE FROM thing_hand WHERE action = 'seal'")),
    "whose work it was not": ("row_without_entry", "thing_hand nj01/", sql(
        "INSERT INTO thing_hand SELECT thing, action, 'nj01/U-9' FROM thing_hand LIMIT 1")),
    "a zone's class": ("row_differs", "zone nj01/Z-", sql("UPDATE zone SET class = 'controlled'")),
    "a slot's size": ("row_differs", "slot nj01/S-", sql("UPDATE slot SET capacity = capacity + 1")),
    "a slot nobody added": ("row_without_entry", "slot nj01/S-9", sql(
        "INSERT INTO slot SELECT 'nj01/S-9', site, zone, 'X', size, capacity, agent, index FROM slot LIMIT 1")),
    "rules that nobody put in force": ("row_without_entry", "pack_adoption", sql(
        "INSERT INTO pack_adoption SELECT 'nj01', 9, hash, now() FROM rule_pack")),
    "an approval without its second hand, by the log's own key": (
        "step_not_allowed", "nj01/P-", lambda owner, _: tampering.one_hand_less(owner)),
    # erasure
    "a fact erased without an entry": ("erased_without_entry", f"fact {A} 9", sql(
        "UPDATE fact SET content = NULL, salt = NULL WHERE agent = 'nj01.gate-a' AND seq = 9")),
    "a record erased without an entry": ("erased_without_entry", "record", sql(
        "UPDATE record SET content = NULL, salt = NULL WHERE kind = 'case_opened'")),
    "an erasure only the table tells of": ("erased_without_entry", "", sql(
        "UPDATE fact SET content = NULL, salt = NULL WHERE agent = 'nj01.gate-a' AND seq = 9",
        "INSERT INTO erasure SELECT f.site, f.index, e.entry FROM fact f, erasure e"
        " WHERE f.agent = 'nj01.gate-a' AND f.seq = 9")),
    "an erasure no longer told of": ("erased_without_entry", "record", sql("DELETE FROM erasure")),
    "an erasure undone": ("not_erased", "record", tampering.not_erased),
    "an erasure filled with something else": ("commitment_differs", "record", sql(
        "UPDATE record r SET (content, salt) = (SELECT o.content, o.salt FROM record o WHERE o.kind = 'person_added'"
        " AND o.content IS NOT NULL LIMIT 1) WHERE content IS NULL")),
    # stills
    "a still replaced": ("still_differs", "still", still_replaced),
    "a still deleted": ("still_missing", "still", still_gone),
}  # fmt: skip


@pytest.fixture
def newest(tampered: Database) -> bytes:
    """The newest checkpoint, as somebody outside keeps it."""
    with psycopg.connect(tampered.owner) as owner:
        row = owner.execute("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    assert row is not None
    return str(row[0]).encode()


async def test_a_site_that_was_left_alone_holds(tampered: Database, media: Path, walked: Walked, newest: bytes) -> None:
    found = await verified(tampered.app, media, known=(walked.outside, newest))
    assert (found.ok, found.fault) == (True, None), found
    # the stills: the gate's, and the photograph of the seal
    assert (found.checkpoints, found.cosignatures, found.stills, found.agents) == (6, 5, 2, 4)
    assert found.doubts == ("1 contents were erased, each by an entry that says so",)


@pytest.mark.parametrize("way", WAYS)
async def test_tampering_is_found(tampered: Database, media: Path, newest: bytes, way: str) -> None:
    fault, row, trick = WAYS[way]
    with psycopg.connect(tampered.owner) as owner:
        owner.execute("SET session_replication_role = replica")  # a superuser who knows how to switch triggers off
        trick(owner, media)
    found = await verified(tampered.app, media, known=(newest,) if fault.startswith("log_") else ())
    assert (found.ok, found.fault) == (False, fault), found
    assert found.said == WORDS[fault]
    assert (found.row or "").startswith(row), found


def test_every_fault_is_said_in_english_and_chinese() -> None:
    for english, chinese in WORDS.values():
        assert english.isascii()
        assert english.endswith(".")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
