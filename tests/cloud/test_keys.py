import os
from pathlib import Path

import pytest

from cloud.errors import ConflictError, KeyFileError
from cloud.keys import FileSigner, read_key, read_or_write_key, write_key
from cloud.opening import log_keys
from proof import jws
from proof.keys import SigningKey, VerifyKey


def test_a_key_is_kept_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    made = write_key(tmp_path / "keys", "cloud", b"1" * 32)
    path = tmp_path / "keys" / "cloud.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path / "keys", "cloud").public.raw == made.public.raw
    with pytest.raises(ConflictError):
        write_key(tmp_path / "keys", "cloud", b"2" * 32)
    assert read_or_write_key(tmp_path / "keys", "cloud", os.urandom).public.raw == made.public.raw


def test_a_key_everybody_can_read_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path, "cloud", b"1" * 32)
    (tmp_path / "cloud.pem").chmod(0o644)
    with pytest.raises(KeyFileError, match="read by everybody"):
        read_key(tmp_path, "cloud")


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cloud.pem").write_bytes(content)
    (tmp_path / "cloud.pem").chmod(0o600)
    with pytest.raises(KeyFileError):
        read_key(tmp_path, "cloud")


def test_a_missing_key_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"log-nj01\.pem"):
        read_key(tmp_path, "log-nj01")


def put_in_place(folder: Path, name: str, seed: bytes) -> VerifyKey:
    """As a rotation does."""
    fresh = write_key(folder, f"{name}.next", seed)
    (folder / f"{name}.next.pem").replace(folder / f"{name}.pem")
    return fresh.public


def test_a_key_that_was_put_in_anothers_place_signs_the_next_act(tmp_path: Path) -> None:
    old = write_key(tmp_path, "cloud", b"1" * 32).public
    signer = FileSigner(tmp_path, "cloud")
    old.verify(signer.sign(b"one"), b"one")
    new = put_in_place(tmp_path, "cloud", b"2" * 32)
    new.verify(signer.sign(b"two"), b"two")
    assert signer.public == new != old
    (tmp_path / "cloud.pem").unlink()
    with pytest.raises(KeyFileError):
        signer.sign(b"three")
    with pytest.raises(KeyFileError):
        FileSigner(tmp_path, "cloud")


def test_a_log_is_signed_by_the_key_that_is_there_now(tmp_path: Path) -> None:
    find = log_keys(tmp_path)
    assert find("nj01") is None
    for seed in (b"1" * 32, b"2" * 32):
        here = put_in_place(tmp_path, "log-nj01", seed)
        found = find("nj01")
        assert found is not None
        assert found.public == here
    (tmp_path / "log-nj01.pem").unlink()
    assert find("nj01") is None


class Replaced:
    """A key that is replaced by another between the look at it and its signature."""

    def __init__(self) -> None:
        self._keys = [SigningKey.from_seed(b"1" * 32), SigningKey.from_seed(b"2" * 32)]

    @property
    def public(self) -> VerifyKey:
        return self._keys[0].public

    def sign(self, message: bytes) -> bytes:
        if len(self._keys) > 1:
            del self._keys[0]
        return self._keys[0].sign(message)


def test_what_is_signed_while_a_key_is_replaced_names_the_key_that_signed_it() -> None:
    key = Replaced()
    token = jws.sign({"seq": 1}, key, "test+jws")
    assert jws.kid_of(token) == key.public.kid
    assert jws.verify(token, {key.public.kid: key.public}.get, "test+jws") == {"seq": 1}
