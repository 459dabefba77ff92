"""A device joins once, at the cloud that was meant and no other, and says in two languages what is in the way."""

import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from cloud.authority import read_request
from edge_agent.joining.enrolling import Wish, enroll
from edge_agent.joining.key_store import FileKeys
from edge_agent.joining.reaching import Trust
from edge_agent.joining.words import TEXTS, JoiningError
from proof import jws
from proof.keys import SigningKey
from tests.edge_agent.joining.door import CLOUD, CODE, LABEL, Door, opened, problem
from wire.joining import ENROLMENT_TYPE, claim_link, fingerprint


def wish(door: Door, folder: Path, **change: Any) -> Wish:
    told: dict[str, Any] = {
        "claim": CODE, "url": door.url, "trust": Trust(pin=door.pin), "folder": folder, "store": FileKeys(),
    }  # fmt: skip
    return Wish(**(told | change))


def run(door: Door, folder: Path, *, wait_s: float = 60, **change: Any) -> list[dict[str, Any]]:
    """What the person before the device sees; nobody waits between two tries."""
    shown: list[dict[str, Any]] = []
    enroll(wish(door, folder, **change), shown.append, pause=lambda _: None, wait_s=wait_s)
    return shown


def failing(do: Callable[[], object]) -> JoiningError:
    with pytest.raises(JoiningError) as raised:
        do()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in raised.value.zh)
    assert raised.value.en.isascii()
    assert raised.value.diagnosis == f"{raised.value.zh}\n{raised.value.en}"
    return raised.value


def env(folder: Path) -> dict[str, str]:
    lines = [line.removeprefix("SEALTRAIL_EDGE_") for line in (folder / "edge.env").read_text("utf-8").splitlines()]
    return {name: shlex.split(value)[0] for name, value in (line.split("=", 1) for line in lines)}


def test_it_waits_for_the_second_person_and_writes_what_the_agent_needs(tmp_path: Path) -> None:
    folder = tmp_path / "a device"
    with opened(tmp_path, "waiting", "waiting", "joined") as door:
        shown = run(door, folder)
    assert [one["event"] for one in shown] == ["asking", "waiting", "joined"]
    first, *_ = door.asked
    assert all(said == first for said in door.asked), "the very same request, again and again"
    key = SigningKey.from_pem((folder / "agent.pem").read_bytes())
    csr = x509.load_pem_x509_csr(first["csr"].encode())
    spki = csr.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert shown[0]["fingerprint"] == fingerprint(spki, key.public), "what is shown is of this device's own keys"
    assert first["public_key"] == key.public.text
    settings = env(folder)
    assert (settings["CLOUD_KEYS"], settings["LABEL_KEYS"]) == (CLOUD, LABEL)
    for name in ("KEY_FILE", "BROKER_CA", "BROKER_CERT", "BROKER_KEY", "CLOUD_CA"):
        assert Path(settings[name]).is_file(), name
    certificate = x509.load_pem_x509_certificate(Path(settings["BROKER_CERT"]).read_bytes())
    own = serialization.load_pem_private_key(Path(settings["BROKER_KEY"]).read_bytes(), None)
    assert own.public_key() == certificate.public_key()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert set(modes.values()) == {0o600}, modes
    assert Path(settings["CLOUD_CA"]).read_text() == door.authority.signer.pem, "the authority, not one certificate"


def test_a_scanned_link_says_the_address_and_the_certificate(tmp_path: Path) -> None:
    with opened(tmp_path, "joined") as door:
        run(door, tmp_path / "device", claim=claim_link(door.url, CODE.replace("-", ""), door.pin), url=None,
            trust=Trust())  # fmt: skip
    assert (tmp_path / "device" / "edge.env").exists()


def test_an_identity_is_never_written_over_but_when_that_was_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "device"
    with opened(tmp_path, "joined") as door:
        run(door, folder)
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert failing(lambda: run(door, folder)).code == "exists"
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
        run(door, folder, again=True)
    assert (folder / "agent.pem").read_bytes() == before[folder / "agent.pem"], "a journal goes on under its key"
    assert Path(env(folder)["BROKER_CERT"]).read_bytes() not in before.values()


