"""Starts the release that is to run, tries a new one, and goes back by itself where that does not end well.

It lies outside all releases and imports nothing of them: only Python's standard library. systemd calls it:

    launcher.py stage    as root, when the agent has fetched a release: checks both signatures, installs it beside
    launcher.py begin    as root, before each start: ends a trial or begins one, and switches the link `current`
    launcher.py run      as the agent's user: becomes the agent of `current`; in a trial somebody waits beside it

The agent may write its own folder alone: orders and releases come from there, and are believed by their signatures.
What it does is in docs/adr/0018-software-updates.md; what it finds and leaves is in docs/updates.md.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Point = tuple[int, int, int, int]
"""Of the curve, in extended coordinates."""

HOME = Path(os.environ.get("SEALTRAIL_RELEASES_HOME", "/opt/sealtrail"))
DATA = Path(os.environ.get("SEALTRAIL_EDGE_DATA_DIR", "/var/lib/sealtrail/data")) / "updates"
TRIAL_S = float(os.environ.get("SEALTRAIL_EDGE_UPDATE_TRIAL_S") or 300) * 1.25 + 5
"""After so long somebody ends a release that neither became healthy nor gave up: a little after it should have."""
TREES = os.environ.get("SEALTRAIL_RELEASES_TREES") == "1"
"""Whether source trees are installed too: on simulated boards, which have the packages of the Python they run by."""
ORDER, RELEASE = "sealtrail-order+jws", "sealtrail-release+jws"
LOOK_S = 0.5
SPARE_BYTES = 64 << 20
COPY_BYTES = 1 << 20
MOST_PROBLEM = 300


class RefusedError(Exception):
    """What was fetched is not installed; the message says why."""


FAULTS = (
    RefusedError, OSError, subprocess.CalledProcessError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError,
    KeyError, TypeError, ValueError,
)  # fmt: skip
"""What a file that is no release of ours, or a full disk, leads to."""


# ------------------------------------------------------------ Ed25519, checking only (RFC 8032, 5.1.7 and appendix A)
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _add(a: Point, b: Point) -> Point:
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    sum_ = (0, 1, 1, 0)
    while number:
        if number & 1:
            sum_ = _add(sum_, point)
        point, number = _add(point, point), number >> 1
    return sum_


def _point(raw: bytes) -> "Point | None":
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (not x and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


_BASE = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed_by(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 `signature` (64 bytes) of `message` is by the public `key` (32 bytes)."""
    a, r = (_point(key), _point(signature[:32])) if len(key) == 32 and len(signature) == 64 else (None, None)
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = _times(s, _BASE), _add(r, _times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# --------------------------------------------------------------------------------------------------- what is believed
def _unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def believed(token: str, keys: "list[str]", purpose: str) -> Json:
    """What the compact JWS `token` says, signed for `purpose` by one of `keys` (base64url). Raises RefusedError."""
    try:
        header, payload, signature = token.strip().split(".")
        said = json.loads(_unb64(header))
        if said.get("alg") != "Ed25519" or said.get("typ") != purpose:
            raise RefusedError(f"not signed as {purpose}")
        message = f"{header}.{payload}".encode()
        if not any(signed_by(_unb64(key), message, _unb64(signature)) for key in keys):
            raise RefusedError(f"not signed by a key that is believed here ({purpose})")
        return json.loads(_unb64(payload))
    except (ValueError, AttributeError) as error:
        raise RefusedError(f"not a signed {purpose}: {error}") from error


def _keys(name: str) -> "list[str]":
    return [key.strip() for key in os.environ.get(name, "").split(",") if key.strip()]


# ------------------------------------------------------------------------------------------------------------- files
def read(path: Path) -> Json:
    """The JSON object in `path`; an empty one where there is none, or none that can be read."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.loads(file.read(COPY_BYTES))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write(path: Path, value: Json) -> None:
    """Whole or not at all, also when the power fails; for everybody to read."""
    fresh = path.with_name(f".{path.name}.new")
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(fresh, 0o644)
    os.replace(fresh, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _switch(name: str) -> None:
    fresh = HOME / "current.new"
    if fresh.is_symlink():
        fresh.unlink()
    fresh.symlink_to(Path("releases") / name)
    os.replace(fresh, HOME / "current")
    _sync(HOME)


def running() -> str:
    """The name of the release that `current` leads to; nothing where there is none."""
    try:
        return Path(os.readlink(HOME / "current")).name
    except OSError:
        return ""


# ------------------------------------------------------------------------------------------------------------- stage
def stage() -> None:
    """Installs the release that the newest order wants beside the one that runs; says in the state what came of it."""
    state = read(HOME / "state.json")
    order = {}
    try:
        order = _order()
        if order["number"] <= state.get("newest", 0) and state.get("staged", {}).get("number") == order["number"]:
            return
        if order["number"] < state.get("newest", 0):
            raise RefusedError(f"update {order['number']}, after {state['newest']} was seen")
        name = _install(order)
        state["staged"] = {**order, "name": name}
        state.pop("fault", None)
    except FAULTS as error:
        problem = (getattr(error, "stderr", None) or str(error) or type(error).__name__)[-MOST_PROBLEM:]
        state["fault"] = {"number": order.get("number", 0), "problem": problem}
    state["newest"] = max(state.get("newest", 0), order.get("number", 0))
    write(HOME / "state.json", state)


def _order() -> Json:
    with open(DATA / "wanted.jws", encoding="ascii", errors="replace") as file:
        said = believed(file.read(COPY_BYTES), _keys("SEALTRAIL_EDGE_CLOUD_KEYS"), ORDER)
    if said.get("kind") != "update":
        raise RefusedError("not an order to update")
    agent = _agent()
    if said.get("agent") != agent:
        raise RefusedError(f"an order for {said.get('agent')}; here is {agent}")
    body = said["body"]
    return {name: body[name] for name in ("number", "version", "sha256", "bytes")}


def _agent() -> str:
    """Which agent this board is, by root's own copy of the site file; the agent's user cannot change that."""
    with open(os.environ["SEALTRAIL_EDGE_SITE_FILE"], encoding="utf-8") as file:
        found = re.findall(r"""^["']?agent["']?\s*:\s*["']?([\w.-]+)["']?\s*(?:#.*)?$""", file.read(COPY_BYTES), re.M)
    if len(found) != 1:
        raise RefusedError("the site file does not say in one line which agent is here")
    return str(found[0])


def _install(order: Json) -> str:
    """Unpacked, checked and complete in a folder of its own. It is copied first: nobody else writes the copy."""
    name = str(order["sha256"])[:12]
    at, copy = HOME / "releases" / name, HOME / "incoming.zip"
    if (at / "whole").exists():
        return name
    if shutil.disk_usage(HOME).free < 4 * int(order["bytes"]) + SPARE_BYTES:
        raise RefusedError("not enough room for it where programs lie")
    shutil.rmtree(at, ignore_errors=True)
    at.mkdir(parents=True)
    try:
        _copy(DATA / "release.zip", copy, order)
        with zipfile.ZipFile(copy) as archive:
            token = archive.read("manifest.jws").decode("ascii", "replace")
            manifest = believed(token, _keys("SEALTRAIL_EDGE_RELEASE_KEYS"), RELEASE)
            if manifest["version"] != order["version"]:
                raise RefusedError(f"it is version {manifest['version']}, not {order['version']}")
            for path, digest in manifest["files"].items():
                _unpack(archive, path, digest, at)
    finally:
        copy.unlink(missing_ok=True)
    if manifest["form"] == "wheels":
        _make_venv(at)
    elif not TREES:
        raise RefusedError("a source tree is no release for a board")
    write(at / "release.json", {key: manifest[key] for key in ("version", "form", "journal", "python", "platform")})
    os.sync()
    (at / "whole").touch()
    _sync(at)
    return name


def _copy(source: Path, target: Path, order: Json) -> None:
    digest, size = hashlib.sha256(), 0
    with open(source, "rb") as file, open(target, "wb") as copy:
        while piece := file.read(COPY_BYTES):
            size += len(piece)
            if size > order["bytes"]:
                raise RefusedError("it is larger than the order says")
            digest.update(piece)
            copy.write(piece)
    if digest.hexdigest() != order["sha256"]:
        raise RefusedError("its digest is not that of the order")


def _unpack(archive: zipfile.ZipFile, name: str, digest: str, folder: Path) -> None:
    target = folder / name
    if not target.resolve().is_relative_to(folder.resolve()) or target.name in ("whole", "release.json"):
        raise RefusedError(f"a path that leads out: {name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with archive.open(name) as packed, open(target, "xb") as file:
        while piece := packed.read(COPY_BYTES):
            found.update(piece)
            file.write(piece)
    if found.hexdigest() != digest:
        raise RefusedError(f"{name} is not what the manifest says")


def _make_venv(folder: Path) -> None:
    """As the installer does, without a network: nothing is built, and nothing of it is run."""

    def do(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    do(sys.executable, "-m", "venv", "--system-site-packages", str(folder / "venv"))
    do(
        str(folder / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-index",
        "--no-deps", "--only-binary", ":all:", "--ignore-installed", "--require-hashes",
        "--find-links", str(folder / "wheels"), "-r", str(folder / "requirements.txt"),
    )  # fmt: skip
    shutil.rmtree(folder / "wheels")


# ------------------------------------------------------------------------------------------------------------- begin
def begin() -> None:
    """Ends a trial that was begun before, the one way or the other; or begins the one that the agent asks for."""
    state = read(HOME / "state.json")
    trying = state.get("trying")
    if trying and trying["begun"]:
        _end(state, trying)
        trying = None
    if trying or _asked(state):
        if not trying:
            trying = state["trying"] = {**state["staged"], "before": running(), "begun": False}
            write(HOME / "state.json", state)
        _switch(trying["name"])
        trying["begun"] = True
        write(HOME / "state.json", state)


def _asked(state: Json) -> bool:
    """Whether the agent, having nothing open, asks for the release that lies ready, and it was not tried before."""
    staged, tried = state.get("staged", {}), state.get("last", {}).get("number", 0)
    number = staged.get("number", 0)
    there = (HOME / "releases" / staged.get("name", "none") / "whole").exists()
    return there and number > tried and read(DATA / "apply.json").get("number") == number


def _end(state: Json, trying: Json) -> None:
    said = read(DATA / "health.json")
    said = said if said.get("number") == trying["number"] else {}
    well = said.get("healthy") is True
    problem = "" if well else str(said.get("problem") or "it ended, or was ended, before it was healthy")
    if not well and running() == trying["name"]:  # else somebody ran the installer meanwhile
        _switch(trying["before"])
    last = {key: trying[key] for key in ("number", "version", "sha256", "before")}
    state["last"] = {**last, "outcome": "applied" if well else "rolled_back", "problem": problem[:MOST_PROBLEM]}
    del state["trying"]
    write(HOME / "state.json", state)
    for old in (HOME / "releases").iterdir():
        if old.name not in (running(), trying["before"], state.get("staged", {}).get("name")):
            shutil.rmtree(old, ignore_errors=True)


# --------------------------------------------------------------------------------------------------------------- run
def run() -> None:
    """Becomes the agent. While it is tried somebody waits beside it, and ends it where it does not come to an end."""
    trying = read(HOME / "state.json").get("trying")
    if trying:
        agent = os.getpid()
        if os.fork() == 0:
            _wait(agent, trying["number"])
            os._exit(0)
    at = HOME / "current"
    if (at / "venv").exists() or not TREES:
        os.execv(at / "venv/bin/sealtrail", ["sealtrail", "edge", "run"])
    os.environ["PYTHONPATH"] = str((at / "tree").resolve())
    os.chdir((at / "tree").resolve())
    os.execv(sys.executable, [sys.executable, "-m", "sealtrail", "edge", "run"])


def _wait(agent: int, number: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends with the agent, which takes its time to end
    until = time.monotonic() + TRIAL_S
    while os.getppid() == agent:
        said = read(DATA / "health.json")
        if said.get("number") == number and said.get("healthy") is True:
            return
        if time.monotonic() > until:
            os.kill(agent, signal.SIGKILL)
            return
        time.sleep(LOOK_S)


if __name__ == "__main__":
    asked = sys.argv[1:]
    if asked not in (["stage"], ["begin"], ["run"]):
        sys.exit("usage: launcher.py stage | begin | run")
    {"stage": stage, "begin": begin, "run": run}[asked[0]]()
