import os
from pathlib import Path

import pytest

from cloud.errors import ConflictError, KeyFileError
from cloud.keys import read_key, read_or_write_key, write_key


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