def test_a_key_that_somebody_put_there_is_an_identity_too(tmp_path: Path) -> None:
    folder = tmp_path / "device"
    folder.mkdir()
    (folder / "agent.pem").write_bytes(SigningKey.from_seed(b"m" * 32).to_pem())
    with opened(tmp_path, "joined") as door:
        assert failing(lambda: run(door, folder)).code == "exists"
        assert door.asked == []


def test_interrupted_it_goes_on_with_the_same_keys(tmp_path: Path) -> None:
    folder = tmp_path / "device"
    with opened(tmp_path, "waiting") as door:
        assert failing(lambda: run(door, folder, wait_s=4)).code == "unanswered"
        door.answers = ["joined"]
        run(door, folder)
    keys = {(read_request(said["csr"]).spki, said["public_key"]) for said in door.asked}
    assert len(keys) == 1


def test_a_cloud_with_another_certificate_is_told_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, "joined") as door:
        folder = tmp_path / "device"
        assert failing(lambda: run(door, folder, trust=Trust(pin="ab" * 32))).code == "wrong_pin"
        assert failing(lambda: run(door, folder, trust=Trust(pin="short"))).code == "pin"
        assert failing(lambda: run(door, folder, trust=Trust())).code == "untrusted"
        assert failing(lambda: run(door, folder, url="http://cloud.test")).code == "not_https"
        assert failing(lambda: run(door, folder, url=None)).code == "no_cloud"
        assert failing(lambda: run(door, folder, claim="ABC")).code == "claim"
        assert door.asked == []
        run(door, folder, trust=Trust(ca=door.authority.certificate_file))
    assert env(folder)["CLOUD_CA"] == str(door.authority.certificate_file)


def test_a_certificate_under_another_name_is_told_of_while_somebody_stands_there(tmp_path: Path) -> None:
    with opened(tmp_path, "joined", names=("cloud.test",)) as door:
        assert failing(lambda: run(door, tmp_path / "device")).code == "untrusted"


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "wrong_claim", "wrong_claim"),
        (409, "claim_expired", "claim_expired"),
        (409, "claim_refused", "claim_refused"),
        (409, "claim_taken", "claim_taken"),
        (409, "agent_revoked", "agent_revoked"),
        (429, "throttled", "throttled"),
        (409, "no_authority", "refused"),
        (503, "database_gone", "refused"),
    ],
)
def test_what_the_cloud_does_not_take_is_said_with_what_to_do(
    tmp_path: Path, status: int, code: str, told: str
) -> None:
    with opened(tmp_path, "waiting", problem(status, code)) as door:
        assert failing(lambda: run(door, tmp_path / "device")).code == told
    assert not (tmp_path / "device" / "edge.env").exists()
    assert not (tmp_path / "device" / "identity" / "current").exists()


def test_a_certificate_for_another_key_is_not_taken(tmp_path: Path) -> None:
    with opened(tmp_path, "joined") as other, opened(tmp_path / "b", "waiting") as door:
        run(other, tmp_path / "other")
        identity = door.identity(other.asked[0])
        door.answers = [(200, {"state": "joined", "identity": identity})]
        assert failing(lambda: run(door, tmp_path / "device")).code == "refused"
        door.answers = [(200, {"state": "joined", "identity": {"agent": "x"}})]
        assert failing(lambda: run(door, tmp_path / "device")).code == "refused"
    assert not (tmp_path / "device" / "edge.env").exists()


def test_a_cloud_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with opened(tmp_path, "joined") as door:
        pass
    assert failing(lambda: run(door, tmp_path / "device")).code == "unreached"


def test_the_request_is_signed_by_the_journals_key(tmp_path: Path) -> None:
    with opened(tmp_path, "joined") as door:
        run(door, tmp_path / "device")
    key = SigningKey.from_pem((tmp_path / "device" / "agent.pem").read_bytes()).public
    assert jws.verify(door.tokens[0], {key.kid: key}.get, ENROLMENT_TYPE)["code"] == CODE.replace("-", "")


def test_every_sentence_is_there_in_both_languages() -> None:
    for zh, en in TEXTS.values():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh)
        assert en.isascii()
        assert set(_names(zh)) == set(_names(en))


def _names(text: str) -> list[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]
