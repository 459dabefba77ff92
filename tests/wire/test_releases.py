"""A release is read wholly or not at all: every file is the publisher's, none leads out. Golden messages stay."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proof import jws
from proof.errors import SignatureError
from proof.keys import SigningKey
from wire.errors import MessageError
from wire.messages import body_of, to_body
from wire.releases import (
    MANIFEST,
    RELEASE_TYPE,
    Manifest,
    Update,
    UpdateState,
    UpdateTold,
    misfit,
    read_release,
    valid_version,
    version_key,
)

KEY = SigningKey.from_seed(b"p" * 32)
FIND = {KEY.public.kid: KEY.public}.get
GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "v1" / "updates.json").read_text("utf-8"))
BODIES: dict[str, type[msgspec.Struct]] = {"order": Update, "told": UpdateTold, "beat": UpdateState}
FILES = {"tree/a.py": b"a = 1\n", "tree/b.py": b"b = 2\n"}


def release(folder: Path, *, listed: dict[str, bytes] | None = None, packed: dict[str, bytes] | None = None,
            key: SigningKey = KEY, purpose: str = RELEASE_TYPE, **change: Any) -> Path:  # fmt: skip
    """A ZIP with the files `packed` under a manifest of those `listed`."""
    listed = FILES if listed is None else listed
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in listed.items()}
    said = {"v": 1, "version": "0.2.0", "follows": "0.1.0", "form": "tree", "python": "3.11", "platform": "any",
            "journal": 7, "files": digests}  # fmt: skip
    path = folder / "release.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, jws.sign(said | change, key, purpose))
        for name, text in (listed if packed is None else packed).items():
            archive.writestr(name, text)
    return path


def test_what_a_publisher_made_is_read(tmp_path: Path) -> None:
    seen: list[str] = []
    manifest = read_release(release(tmp_path), FIND, seen.append)
    assert (manifest.version, manifest.form, seen) == ("0.2.0", "tree", list(FILES))


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"key": SigningKey.from_seed(b"x" * 32)}, SignatureError),
        ({"purpose": "sealtrail-order+jws"}, SignatureError),
        ({"packed": {**FILES, "tree/c.py": b"more"}}, MessageError),
        ({"packed": {"tree/a.py": b"a = 1\n"}}, MessageError),
        ({"packed": {**FILES, "tree/b.py": b"b = 3\n"}}, MessageError),
        ({"listed": {"../../etc/passwd": b"x"}}, MessageError),
        ({"listed": {"/etc/passwd": b"x"}}, MessageError),
        ({"listed": {}}, MessageError),
        ({"version": "1.0; rm"}, MessageError),
        ({"v": 2}, MessageError),
        ({"more": 1}, MessageError),
    ],
    ids=["a stranger", "another purpose", "a file more", "a file less", "a file altered", "a path up", "a path out",
         "nothing in it", "no version", "another form", "more in it"],
)  # fmt: skip
def test_anything_else_is_not(tmp_path: Path, how: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_release(release(tmp_path, **how), FIND)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_no_byte_of_its_files_can_be_changed(tmp_path_factory: pytest.TempPathFactory, at: int, by: int) -> None:
    folder = tmp_path_factory.mktemp("release")
    path = release(folder)
    whole = read_release(path, FIND)
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= by
    path.write_bytes(content)
    try:
        again: Manifest | None = read_release(path, FIND)
    except (MessageError, SignatureError):
        again = None
    assert again in (None, whole)  # what the ZIP tells of times and rights is of no account


@pytest.mark.parametrize("size", [0, 10, 300])
def test_a_torn_file_is_none(tmp_path: Path, size: int) -> None:
    path = release(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(MessageError):
        read_release(path, FIND)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_messages_are_read_and_written_as_ever(name: str) -> None:
    assert to_body(body_of(BODIES[name], GOLDEN[name])) == GOLDEN[name]


def test_versions_are_compared_by_their_numbers() -> None:
    assert sorted(["0.10.0", "0.9.1", "0.9"], key=version_key) == ["0.9", "0.9.1", "0.10.0"]
    assert [valid_version(text) for text in ("1.0", "0.2.0", "1", "1.0a1", "", "1.0\n")] == [True, True] + 4 * [False]


@pytest.mark.parametrize(
    ("here", "code"),
    [
        ({}, None),
        ({"running": "0.0.9"}, "follows"),
        ({"python": "3.13"}, "python"),
        ({"journal": 8}, "journal"),
    ],
    ids=["it fits", "too old", "another Python", "another journal"],
)
def test_whether_it_may_take_the_place_of_what_runs(tmp_path: Path, here: dict[str, Any], code: str | None) -> None:
    manifest = read_release(release(tmp_path), FIND)
    there: dict[str, Any] = {"running": "0.1.0", "python": "3.11", "platform": "linux_aarch64", "journal": 7}
    found = misfit(manifest, **there | here)
    assert (found and found[0]) == code
