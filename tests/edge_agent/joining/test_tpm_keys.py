"""Without a TPM the driver says what is missing; with one (swtpm, by the real provider) the key never leaves it."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.joining.tpm_keys import TpmKeys
from edge_agent.joining.words import JoiningError


class Program:
    """OpenSSL, as far as the driver asks it."""

    def __init__(self, status: int = 0, out: bytes = b"something", words: str = "") -> None:
        self.asked: list[list[str]] = []
        self._answer = status, out, words

    def __call__(self, command: Sequence[str], said: bytes) -> tuple[int, bytes, str]:
        self.asked.append(list(command))
        return self._answer


@pytest.mark.parametrize(
    ("device", "program", "missing"),
    [
        (False, Program(), "/dev/tpmrm0"),
        (True, Program(127), "openssl is not installed"),
        (True, Program(1, words="unable to load provider tpm2"), "tpm2-openssl"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, device: bool, program: Program, missing: str) -> None:
    (tmp_path / "dev").mkdir()
    if device:
        (tmp_path / "dev" / "tpmrm0").touch()
    with pytest.raises(JoiningError) as raised:
        TpmKeys({}, tmp_path, program).make(tmp_path)
    assert raised.value.code == "no_tpm"
    assert missing in raised.value.en
    assert missing in raised.value.zh
    assert not (tmp_path / "tls.key").exists()


def test_this_machine_has_none_and_says_so(tmp_path: Path) -> None:
    if any(Path(name).exists() for name in ("/dev/tpmrm0", "/dev/tpm0")):
        pytest.skip("there is a TPM here")
    with pytest.raises(JoiningError, match="no /dev/tpmrm0"):
        TpmKeys({}).make(tmp_path)


@pytest.fixture
def new_tpm(tmp_path: Path) -> Iterator[Callable[[], TpmKeys]]:
    """Each call starts another TPM."""
    pids: list[Path] = []

    def start() -> TpmKeys:
        at = tmp_path / f"tpm{len(pids)}"
        at.mkdir()
        pids.append(at / "pid")
        subprocess.run(
            [
                "swtpm", "socket", "--tpm2", "--daemon", "--pid", f"file={at}/pid", "--tpmstate", f"dir={at}",
                "--server", f"type=unixio,path={at}/tpm", "--ctrl", f"type=unixio,path={at}/tpm.ctrl",
                "--flags", "not-need-init,startup-clear",
            ],
            check=True, capture_output=True, timeout=240,
        )  # fmt: skip
        return TpmKeys({**os.environ, "TPM2OPENSSL_TCTI": f"swtpm:path={at}/tpm"}, tmp_path)

    yield start
    for pid in pids:
        os.kill(int(pid.read_text()), signal.SIGTERM)


def test_a_key_is_made_in_the_tpm_asks_for_a_certificate_and_signs(
    tmp_path: Path, new_tpm: Callable[[], TpmKeys]
) -> None:
    keys = new_tpm()
    keys.make(tmp_path)
    wrapped = (tmp_path / "tls.key").read_text()
    assert wrapped.startswith("-----BEGIN TSS2 PRIVATE KEY-----")
    keys.make(tmp_path)
    assert (tmp_path / "tls.key").read_text() == wrapped  # a key that is there stays
    request = x509.load_pem_x509_csr(keys.request(tmp_path).encode())
    public = request.public_key()
    assert request.is_signature_valid
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    public.verify(keys.sign(tmp_path, b"data"), b"data", ec.ECDSA(hashes.SHA256()))


def test_what_lies_on_the_card_is_worth_nothing_on_another_board(
    tmp_path: Path, new_tpm: Callable[[], TpmKeys]
) -> None:
    new_tpm().make(tmp_path)
    with pytest.raises(JoiningError) as raised:
        new_tpm().sign(tmp_path, b"data")
    assert raised.value.code == "no_tpm"
