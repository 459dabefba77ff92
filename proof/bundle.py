"""The court bundle: one `.zip` with entries, proofs, contents and keys that anyone can check without us.

What is in it (all paths relative, `<n>` a ledger index):

    bundle.json                 what this is about (canonical JSON)
    SHA256SUMS                  digest of every other file, as `sha256sum -c` reads it
    checkpoint.txt  policy.txt  the log's signed, cosigned checkpoint (C2SP) and the trust policy it was judged by
    entries/<n>.json            the entry's bytes as the log hashed them
    entries/<n>.tlog-proof      its inclusion proof (C2SP tlog-proof) under checkpoint.txt
    contents/<n>.json .salt     what the entry commits to, and the salt in hex; both absent when withheld or erased
    statements/<n>.json         for a fact's entry: the agent's signed statement and the commitments it covers
    consistency/<size>.json     an older checkpoint and the proof that the log has only grown since
    stamps/<size>.txt .tsr      an older checkpoint's note and its RFC 3161 time stamp, for `openssl ts -verify`
    rules/<sha256>.json         rule packs in force, named by their hash
    media/<sha256>.<kind>       stills and clips, named by their hash
    statement.pdf               the same for people
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proof.errors import EncodingError

VERSION = 1
SUMS = "SHA256SUMS"
MANIFEST = "bundle.json"
MAX_FILES = 100_000
MAX_BYTES = 4 << 30
MAX_RATIO = 200
"""A member that unpacks to more than this many times its packed size (and is not tiny) is a bomb."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}(/[A-Za-z0-9][A-Za-z0-9._-]{0,120}){0,2}")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle by name, and its parsed manifest."""

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]

    def named(self, folder: str, ending: str) -> dict[str, bytes]:
        """The files `<folder>/<name><ending>` by their `<name>`."""
        start = len(folder) + 1
        return {
            name[start : -len(ending)]: data
            for name, data in self.files.items()
            if name.startswith(f"{folder}/") and name.endswith(ending)
        }

    def indexed(self, folder: str, ending: str) -> dict[int, bytes]:
        """The same for names that are ledger indexes. Raises EncodingError for another name."""
        found: dict[int, bytes] = {}
        for name, data in self.named(folder, ending).items():
            if not re.fullmatch(r"0|[1-9][0-9]{0,18}", name):
                raise EncodingError(f"{folder}/{name}{ending}: not a ledger index")
            found[int(name)] = data
        return found


def write_bundle(files: Mapping[str, bytes]) -> bytes:
    """The zip of `files` and their SHA256SUMS. The same files give the same bytes. Raises EncodingError."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted({**files, SUMS: sums.encode()}.items()):
            if not _NAME.fullmatch(name):
                raise EncodingError(f"{name!r} cannot be in a bundle")
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read_bundle(data: bytes) -> Bundle:
    """The bundle in the zip `data`, its sums checked. Raises EncodingError with what is wrong."""
    files = _unzip(data)
    sums = files.pop(SUMS, None)
    if sums is None:
        raise EncodingError(f"no {SUMS} in the bundle")
    _check_sums(files, sums)
    manifest = read_json(files, MANIFEST)
    if manifest.get("v") != VERSION or manifest.get("kind") != "sealtrail-bundle":
        raise EncodingError(f"{MANIFEST}: not a version {VERSION} bundle")
    return Bundle(files, manifest)


def read_json(files: Mapping[str, bytes], name: str) -> dict[str, Any]:
    """The JSON object in file `name`. Raises EncodingError when it is missing or none."""
    if name not in files:
        raise EncodingError(f"{name} is missing")
    return parse_object(files[name], name)


def parse_object(data: bytes, name: str) -> dict[str, Any]:
    """The JSON object in `data`. Raises EncodingError when it is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EncodingError(f"{name}: not JSON") from error
    if not isinstance(value, dict):
        raise EncodingError(f"{name}: not a JSON object")
    return value


def _unzip(data: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_BYTES:
                raise EncodingError("the bundle would unpack to more than a bundle may hold")
            for member in members:
                _check_member(member, files)
                files[member.filename] = archive.read(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        if isinstance(error, EncodingError):
            raise
        raise EncodingError(f"not a whole zip file: {error}") from error
    return files


def _check_member(member: zipfile.ZipInfo, seen: Mapping[str, bytes]) -> None:
    if not _NAME.fullmatch(member.filename) or member.filename != member.orig_filename:
        raise EncodingError(f"the bundle holds a path that may leave its folder: {member.filename[:80]!r}")
    if member.filename in seen:
        raise EncodingError(f"the bundle holds {member.filename} twice")
    if member.flag_bits & 1:
        raise EncodingError(f"{member.filename} is encrypted")
    if member.file_size > 1 << 20 and member.file_size > MAX_RATIO * max(1, member.compress_size):
        raise EncodingError(f"{member.filename} is a zip bomb")


def _check_sums(files: Mapping[str, bytes], sums: bytes) -> None:
    stated: dict[str, str] = {}
    try:
        for line in sums.decode("ascii").splitlines():
            digest, name = line.split("  ", 1)
            if name in stated:
                raise EncodingError(f"{SUMS} names {name} twice")
            stated[name] = digest
    except (UnicodeDecodeError, ValueError) as error:
        if isinstance(error, EncodingError):
            raise
        raise EncodingError(f"{SUMS} is malformed") from error
    if set(stated) != set(files):
        odd = sorted(set(stated) ^ set(files))[0]
        raise EncodingError(f"{SUMS} and the bundle's files differ: {odd}")
    for name, digest in stated.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise EncodingError(f"{name} does not have the digest that {SUMS} states")
