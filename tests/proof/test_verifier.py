"""The bundle's verifier: the whole holds, and each way to tamper is found by the right step with the right words."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from proof.bundle import read_bundle
from proof.canonical import canonical
from proof.checkpoint import Checkpoint
from proof.cosignature import cosign
from proof.errors import EncodingError
from proof.keyring import Keyring
from proof.merkle import inclusion_proof
from proof.policy import parse_policy
from proof.tlog_proof import TlogProof
from proof.verifier import STEPS, Report, report_json, verify_bundle
from tests.proof.bundles import (
    AGENT,
    AGENT_KEY,
    LOG_KEY,
    NEW_KEY,
    NOON_S,
    ORIGIN,
    PICTURE,
    POLICY,
    STRANGER,
    WITNESS_KEY,
    Site,
    born,
    passage,
    site,
    zipped,
)

TRUST = parse_policy(POLICY.encode())


def verify(files: dict[str, bytes]) -> Report:
    return verify_bundle(read_bundle(zipped(files)), TRUST)


def test_the_whole_holds() -> None:
    report = verify(site().files())
    assert report.holds
    assert [step.number for step in report.steps] == list(range(1, len(STEPS) + 1))
    assert [step.checked for step in report.steps] == [1, 1, 8, 8, 2, 4, 1, 1, 1, 8, 0]
    assert report.exceptions == []
    assert json.loads(report_json(report))["holds"] is True


def test_without_a_policy_of_ones_own_the_keys_are_an_exception() -> None:
    report = verify_bundle(read_bundle(zipped(site().files())))
    assert report.holds
    assert len(report.exceptions) == 1
    assert "taken from the bundle itself" in report.exceptions[0].en


def test_what_was_erased_on_a_legal_ground_is_told_apart_from_what_is_withheld() -> None:
    made = site()
    made.record("content_erased", {"indexes": [1, 2], "ground": "PIPL art. 47", "proposed_by": "x", "actor": "y"}, 8)
    files = made.files()
    for index in (1, 3):
        del files[f"contents/{index}.json"], files[f"contents/{index}.salt"]
    report = verify(files)
    assert report.holds
    told = [notice.en for notice in report.exceptions]
    assert any("1 entries was erased by entry 8 on a legal ground (PIPL art. 47): 1" in text for text in told)
    assert any("1 entries is withheld: 3" in text for text in told)


@pytest.mark.parametrize("indexes", ["1", [1.5], ["1"], [True], [8], [9]])
def test_an_erasure_that_makes_no_sense_is_malformed(indexes: object) -> None:
    made = site()
    made.record("content_erased", {"indexes": indexes, "ground": "x"}, 8)
    with pytest.raises(EncodingError, match="erasure names entries"):
        verify(made.files())


def test_what_is_withheld_is_told_and_the_proofs_still_hold() -> None:
    files = site().files()
    del files["contents/1.json"], files["contents/1.salt"]
    del files[f"media/{hashlib.sha256(PICTURE).hexdigest()}.jpg"]
    report = verify(files)
    assert report.holds
    assert any("1 entries is withheld: 1" in notice.en for notice in report.exceptions)
    assert any("1 of 1 stills" in notice.en for notice in report.exceptions)


def test_a_policy_that_asks_for_no_witness_is_told() -> None:
    made = site()
    files = made.files()
    drop_cosignature(made, files)
    log_only = parse_policy(POLICY.split("witness", maxsplit=1)[0].encode() + b"quorum none\n")
    report = verify_bundle(read_bundle(zipped(files)), log_only)
    assert report.holds
    assert [notice.en.startswith("No independent witness") for notice in report.exceptions] == [True]


def test_a_clock_in_doubt_is_told() -> None:
    made = site()
    entry = json.loads(made.entries[7])
    made.entries[7] = canonical(entry | {"error_ms": None})
    report = verify(made.files())
    assert report.holds
    assert any("clock was in doubt" in notice.en for notice in report.exceptions)


Tamper = Callable[[Site, dict[str, bytes]], None]


def edit_entry(made: Site, files: dict[str, bytes]) -> None:
    files["entries/2.json"] = files["entries/2.json"].replace(b'"seq":1', b'"seq":9')


def swap_entries(made: Site, files: dict[str, bytes]) -> None:
    files["entries/2.json"], files["entries/3.json"] = files["entries/3.json"], files["entries/2.json"]


def move_proof(made: Site, files: dict[str, bytes]) -> None:
    files["entries/2.tlog-proof"] = files["entries/3.tlog-proof"]


def other_checkpoint(made: Site, files: dict[str, bytes]) -> None:
    path = tuple(inclusion_proof(made.leaves(5), 2))
    files["entries/2.tlog-proof"] = TlogProof(2, path, made.note(5).encode()).to_bytes()


def edit_content(made: Site, files: dict[str, bytes]) -> None:
    files["contents/3.json"] = files["contents/3.json"].replace(b"refused", b"allowed")


def edit_salt(made: Site, files: dict[str, bytes]) -> None:
    files["contents/3.salt"] = b"00" * 16


def swap_contents(made: Site, files: dict[str, bytes]) -> None:
    for ending in (".json", ".salt"):
        one, two = f"contents/2{ending}", f"contents/3{ending}"
        files[one], files[two] = files[two], files[one]


def replace_picture(made: Site, files: dict[str, bytes]) -> None:
    files[f"media/{hashlib.sha256(PICTURE).hexdigest()}.jpg"] = b"\xff\xd8 another still"


def add_picture(made: Site, files: dict[str, bytes]) -> None:
    files[f"media/{hashlib.sha256(b'x').hexdigest()}.jpg"] = b"x"


def change_pack(made: Site, files: dict[str, bytes]) -> None:
    name = next(name for name in files if name.startswith("rules/"))
    files[name] = files[name].replace(b'"1"', b'"2"')


def re_sign_checkpoint(made: Site, files: dict[str, bytes]) -> None:
    checkpoint = made.checkpoint()
    line = cosign(checkpoint.to_text(), "court.example/w", WITNESS_KEY, NOON_S).line()
    rebind(made, files, checkpoint.sign(STRANGER) + line)


def drop_cosignature(made: Site, files: dict[str, bytes]) -> None:
    rebind(made, files, made.checkpoint().sign(LOG_KEY))


def forge_cosignature(made: Site, files: dict[str, bytes]) -> None:
    checkpoint = made.checkpoint()
    line = cosign(checkpoint.to_text(), "court.example/w", STRANGER, NOON_S).line()
    rebind(made, files, checkpoint.sign(LOG_KEY) + line)


def borrow_cosignature(made: Site, files: dict[str, bytes]) -> None:
    old = cosign(made.checkpoint(5).to_text(), "court.example/w", WITNESS_KEY, NOON_S).line()
    rebind(made, files, made.checkpoint().sign(LOG_KEY) + old)


def another_log(made: Site, files: dict[str, bytes]) -> None:
    checkpoint = replace(made.checkpoint(), origin="sealtrail/test/sz02")
    rebind(made, files, checkpoint.sign(LOG_KEY))


def other_manifest(made: Site, files: dict[str, bytes]) -> None:
    files["bundle.json"] = files["bundle.json"].replace(ORIGIN.encode(), b"sealtrail/test/sz02")


def older_log(made: Site, files: dict[str, bytes]) -> None:
    """An old checkpoint is replayed: entries after it cannot be shown under it."""
    rebind(made, files, made.note(3))


def fork(made: Site, files: dict[str, bytes]) -> None:
    other = site()
    other.entries[1] = other.entries[1].replace(b"12:00:01", b"12:00:00")
    files |= {name: data for name, data in other.files().items() if name.startswith(("entries/", "checkpoint"))}


def rewrite_history(made: Site, files: dict[str, bytes]) -> None:
    """The log is made anew from entry 1 on, and signed and cosigned as if nothing had been."""
    other = site()
    other.contents[1] = (canonical({"item": "nj01/I-1", "name": "空箱"}), other.contents[1][1])
    anew = Site()
    anew.record("key_born", born(AGENT_KEY), 0)
    anew.record("item_registered", {"item": "nj01/I-1", "name": "空箱"}, 1)
    fresh = anew.files()
    fresh["consistency/2.json"] = files["consistency/2.json"]
    files.clear()
    files.update(fresh)
    del files[next(name for name in files if name.startswith("media/"))]


def drop_statement(made: Site, files: dict[str, bytes]) -> None:
    del files["statements/3.json"]


def sign_statement_by(key_site: Callable[[], Site]) -> Tamper:
    def tamper(made: Site, files: dict[str, bytes]) -> None:
        files.clear()
        files.update(key_site().files())

    return tamper


def by_stranger() -> Site:
    made = Site()
    made.record("key_born", born(AGENT_KEY), 0)
    made.record("item_registered", {}, 1)
    made.facts([passage()], 2, STRANGER)
    return made


def by_revoked_key() -> Site:
    made = site()
    made.facts([passage()], 8, AGENT_KEY)
    return made


def by_future_key() -> Site:
    made = Site()
    made.record("key_born", born(AGENT_KEY), 0)
    made.facts([passage()], 2, NEW_KEY)
    made.record("key_born", born(NEW_KEY), 5)
    return made


def back_dated() -> Site:
    made = site()
    made.record("item_registered", {"item": "nj01/I-2"}, 0)
    made.entries[-1] = made.entries[-1].replace(b"12:00:00", b"11:00:00")
    return made


def other_commitments(made: Site, files: dict[str, bytes]) -> None:
    shown = json.loads(files["statements/3.json"])
    shown["commitments"][0] = "00" * 32
    files["statements/3.json"] = json.dumps(shown).encode()


def other_statement(made: Site, files: dict[str, bytes]) -> None:
    files["statements/3.json"] = files["statements/7.json"]


def key_twice() -> Site:
    made = site()
    made.record("key_born", born(NEW_KEY), 9)
    return made


def rebind(made: Site, files: dict[str, bytes], note: str) -> None:
    """Puts `note` in place of the checkpoint, in every proof too."""
    old, new = files["checkpoint.txt"], note.encode()
    for name, data in files.items():
        files[name] = data.replace(old, new)


@pytest.mark.parametrize(
    ("tamper", "step", "words"),
    [
        (edit_entry, 3, "entry 2: the inclusion proof leads to another root"),
        (swap_entries, 3, "entry 2"),
        (move_proof, 3, "the proof of entry 2 is for another entry"),
        (other_checkpoint, 3, "the proof of entry 2 is for another entry or checkpoint"),
        (edit_content, 4, "the content of entry 3 is not the one"),
        (edit_salt, 4, "the content of entry 3 is not the one"),
        (swap_contents, 4, "the content of entry 2 is not the one"),
        (replace_picture, 9, "it was replaced"),
        (add_picture, 9, "named by no fact"),
        (change_pack, 8, "is not the one of that name"),
        (re_sign_checkpoint, 1, "signed by no log of the policy"),
        (drop_cosignature, 2, "too few witnesses cosigned: none"),
        (forge_cosignature, 2, "too few witnesses"),
        (borrow_cosignature, 1, "not signed by"),
        (another_log, 1, "signed by no log of the policy"),
        (other_manifest, 1, "of another log"),
        (older_log, 3, "entry 0: the inclusion proof"),
        (fork, 7, "the log was rewritten since it had 2 entries"),
        (rewrite_history, 7, "the log was rewritten since it had 2 entries"),
        (drop_statement, 6, "no agent's statement for the facts of entries 3"),
        (sign_statement_by(by_stranger), 6, "not known or not valid"),
        (sign_statement_by(by_revoked_key), 6, "not known or not valid"),
        (sign_statement_by(by_future_key), 6, "not known or not valid"),
        (sign_statement_by(back_dated), 10, "it was back-dated"),
        (other_commitments, 6, "is not the one the agent stated"),
        (other_statement, 6, "not known or not valid"),
    ],
)
def test_each_way_to_tamper_is_found_by_the_right_step(tamper: Tamper, step: int, words: str) -> None:
    made = site()
    files = made.files()
    tamper(made, files)
    report = verify(files)
    assert not report.holds
    first = next(found for found in report.steps if found.fault)
    assert (first.number, words in first.fault) == (step, True), first


def test_a_key_cannot_be_born_twice_or_end_unborn() -> None:
    birth = (0, "key_born", born(AGENT_KEY))
    end = {"role": "agent", "owner": AGENT, "kid": AGENT_KEY.public.kid, "why": "lost"}
    ring = Keyring([birth, (5, "key_ended", end), (2, "other", {})])
    assert ring.find("agent", AGENT, AGENT_KEY.public.kid, 4) == AGENT_KEY.public
    assert ring.find("agent", AGENT, AGENT_KEY.public.kid, 5) is None
    assert ring.find("agent", "nj01.gate-b", AGENT_KEY.public.kid, 4) is None
    for records in (
        [birth, (1, "key_born", born(AGENT_KEY))],
        [(1, "key_ended", end)],
        [birth, (1, "key_ended", end), (2, "key_ended", end)],
        [birth, (1, "key_ended", end | {"why": "bored"})],
        [(0, "key_born", born(AGENT_KEY) | {"role": "cat"})],
        [(0, "key_born", born(AGENT_KEY) | {"public_key": "x"})],
    ):
        with pytest.raises(EncodingError):
            Keyring(records)


def test_a_bundle_is_the_same_bytes_whenever_it_is_made() -> None:
    assert zipped(site().files()) == zipped(site().files())
    assert Checkpoint.from_text(site().checkpoint().to_text()) == site().checkpoint()
