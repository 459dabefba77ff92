"""Without a TPM the driver says what is missing; with one, what it asks of OpenSSL (no TPM is here to answer)."""

from collections.abc import Sequence
from pathlib import Path

import pytest

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


def test_every_use_of_the_key_goes_through_the_tpm(tmp_path: Path) -> None:
    program = Program()
    keys = TpmKeys({"TPM2OPENSSL_TCTI": "swtpm"}, tmp_path, program)
    keys.make(tmp_path)
    keys.make(tmp_path)
    assert (tmp_path / "tls.key").read_bytes() == b"something"
    assert keys.request(tmp_path) == "something"
    assert keys.sign(tmp_path, b"data") == b"something"
    asked = [command[1] for command in program.asked]
    assert asked == ["list", "genpkey", "req", "dgst"], "a key that is there stays"
    assert all("tpm2" in command for command in program.asked)
