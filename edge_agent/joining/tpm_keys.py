"""Keys that a TPM 2.0 made and keeps, through OpenSSL's `tpm2` provider (package tpm2-openssl).

`tls.key` is then the TPM's own wrapping of the key ("TSS2 PRIVATE KEY"), worth nothing on another board. TLS loads it
where openssl.cnf activates the provider for every program; docs/joining.md says how.
"""

import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from edge_agent.joining.key_store import COMMON_NAME, KEY, write_private
from edge_agent.joining.words import JoiningError

Run = Callable[[Sequence[str], bytes], tuple[int, bytes, str]]
"""Runs a program with its standard input; exit status (127: no such program), standard output, its last words."""

DEVICES = ("/dev/tpmrm0", "/dev/tpm0")
PROVIDERS = ("-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2")
TIMEOUT_S = 60
ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
"""The name of the algorithm, as DER."""


def run_openssl(environment: Mapping[str, str], command: Sequence[str], said: bytes) -> tuple[int, bytes, str]:
    """The real thing, in `environment`."""
    try:
        done = subprocess.run(
            list(command), input=said, capture_output=True, check=False, timeout=TIMEOUT_S, env=environment
        )
    except FileNotFoundError:
        return 127, b"", ""
    except subprocess.TimeoutExpired:
        return 1, b"", f"nothing came within {TIMEOUT_S} s"
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return done.returncode, done.stdout, words[-1] if words else ""


class TpmKeys:
    """Keys in the TPM of this board; `environment` may name another way to it (TPM2OPENSSL_TCTI)."""

    def __init__(self, environment: Mapping[str, str], root: Path = Path("/"), run: Run | None = None) -> None:
        self._elsewhere = bool(environment.get("TPM2OPENSSL_TCTI"))
        self._root, self._run = root, run or partial(run_openssl, environment)

    def must_be_there(self) -> None:
        """Raises JoiningError `no_tpm`, naming the first thing that is missing."""
        devices = [self._root / name.lstrip("/") for name in DEVICES]
        if not self._elsewhere and not any(path.exists() for path in devices):
            raise JoiningError("no_tpm", problem=f"no {' or '.join(DEVICES)} (dtoverlay=tpm-slb9670 on a Pi)")
        status, _, words = self._run(["openssl", "list", "-providers", "-provider", "tpm2"], b"")
        if status == 127:
            raise JoiningError("no_tpm", problem="the program openssl is not installed")
        if status != 0:
            raise JoiningError("no_tpm", problem=f"OpenSSL has no tpm2 provider (package tpm2-openssl): {words}")

    def make(self, folder: Path) -> None:
        """A new key in the TPM; one that is there stays."""
        if (folder / KEY).exists():
            return
        self.must_be_there()
        pem = self._openssl("genpkey", *PROVIDERS, "-algorithm", "EC", "-pkeyopt", "group:P-256")
        write_private(folder / KEY, pem)

    def request(self, folder: Path) -> str:
        """A PKCS#10 request by it (RFC 2986).

        The provider puts parameters into the name of the algorithm, where RFC 5758, 3.2 has none, and strict readers
        refuse that: what is to be signed is taken from its request, and signed anew under the right name.
        """
        subject = f"/CN={COMMON_NAME}"
        made = self._openssl(
            "req", "-new", *PROVIDERS, "-key", str(folder / KEY), "-subj", subject, "-outform", "DER"
        )  # fmt: skip
        begin, _ = _content(made, 0)
        _, end = _content(made, begin)
        asked = made[begin:end]
        signed = asked + ECDSA_WITH_SHA256 + _der(0x03, b"\0" + self.sign(folder, asked))
        body = b64encode(_der(0x30, signed)).decode("ascii")
        lines = (body[at : at + 64] for at in range(0, len(body), 64))
        return "\n".join(("-----BEGIN CERTIFICATE REQUEST-----", *lines, "-----END CERTIFICATE REQUEST-----", ""))

    def sign(self, folder: Path, data: bytes) -> bytes:
        """ECDSA with SHA-256 over `data`."""
        return self._openssl("dgst", "-sha256", *PROVIDERS, "-sign", str(folder / KEY), said=data)

    def _openssl(self, *arguments: str, said: bytes = b"") -> bytes:
        status, out, words = self._run(["openssl", *arguments], said)
        if status != 0 or not out:
            raise JoiningError("no_tpm", problem=words or "it gave no answer")
        return out


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at `at` begins, and where it ends (X.690, 8.1.3)."""
    size, begin = der[at + 1], at + 2
    if size & 0x80:
        begin += size & 0x7F
        size = int.from_bytes(der[at + 2 : begin], "big")
    return begin, begin + size


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    told = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(told))) + told + content
