"""Making a release: the wheels of the lock file and our own, or a source tree, under a signed manifest.

The same content makes the same file, byte for byte.
"""

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cloud.releases.errors import PackingError
from proof import jws
from proof.keys import Signer
from wire.messages import to_body
from wire.releases import JOURNAL, MANIFEST, RELEASE_TYPE, Manifest, digest_of, valid_version

OURS = "sealtrail"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file: a ZIP knows none before."""
PARTS = ("sealtrail.py", "verify.py", "proof", "custody", "wire", "edge_agent", "device_profiles")
"""What an agent needs of a source tree."""

_WHEEL = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl")
_BLOCK = re.compile(r"\n(?=[a-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """What a release is made for: see wire.releases.Manifest."""

    follows: str
    python: str
    platform: str
    journal: int = JOURNAL


def pack_wheels(out: Path, key: Signer, wheels: Path, lock: Path, made_for: For) -> Manifest:
    """A release of the wheel of ours in the folder `wheels`, and of all that `lock` pins. Raises PackingError.

    Every wheel has a hash in the lock; one that is missing is a fault, unless the lock asks for it under a condition.
    """
    try:
        digests = {_digest(path): path for path in sorted(wheels.glob("*.whl"))}
        text = lock.read_text("utf-8")
    except OSError as error:
        raise PackingError(str(error)) from error
    ours = [path for path in digests.values() if path.name.startswith(f"{OURS}-")]
    if len(ours) != 1:
        raise PackingError(f"{wheels} holds {len(ours)} wheels of {OURS}; one is needed")
    found = _WHEEL.fullmatch(ours[0].name)
    if found is None or not valid_version(found["version"]):
        raise PackingError(f"{ours[0].name}: its version is no version of a release, like 1.4.0")
    chosen, missing = _chosen(text, digests)
    if missing:
        raise PackingError(f"no wheel in {wheels} for: {', '.join(missing)}")
    pinned = f"{text}\n{OURS}=={found['version']} --hash=sha256:{_digest(ours[0])}\n"
    files: dict[str, Path | bytes] = {f"wheels/{path.name}": path for path in [*chosen, *ours]}
    return _write(out, key, {**files, "requirements.txt": pinned.encode()}, found["version"], "wheels", made_for)


def pack_tree(out: Path, key: Signer, tree: Path, version: str, made_for: For, more: Mapping[str, bytes]) -> Manifest:
    """A release of a source tree, for simulated boards alone; `more` are further files, or others in their place.

    Raises PackingError.
    """
    files: dict[str, Path | bytes] = {}
    for part in PARTS:
        at = tree / part
        for path in sorted(at.rglob("*")) if at.is_dir() else [at]:
            if path.is_file() and "__pycache__" not in path.parts:
                files[f"tree/{path.relative_to(tree)}"] = path
    return _write(out, key, files | {f"tree/{name}": content for name, content in more.items()}, version, "tree",
                  made_for)  # fmt: skip


def _chosen(lock: str, digests: Mapping[str, Path]) -> tuple[list[Path], list[str]]:
    """The wheels that the lock names, and its requirements that have none."""
    chosen, missing = [], []
    for block in _BLOCK.split(lock):
        first = block.splitlines()[0] if block.strip() else "#"
        if first.startswith("#"):
            continue
        here = [digests[digest] for digest in re.findall(r"--hash=sha256:([0-9a-f]{64})", block) if digest in digests]
        chosen += here
        if not here and ";" not in first:
            missing.append(first.split(" ")[0])
    return chosen, missing


def _write(
    out: Path, key: Signer, files: Mapping[str, Path | bytes], version: str, form: Literal["wheels", "tree"],
    made_for: For,
) -> Manifest:  # fmt: skip
    if not valid_version(version) or not valid_version(made_for.follows):
        raise PackingError(f"{version}, {made_for.follows}: versions of releases are like 1.4.0")
    digests = {name: _digest(content) for name, content in sorted(files.items())}
    manifest = Manifest(
        version=version, follows=made_for.follows, form=form, python=made_for.python, platform=made_for.platform,
        journal=made_for.journal, files=digests,
    )  # fmt: skip
    try:
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, MANIFEST, iter([jws.sign(to_body(manifest), key, RELEASE_TYPE).encode()]))
            for name in digests:
                _add(archive, name, _pieces(files[name]))
    except OSError as error:
        raise PackingError(f"{out}: {error.strerror}") from error
    return manifest


def _add(archive: zipfile.ZipFile, name: str, pieces: Iterator[bytes]) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED  # wheels are compressed
    entry.external_attr = 0o644 << 16
    with archive.open(entry, "w", force_zip64=True) as file:
        for piece in pieces:
            file.write(piece)


def _pieces(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _digest(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return digest_of(file)
