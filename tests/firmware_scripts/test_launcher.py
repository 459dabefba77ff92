"""The launcher: what it believes, that a trial ends one way or the other, whatever happens in between."""

import importlib.util
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.releases.errors import PackingError
from cloud.releases.packing import pack_wheels
from proof.keys import SigningKey
from tests.firmware_scripts.bench import ANYWHERE, LAUNCHER, PUBLISHER, Bench
from tests.firmware_scripts.wheels import wheel

HANGS = "import time\ntime.sleep(1000)\n"


def launcher() -> Any:
    spec = importlib.util.spec_from_file_location("launcher", LAUNCHER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MODULE = launcher()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.lay_out()
    return made


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_it_believes_the_signatures_that_the_program_believes(seed: bytes, message: bytes, bit: int) -> None:
    key = SigningKey.from_seed(seed)
    signature = key.sign(message)
    assert MODULE.signed_by(key.public.raw, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not MODULE.signed_by(key.public.raw, message, bytes(flipped))
    assert not MODULE.signed_by(key.public.raw, message + b"x", signature)


def test_it_imports_nothing_but_what_python_has() -> None:
    assert "from wire" not in LAUNCHER.read_text("utf-8")
    assert Bench(Path("/nowhere")).launch("none").returncode == 1, "it is started by Python alone (-I)"


def test_a_release_is_laid_beside_and_only_begun_when_the_agent_asks(bench: Bench) -> None:
    name = bench.fetched(bench.release("0.2.0"))
    bench.launch("stage")
    assert bench.state["staged"] == {**bench.state["staged"], "number": 1, "version": "0.2.0", "name": name}
    bench.launch("begin")
    assert bench.current == "first", "nobody asked"
    assert bench.launch("run").stdout == "first\n"
    bench.note("apply.json", number=1)
    bench.launch("begin")
    assert bench.current == name
    assert bench.launch("run").stdout == "new\n"


def test_what_became_healthy_is_kept(bench: Bench) -> None:
    name = bench.begun(bench.release("0.2.0"))
    bench.note("health.json", number=1, healthy=True)
    bench.launch("begin")
    assert (bench.current, bench.state["last"]["outcome"]) == (name, "applied")
    bench.launch("begin")
    assert bench.current == name, "the request that was granted is not granted again"
    assert (bench.home / "releases" / "first").exists(), "to go back to"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (None, "before it was healthy"),
        ({"number": 1, "healthy": False, "problem": "lost: camera"}, "lost: camera"),
        ({"number": 7, "healthy": True}, "before it was healthy"),
    ],
    ids=["it died", "it was not healthy", "the health of another"],
)
def test_what_did_not_is_undone_at_the_next_start(bench: Bench, said: dict[str, Any] | None, problem: str) -> None:
    bench.begun(bench.release("0.2.0"))
    if said:
        bench.note("health.json", **said)
    bench.launch("begin")
    assert (bench.current, bench.state["last"]["outcome"]) == ("first", "rolled_back")
    assert problem in bench.state["last"]["problem"]
    bench.launch("begin")
    assert bench.current == "first", "what failed is not tried again by itself"


def test_the_installer_that_switched_meanwhile_has_the_last_word(bench: Bench) -> None:
    bench.begun(bench.release("0.2.0"))
    by_hand = bench.home / "releases" / "byhand"
    by_hand.mkdir()
    for old in ("first", bench.current):
        shutil.rmtree(bench.home / "releases" / old)
    (bench.home / "current").unlink()
    (bench.home / "current").symlink_to("releases/byhand")
    bench.launch("begin")
    assert (bench.current, bench.state["last"]["outcome"]) == ("byhand", "rolled_back")
    bench.launch("begin")
    assert bench.current == "byhand", "what lay ready is gone, and is not switched to"


@pytest.mark.parametrize(
    "site",
    [
        "agent: nj01.gate-a\n", 'agent: "nj01.gate-a"  # the north gate\n', "'agent': 'nj01.gate-a'\n",
        "agent: nj01.gate-a\nstations:\n  - {name: x, agent: nj01.gate-b}\n",
    ],
)  # fmt: skip
def test_it_takes_orders_for_the_agent_of_roots_site_file_and_no_other(bench: Bench, site: str) -> None:
    bench.site(site)
    release = bench.release("0.2.0")
    bench.fetched(release, agent="nj01.gate-b")
    bench.launch("stage")
    assert bench.state["fault"]["problem"] == "an order for nj01.gate-b; here is nj01.gate-a"
    assert "staged" not in bench.state
    bench.fetched(release)
    bench.launch("stage")
    assert bench.state["staged"]["version"] == "0.2.0"


@pytest.mark.parametrize("site", ["", "agent: nj01.gate-a\nagent: nj01.gate-b\n"])
def test_a_board_that_does_not_know_which_agent_it_is_takes_none(bench: Bench, site: str) -> None:
    bench.site(site)
    bench.fetched(bench.release("0.2.0"))
    bench.launch("stage")
    assert "which agent is here" in bench.state["fault"]["problem"]


def test_a_release_that_was_undone_can_be_wanted_anew_by_a_newer_order(bench: Bench) -> None:
    release = bench.release("0.2.0")
    bench.begun(release)
    bench.launch("begin")
    assert bench.begun(release, number=2)


