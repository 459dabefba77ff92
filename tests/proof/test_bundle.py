"""Files that are no bundle, or a malformed one: an error with one sentence, never a finding."""

import hashlib
import io
import zipfile

import pytest

from proof.bundle import read_bundle, write_bundle
from proof.errors import EncodingError
from proof.verifier import verify_bundle
from tests.proof.bundles import Site, site, zipped
from tests.proof.test_verifier import TRUST, Tamper, verify


def drop(name: str) -> Tamper:
    def tamper(made: Site, files: dict[str, bytes]) -> None:
        del files[name]

    return tamper


def put(name: str, data: bytes) -> Tamper:
    def tamper(made: Site, files: dict[str, bytes]) -> None:
        files[name] = data

    return tamper


@pytest.mark.parametrize(
    "tamper",
    [
        drop("checkpoint.txt"),
        drop("bundle.json"),
        drop("entries/2.tlog-proof"),
        drop("contents/2.salt"),
        put("bundle.json", b"{}"),
        put("bundle.json", b'{"v": 2, "kind": "sealtrail-bundle"}'),
        put("bundle.json", b"[" * 100_000),
        put("bundle.json", b"\xff"),
        put("checkpoint.txt", b"noise"),
        put("entries/2.tlog-proof", b"noise"),
        put("entries/x.json", b"{}"),
        put("entries/07.json", b"{}"),
        put("contents/2.salt", b"zz"),
        put("statements/1.json", b"{}"),
        put("statements/2.json", b"[]"),
        put("consistency/2.json", b'{"checkpoint": "x"}'),
    ],
)
def test_what_is_malformed_is_no_finding_but_an_error(tamper: Tamper) -> None:
    made = site()
    files = made.files()
    tamper(made, files)
    with pytest.raises(EncodingError):
        verify(files)


def raw_zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a/../b", "a\\b", "C:x", " ", ".hidden", "a//b", "a/b/c/d", "é"]
)
def test_a_path_that_may_leave_its_folder(name: str) -> None:
    with pytest.raises(EncodingError, match="leave its folder"):
        read_bundle(raw_zip((name, b"x")))
    with pytest.raises(EncodingError):
        write_bundle({name: b"x"})


def test_a_duplicate_name_a_bomb_and_a_cut_file() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = raw_zip(("a", b"1"), ("a", b"2"))
    with pytest.raises(EncodingError, match="twice"):
        read_bundle(twice)
    with pytest.raises(EncodingError, match="bomb"):
        read_bundle(raw_zip(("a", bytes(8 << 20))))
    whole = zipped(site().files())
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        with pytest.raises(EncodingError):
            read_bundle(whole[:cut])


def test_sums_that_do_not_fit() -> None:
    with pytest.raises(EncodingError, match="no SHA256SUMS"):
        read_bundle(raw_zip(("bundle.json", b"{}")))
    digest = hashlib.sha256(b"{}").hexdigest()
    for sums in (f"{digest}  other\n", "", "nonsense\n", f"{'0' * 64}  bundle.json\n", f"{digest}  bundle.json\n" * 2):
        with pytest.raises(EncodingError):
            read_bundle(raw_zip(("bundle.json", b"{}"), ("SHA256SUMS", sums.encode())))


def test_one_flipped_byte_anywhere_never_passes() -> None:
    """Zip metadata aside: either the bundle is malformed, or a step fails, or the content is what it was."""
    whole = zipped(site().files())
    good = read_bundle(whole).files
    for place in range(0, len(whole), 37):
        flipped = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        try:
            bundle = read_bundle(flipped)
        except EncodingError:
            continue
        assert bundle.files == good or not verify_bundle(bundle, TRUST).holds
