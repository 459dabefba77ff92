import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cloud.db.pool import open_pool, transaction
from cloud.evidence.bundles import Wanted, make_bundle
from cloud.evidence.errors import BundleFaultError
from cloud.ledger.key_history import record_missing
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.roles import Right
from custody.roles import Role
from proof.bundle import read_bundle
from proof.cosignature import cosigner
from proof.keys import SigningKey
from proof.note import NoteVerifier
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock, Database
from tests.cloud.evidence.crew import JPEG
from tests.cloud.evidence.walk import DIGEST, STILL, Walk
from tests.cloud.evidence.warehouse import Warehouse
from tests.cloud.receiving import LOG_KEY, PACK

ROOT = Path(__file__).parents[3]
ORIGIN = "sealtrail/test/nj01"
LOG = NoteVerifier(ORIGIN, LOG_KEY.public)
POLICY = f"log {LOG.vkey}\nquorum none\n"
OFFLINE = (
    "import sys, socket\n"
    "def no(*a, **k): raise RuntimeError('the verifier opened a socket')\n"
    "socket.socket = no\n"
    "import verify\n"
    "code = verify.main(sys.argv[1:])\n"
    "print(sorted({name.partition('.')[0] for name in sys.modules} & {'cloud', 'psycopg', 'edge_agent', 'wire'}))\n"
    "sys.exit(code)\n"
)


async def told_of_its_log(office: Office) -> None:
    """The ledger says whose key signs it, as the founding of a site makes it."""
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await record_missing(tx, appender, office.parts.world, [("log", ORIGIN, LOG_KEY.public)], "test")
        await close_ledger(tx, appender)


@pytest.fixture
async def walk(office: Office, clock: Clock) -> Walk:
    await told_of_its_log(office)
    return Walk(office, clock, LOG_KEY)


@pytest.fixture
async def store(walk: Walk) -> Warehouse:
    return await walk.whole()


async def exported(office: Office, thing: str, **query: str) -> httpx.Response:
    return await (await office.signed_in(Role.AUDITOR)).get(f"bundles/{thing}", params=query)


