"""The cloud's signing keys, one PEM file each: `cloud.pem` (receipts, orders, permits), `label.pem` (labels) and
`log-<site>.pem` (the checkpoints of a site's ledger). Nobody but their owner may read them. The certificate authority's
`ca.key` lies beside them (cloud/authority.py), and `webhook.key`: 32 bytes that the secrets of webhooks follow from.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cloud.errors import ConflictError, KeyFileError
from proof.errors import EncodingError
from proof.keys import SigningKey, VerifyKey

CLOUD = "cloud"
LABEL = "label"
WEBHOOK_ROOT = "webhook.key"
ROOT_BYTES = 32


def log_key_name(site: str) -> str:
    """Name of the key that signs the checkpoints of `site`."""
    return f"log-{site}"


def read_key(folder: Path, name: str) -> SigningKey:
    """The key in `<name>.pem`. Raises KeyFileError when it is missing, open to everybody or no Ed25519 key."""
    try:
        return SigningKey.from_pem(read_secret(folder, f"{name}.pem"))
    except EncodingError as error:
        raise KeyFileError(f"{folder / name}.pem: {error}") from error


class FileSigner:
    """The key in `<name>.pem` as it is now: another process may put a new one in its place, and the next act signs by
    that. Raises KeyFileError, at the start as later.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._read = self._look()

    @property
    def public(self) -> VerifyKey:
        """The public half of the key that is there now."""
        return self.now().public

    def sign(self, message: bytes) -> bytes:
        """By the key that is there now."""
        return self.now().sign(message)

    def now(self) -> SigningKey:
        """The key that is there now; read again only where the file is another."""
        if _mark(self._folder, self._name) != self._read[0]:
            self._read = self._look()
        return self._read[1]

    def _look(self) -> tuple[tuple[int, int], SigningKey]:
        """The mark is taken first: a file that is exchanged in between is read once more, and never missed."""
        return _mark(self._folder, self._name), read_key(self._folder, self._name)


def _mark(folder: Path, name: str) -> tuple[int, int]:
    path = folder / f"{name}.pem"
    try:
        found = path.stat()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    return found.st_ino, found.st_mtime_ns


def write_key(folder: Path, name: str, seed: bytes) -> SigningKey:
    """Makes `<name>.pem` from 32 random bytes, mode 0600. Raises ConflictError rather than write over a key."""
    key = SigningKey.from_seed(seed)
    write_secret(folder, f"{name}.pem", key.to_pem())
    return key


def read_secret(folder: Path, file: str) -> bytes:
    """What the secret `file` holds. Raises KeyFileError when it is missing or open to everybody."""
    path = folder / file
    try:
        if path.stat().st_mode & 0o007:
            raise KeyFileError(f"{path} can be read by everybody: chmod 600 it")
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error


def write_secret(folder: Path, file: str, content: bytes) -> None:
    """Makes `file`, mode 0600. Raises ConflictError rather than write over a secret, KeyFileError."""
    path = folder / file
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConflictError("key_exists", f"{path} is there already") from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as written:
        written.write(content)
        written.flush()
        os.fsync(written.fileno())


def read_or_write_key(folder: Path, name: str, random: Callable[[int], bytes]) -> SigningKey:
    """The key in `<name>.pem`, made when there is none. Raises KeyFileError."""
    if (folder / f"{name}.pem").exists():
        return read_key(folder, name)
    return write_key(folder, name, random(32))


def read_webhook_root(folder: Path) -> bytes:
    """The 32 bytes that the secrets of webhooks follow from. Raises KeyFileError."""
    root = read_secret(folder, WEBHOOK_ROOT)
    if len(root) != ROOT_BYTES:
        raise KeyFileError(f"{folder / WEBHOOK_ROOT} has {len(root)} bytes instead of {ROOT_BYTES}")
    return root


def make_webhook_root(folder: Path, random: Callable[[int], bytes]) -> None:
    """Makes that file when there is none. Raises KeyFileError."""
    if not (folder / WEBHOOK_ROOT).exists():
        write_secret(folder, WEBHOOK_ROOT, random(ROOT_BYTES))
