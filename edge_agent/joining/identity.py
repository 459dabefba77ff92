"""The folder of an agent's TLS identities: `current` is the one in use, `fresh` one that was given and not used yet.

Each is a folder of its own with key and certificate, and a name is moved from one to the other in one step, so a power
cut leaves a pair that belongs together.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from edge_agent.joining.key_store import CERTIFICATE, write_private
from edge_agent.joining.words import JoiningError

CURRENT, FRESH, ASKING = "current", "fresh", "asking"


@dataclass(frozen=True, slots=True)
class Life:
    """A certificate's serial (hexadecimal) and its time."""

    serial: str
    begins: datetime
    ends: datetime

    def due(self, now: datetime) -> bool:
        """Whether a third of it or less is left."""
        return self.ends - now <= (self.ends - self.begins) / 3


class Identities:
    """Raises JoiningError where the files cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def joined(self) -> bool:
        """Whether there is one in use."""
        return (self.folder / CURRENT).exists()

    def asking(self) -> Path:
        """The folder in which the next one is made; the same until it was given."""
        path = self.folder / ASKING
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise JoiningError("file", path=path, problem=error.strerror) from error
        return path

    def given(self, certificate: str, name: str) -> None:
        """The certificate for the key in `asking`: from now on that pair is what `name` means."""
        asking = self.asking()
        write_private(asking / CERTIFICATE, certificate.encode())
        try:
            numbers = [int(path.name) for path in self.folder.iterdir() if path.name.isdecimal()]
            own = self.folder / f"{max(numbers, default=0) + 1:04}"
            asking.rename(own)
            self._point(name, own.name)
            if name == CURRENT:
                (self.folder / FRESH).unlink(missing_ok=True)  # of an identity before it
        except OSError as error:
            raise JoiningError("file", path=self.folder, problem=error.strerror) from error

    def use_fresh(self) -> None:
        """`fresh` was taken by the broker: it is the current one, and the others go."""
        try:
            own = os.readlink(self.folder / FRESH)
            self._point(CURRENT, own)
            (self.folder / FRESH).unlink()
            for path in self.folder.iterdir():
                if path.name.isdecimal() and path.name != own:
                    shutil.rmtree(path)
        except OSError as error:
            raise JoiningError("file", path=self.folder, problem=error.strerror) from error

    def life(self, name: str) -> Life | None:
        """Of the certificate that `name` means; None where there is none."""
        path = self.folder / name / CERTIFICATE
        if not path.exists():
            return None
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError) as error:
            raise JoiningError("file", path=path, problem=error) from error
        return Life(f"{certificate.serial_number:x}", certificate.not_valid_before_utc, certificate.not_valid_after_utc)

    def _point(self, name: str, own: str) -> None:
        beside = self.folder / f".{name}.new"
        beside.unlink(missing_ok=True)
        beside.symlink_to(own)
        beside.replace(self.folder / name)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
