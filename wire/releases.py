"""Releases of the program: one file each, signed by whoever publishes it, and what agents are told and tell of them.

A release is a ZIP: `manifest.jws` (type RELEASE_TYPE, by the publisher's key) and the files that it lists, each with
its SHA-256. Its name is the SHA-256 of the whole file. In the form `wheels` the files are `requirements.txt` (with
hashes) and `wheels/*.whl`; in the form `tree`, for simulated boards alone, they are a source tree under `tree/`.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, Literal

import msgspec

from proof import jws
from proof.errors import ProofError
from wire.errors import MessageError

RELEASE_TYPE = "sealtrail-release+jws"
RELEASE_MEDIA_TYPE = "application/octet-stream"
MANIFEST = "manifest.jws"
MAX_RELEASE_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 2 << 30
MAX_FILES = 5000
CHUNK_BYTES = 1 << 20
JOURNAL = 10
"""The version of the journal's file that this program writes (edge_agent.store.VERSION, which a test compares)."""

Version = Annotated[str, msgspec.Meta(pattern=r"^\d{1,6}(\.\d{1,6}){1,3}$")]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a release is: `follows` is the oldest version it may be put in place of; `python` (3.11) and `platform`
    (linux_aarch64, or any) are what it is made for; `journal` the version of the journal's file that it writes.
    `files` are all its files, by their paths, with their digests.
    """

    v: Literal[1] = 1
    version: Version
    follows: Version
    form: Literal["wheels", "tree"]
    python: Annotated[str, msgspec.Meta(pattern=r"^\d\.\d{1,2}$")]
    platform: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_.]{1,60}$")]
    journal: int
    files: dict[str, Digest]


class Update(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of an order `update`: the release that is wanted. `number` only grows: an older order is not gone back to.

    `approved` is the ledger entry by which two people approved it.
    """

    number: Annotated[int, msgspec.Meta(gt=0)]
    version: Version
    sha256: Digest
    bytes: Annotated[int, msgspec.Meta(gt=0, le=MAX_RELEASE_BYTES)]
    approved: int


class UpdateTold(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from"}):
    """Body of `update_waiting`, `update_staged`, `update_applied`, `update_rolled_back`, `update_refused`.

    `before` (on the wire: from) is the version that ran when it was wanted; `reason` says why it waits, was undone or
    was refused, `code` the same for programs.
    """

    number: int
    version: str
    sha256: str
    before: str
    code: str = ""
    reason: str = ""


class UpdateState(msgspec.Struct, frozen=True, kw_only=True):
    """In a heartbeat: how far the update `number` has come."""

    number: int
    version: str
    state: Literal["fetching", "staging", "waiting", "trying"]
    pct: int = 0


def version_key(version: str) -> tuple[int, ...]:
    """To compare versions by: 0.10 is newer than 0.9.1."""
    return tuple(int(part) for part in version.split("."))


def valid_version(text: str) -> bool:
    """Whether `text` can be the version of a release."""
    return re.fullmatch(r"\d{1,6}(\.\d{1,6}){1,3}", text) is not None


def digest_of(file: IO[bytes]) -> str:
    """Hex SHA-256 of all that is in `file`."""
    digest = hashlib.sha256()
    while piece := file.read(CHUNK_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def read_release(path: Path, find_key: jws.FindKey, on_file: Callable[[str], None] = lambda _: None) -> Manifest:
    """The manifest of the release at `path`, all of whose files are as it says. Raises MessageError, ProofError.

    Nothing is unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _checked(archive, find_key, on_file)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise MessageError(f"not a release: {error}") from error


def _checked(archive: zipfile.ZipFile, find_key: jws.FindKey, on_file: Callable[[str], None]) -> Manifest:
    there = archive.infolist()
    names = [one.filename for one in there]
    if MANIFEST not in names or len(names) > MAX_FILES or len(set(names)) != len(names):
        raise MessageError("not a release: it has no manifest, too many files, or one twice")
    if sum(one.file_size for one in there) > MAX_UNPACKED_BYTES:
        raise MessageError(f"a release unpacks to {MAX_UNPACKED_BYTES} bytes at most")
    if archive.getinfo(MANIFEST).file_size > jws.MAX_BYTES:
        raise MessageError("a manifest of more than a megabyte")
    manifest = read_manifest(archive.read(MANIFEST).decode("ascii", "replace"), find_key)
    if set(names) != {MANIFEST, *manifest.files}:
        odd = sorted({MANIFEST, *manifest.files} ^ set(names))
        raise MessageError(f"its files are not those of its manifest: {', '.join(odd)[:200]}")
    for name, digest in manifest.files.items():
        with archive.open(name) as file:
            if digest_of(file) != digest:
                raise MessageError(f"{name[:200]} is not what the manifest says")
        on_file(name)
    return manifest


def read_manifest(token: str, find_key: jws.FindKey) -> Manifest:
    """The manifest that `token` signs. Raises MessageError, ProofError."""
    try:
        manifest = msgspec.convert(jws.verify(token, find_key, RELEASE_TYPE), Manifest)
    except msgspec.ValidationError as error:
        raise MessageError(f"not a manifest: {error}") from error
    odd = [name for name in manifest.files if not _safe(name)]
    if odd or not manifest.files:
        raise MessageError(f"a manifest with a path that leads out, or none: {odd[:1]}")
    return manifest


def _safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name and "\0" not in name


def misfit(manifest: Manifest, *, running: str, python: str, platform: str, journal: int) -> tuple[str, str] | None:
    """Why an agent that runs version `running` may not take the release: a code, and a sentence. None where it may."""
    if manifest.python != python:
        return "python", f"made for Python {manifest.python}; here is {python}"
    if manifest.platform not in (platform, "any"):
        return "platform", f"made for {manifest.platform}; here is {platform}"
    if manifest.journal != journal:
        return "journal", f"it writes journals of version {manifest.journal}; the one here has {journal}"
    if version_key(running) < version_key(manifest.follows):
        return "follows", f"it follows version {manifest.follows} at the earliest; {running} runs here"
    return None


ReleaseError = (MessageError, ProofError)
"""What `read_release` raises."""