@pytest.mark.parametrize("switched", [False, True])
def test_power_that_fails_around_the_switch_leaves_a_trial_that_is_begun(bench: Bench, switched: bool) -> None:
    name = bench.begun(bench.release("0.2.0"))
    torn = bench.state
    torn["trying"]["begun"] = False  # what is on disk between the two
    (bench.home / "state.json").write_text(json.dumps(torn))
    if not switched:
        (bench.home / "current").unlink()
        (bench.home / "current").symlink_to("releases/first")
    bench.launch("begin")
    assert (bench.current, bench.state["trying"]["begun"]) == (name, True)
    bench.launch("begin")
    assert bench.current == "first"


def test_one_that_hangs_is_ended_from_beside_and_undone(bench: Bench) -> None:
    bench.env["SEALTRAIL_EDGE_UPDATE_TRIAL_S"] = "-3.6"  # half a second, with the grace that it has
    bench.begun(bench.release("0.2.0", HANGS))
    assert bench.launch("run").returncode == -signal.SIGKILL
    bench.launch("begin")
    assert bench.current == "first"


def test_one_that_crashes_at_its_start_is_undone(bench: Bench) -> None:
    bench.begun(bench.release("0.2.0", "raise SystemExit('broken')\n"))
    assert bench.launch("run").returncode == 1
    bench.launch("begin")
    assert bench.launch("run").stdout == "first\n"


STRANGER = SigningKey.from_seed(b"x" * 32)


def by_a_stranger(bench: Bench) -> None:
    bench.fetched(bench.release("0.2.0"), 5, key=STRANGER)


def of_another_publisher(bench: Bench) -> None:
    bench.fetched(bench.release("0.2.0", key=STRANGER), 5)


def altered(bench: Bench) -> None:
    bench.fetched(bench.release("0.2.0"), 5)
    content = bytearray((bench.notes / "release.zip").read_bytes())
    content[len(content) // 2] ^= 1
    (bench.notes / "release.zip").write_bytes(content)


def cut_off(bench: Bench) -> None:
    bench.fetched(bench.release("0.2.0"), 5)
    content = (bench.notes / "release.zip").read_bytes()
    (bench.notes / "release.zip").write_bytes(content[:-100])


def another_file_in_it(bench: Bench) -> None:
    """A manifest that the publisher signed, around other content; and an order for just that file."""
    release, other = bench.release("0.2.0"), bench.folder / "0.2.0"
    shutil.unpack_archive(release, other, "zip")
    (other / "tree" / "sealtrail.py").write_text("print('other')\n")
    made = Path(shutil.make_archive(str(bench.folder / "packed"), "zip", other))
    made.rename(release)
    bench.fetched(release, 5)


def another_version(bench: Bench) -> None:
    bench.fetched(bench.release("0.2.0"), 5, version="0.3.0")


def older(bench: Bench) -> None:
    bench.fetched(bench.release("0.3.0"), 9)
    bench.launch("stage")
    bench.fetched(bench.release("0.2.0"), 8)


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (by_a_stranger, "not signed by a key"),
        (of_another_publisher, "not signed by a key"),
        (altered, "digest"),
        (cut_off, "digest"),
        (another_file_in_it, "not what the manifest says"),
        (another_version, "version"),
        (older, "after 9 was seen"),
    ],
)
def test_what_is_not_to_be_believed_is_not_installed(
    bench: Bench, spoil: Callable[[Bench], None], problem: str
) -> None:
    spoil(bench)
    bench.launch("stage")
    assert problem in bench.state["fault"]["problem"]
    for number in (5, 8):
        bench.note("apply.json", number=number)
        bench.launch("begin")
        assert bench.current == "first"


def test_wheels_are_installed_without_a_network_and_only_with_the_hashes_of_the_manifest(bench: Bench) -> None:
    bench.env |= {"SEALTRAIL_RELEASES_TREES": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    lock, out = bench.folder / "lock", bench.folder / "0.2.0.zip"
    lock.write_text("# nothing else is needed\n")
    made = wheel(bench.folder / "wheels", "0.2.0", "print('from a wheel')")
    manifest = pack_wheels(out, PUBLISHER, made.parent, lock, ANYWHERE)
    assert (manifest.version, set(manifest.files)) == ("0.2.0", {"requirements.txt", f"wheels/{made.name}"})
    bench.begun(out)
    assert bench.launch("run").stdout == "from a wheel\n"
    assert json.loads((bench.home / "current" / "release.json").read_text())["version"] == "0.2.0"


def test_a_release_lacks_nothing_that_its_lock_pins(bench: Bench) -> None:
    lock = bench.folder / "lock"
    wheel(bench.folder / "wheels", "0.2.0", "pass")
    pins = "here==1.0 \\\n    --hash=sha256:{0}\nelsewhere==2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:{0}\n"
    lock.write_text(pins.format("0" * 64))
    with pytest.raises(PackingError, match=r"for: here==1\.0$"):
        pack_wheels(bench.folder / "x.zip", PUBLISHER, bench.folder / "wheels", lock, ANYWHERE)


def test_the_same_content_makes_the_same_file(bench: Bench) -> None:
    first = bench.release("0.2.0").read_bytes()
    assert bench.release("0.2.0").read_bytes() == first


def test_a_source_tree_is_no_release_for_a_board(bench: Bench) -> None:
    bench.env["SEALTRAIL_RELEASES_TREES"] = "0"
    bench.fetched(bench.release("0.2.0"))
    bench.launch("stage")
    assert "no release for a board" in bench.state["fault"]["problem"]


def test_a_release_that_has_no_room_is_not_begun_to_be_unpacked(bench: Bench) -> None:
    free = shutil.disk_usage(bench.home).free
    bench.fetched(bench.release("0.2.0"), bytes=free)
    bench.launch("stage")
    assert "room" in bench.state["fault"]["problem"]