Check = Callable[[bytes], tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """The verifier in a process of its own, without sockets and without the cloud; its exit code and words."""

    def check(data: bytes) -> tuple[int, str]:
        (tmp_path / "bundle.zip").write_bytes(data)
        (tmp_path / "policy.txt").write_text(POLICY)
        files = [str(tmp_path / "bundle.zip"), "--policy", str(tmp_path / "policy.txt"), "--lang", "en"]
        command = [sys.executable, "-c", OFFLINE, *files]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
        assert done.stdout.endswith("[]\n"), done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    return check


async def test_the_bundle_of_a_package_that_went_out_and_came_back_proves_itself_offline(
    office: Office, store: Warehouse, check: Check
) -> None:
    answer = await exported(office, store.package)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert "nj01-P-" in answer.headers["content-disposition"]
    code, told = check(answer.content)
    assert code == 0, told
    assert "HOLDS" in told
    bundle = read_bundle(answer.content)
    assert bundle.manifest["subject"] == {"package": store.package}
    kinds = [json.loads(entry)["kind"] for _, entry in sorted(bundle.indexed("entries", ".json").items())]
    assert kinds.count("passage_decided") == 4
    assert kinds.count("passage_crossed") == 3
    assert kinds.count("permit_granted") == 3
    assert {"case_opened", "item_registered", "label_issued", "act_proposed", "act_signed"} <= {*kinds}
    contents = [json.loads(content) for content in bundle.indexed("contents", ".json").values()]
    steps = {content["action"] for content in contents if "hands" in content}
    assert steps == {"seal", "handover", "place", "approve_release", "shelve"}
    assert {"key_born", "person_added"} <= set(kinds)
    assert bundle.files[f"media/{DIGEST}.jpg"] == STILL
    assert bundle.files[f"media/{hashlib.sha256(JPEG).hexdigest()}.jpg"] == JPEG  # the seal's photograph
    assert bundle.named("rules", ".json")
    assert bundle.named("consistency", ".json")
    assert bundle.files["statement.pdf"].startswith(b"%PDF-")


async def test_the_same_of_an_item_and_of_a_case(office: Office, store: Warehouse, walk: Walk, check: Check) -> None:
    for thing in (store.item, store.case):
        answer = await exported(office, thing)
        assert answer.status_code == 200, answer.text
        assert check(answer.content)[0] == 0
        await walk.sign()


async def test_a_redacted_bundle_names_nobody_and_still_holds(office: Office, store: Warehouse, check: Check) -> None:
    answer = await exported(office, store.package, redact="true")
    code, told = check(answer.content)
    assert code == 0, told
    assert "withheld" in told
    bundle = read_bundle(answer.content)
    shown = b"".join(data for name, data in bundle.files.items() if name.startswith("contents/"))
    names = [row["name"] for row in await office.rows("SELECT name FROM person")]
    for secret in (*names, "卷烟", "无证运输"):
        assert secret.encode() not in shown
    assert not bundle.named("media", ".jpg")
    assert len(bundle.indexed("contents", ".json")) < len(bundle.indexed("entries", ".json"))


async def test_without_media_the_pictures_are_an_exception(office: Office, store: Warehouse, check: Check) -> None:
    answer = await exported(office, store.package, media="false")
    code, told = check(answer.content)
    assert code == 0
    assert "2 of 2 stills or clips are not in the bundle" in told


async def test_an_export_is_recorded_about_the_thing(office: Office, store: Warehouse) -> None:
    auditor = await office.signed_in(Role.AUDITOR)
    await exported(office, store.package)
    *_, last = (await auditor.get(f"history/{store.package}")).json()["rows"]
    assert (last["kind"], last["content"]["subject"]) == ("bundle_exported", {"package": store.package})
    assert last["actor"].startswith("nj01/U-")


async def test_what_is_not_signed_yet_is_not_exported(office: Office, walk: Walk, store: Warehouse) -> None:
    await exported(office, store.package)
    problem(await exported(office, store.package), 409, "not_signed_yet")
    await walk.sign()
    assert (await exported(office, store.package)).status_code == 200


async def test_only_some_roles_and_only_their_own_site(office: Office, store: Warehouse) -> None:
    for role in Role:
        answer = await (await office.signed_in(role)).get("bundles/nj01/P-NOBODY")
        problem(answer, 404, "not_found") if PACK.may(frozenset({role}), Right.EXPORT_BUNDLE) else problem(
            answer, 403, "forbidden"
        )
    problem(await (await office.visitor()).get(f"bundles/{store.package}"), 401, "not_signed_in")


async def test_a_witness_that_has_not_cosigned_is_waited_for(office: Office, store: Warehouse) -> None:
    witness = cosigner("court.example/w", SigningKey.from_seed(bytes([4] * 32)))
    policy = f"log {LOG.vkey}\nwitness court {witness.vkey}\nquorum court\n".encode()
    async with transaction(office.parts.pool) as tx:
        wanted = Wanted(id=store.package, policy=policy)
        with pytest.raises(Exception, match="witnesses yet"):
            await make_bundle(tx, office.parts.media, "nj01", wanted, office.parts.world.now())


EDITS = {
    "a decision": (
        "UPDATE fact SET content = replace(content, '\"refused\"', '\"allowed\"') WHERE kind = 'passage_decided'",
        "not the one it commits to",
    ),
    "an entry": (
        "UPDATE ledger_entry SET entry = replace(entry, 'item_registered', 'item_registereD')",
        "leads to another root",
    ),
    "a statement": ("UPDATE statement SET jws = substr(jws, 1, length(jws) - 8) || 'AAAAAAAA'", "signed"),
    "a statement that is gone": ("DELETE FROM statement", "no agent's statement"),
    "a tile": ("UPDATE ledger_tile SET hashes = overlay(hashes placing '\\x00' from 1 for 1)", "leads to another root"),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_a_database_changed_by_hand_gives_no_bundle(
    office: Office, store: Warehouse, database: Database, edit: str
) -> None:
    statement, words = EDITS[edit]
    async with open_pool(database.owner) as owner, transaction(owner) as tx:
        await tx.execute("SET session_replication_role = replica")
        await tx.execute(statement.encode())
    async with transaction(office.parts.pool) as tx:
        with pytest.raises(BundleFaultError, match=words):
            await make_bundle(tx, office.parts.media, "nj01", Wanted(id=store.package), office.parts.world.now())


async def test_a_replaced_still_gives_no_bundle(office: Office, store: Warehouse) -> None:
    from cloud.media.store import write

    await write(office.parts.media, DIGEST, STILL + b"!")
    problem(await exported(office, store.package), 500, "records_do_not_hold")


async def test_time_stamps_go_along_with_the_checkpoints_they_are_of(
    office: Office, store: Warehouse, check: Check
) -> None:
    sizes = [row["size"] for row in await office.rows("SELECT size FROM checkpoint ORDER BY size")]
    for size in sizes:
        await office.execute("INSERT INTO checkpoint_stamp VALUES ('nj01', %s, now(), %s)", size, f"at {size}".encode())
    answer = await exported(office, store.package)
    assert check(answer.content)[0] == 0
    bundle = read_bundle(answer.content)
    assert bundle.indexed("stamps", ".tsr") == {size: f"at {size}".encode() for size in (sizes[0], sizes[-1])}
    for size, note in bundle.indexed("stamps", ".txt").items():
        shown = json.loads(bundle.files[f"consistency/{size}.json"])
        assert shown["checkpoint"].encode() == note
        assert f"\n{size}\n".encode() in note


async def test_the_same_records_and_time_give_the_same_bytes(office: Office, store: Warehouse) -> None:
    made = []
    for _ in range(2):
        async with transaction(office.parts.pool) as tx:
            wanted = Wanted(id=store.package)
            made.append(await make_bundle(tx, office.parts.media, "nj01", wanted, office.parts.world.now()))
    assert made[0].data == made[1].data
    assert zipfile.ZipFile(io.BytesIO(made[0].data)).testzip() is None
