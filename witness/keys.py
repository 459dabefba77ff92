"""The witness's one private key: PKCS#8 PEM in a file that only its owner may read."""

import os
from pathlib import Path

from proof.errors import EncodingError
from proof.keys import SigningKey
from witness.errors import KeyFileError


def write_key(path: Path, seed: bytes) -> SigningKey:
    """Makes `path` from 32 random bytes, mode 0600. Raises KeyFileError, also rather than write over a file."""
    key = SigningKey.from_seed(seed)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.to_pem())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    return key


def read_key(path: Path) -> SigningKey:
    """The key in `path`. Raises KeyFileError when it is missing, open to others than its owner, or no Ed25519 key."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path} is open to others than its owner: chmod 600 it")
        return SigningKey.from_pem(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    except EncodingError as error:
        raise KeyFileError(f"{path}: {error}") from error
