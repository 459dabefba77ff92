"""Whether a place will do for a warehouse, and the secrets that are kept in it."""

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from simulators.errors import FolderError, PortError

HOST = "127.0.0.1"


def check_port(port: int) -> None:
    """Raises PortError when somebody listens at `port` already."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortError(
                f"Port {port} cannot be used ({error.strerror}): choose another one with --port.",
                f"端口 {port} 无法使用（{error.strerror}）：请用 --port 另选一个。",
            ) from error


def check_folder(folder: Path) -> None:
    """Makes `folder` with mode 0700 where it is missing. Raises FolderError when nothing can be written there."""
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise FolderError(
            f"Nothing can be written to {folder} ({error.strerror}): choose another folder with --data.",
            f"无法写入 {folder}（{error.strerror}）：请用 --data 另选文件夹。",
        ) from error


def passwords(folder: Path, usernames: Sequence[str]) -> dict[str, str]:
    """Random passwords, kept in `folder` so that the same people can come back on another day."""
    path = folder / "sign-ins.json"
    known: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for name in usernames:
        known.setdefault(name, secrets.token_urlsafe(9))
    write_secret(path, json.dumps(known, indent=2).encode())
    return known


def write_secret(path: Path, content: bytes) -> None:
    """Writes `path` anew, for its owner alone."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
