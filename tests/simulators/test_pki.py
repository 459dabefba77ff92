"""The certificates say who is who, and the keys stay private."""

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from simulators.pki import Authority

NOW = datetime(2026, 11, 22, 3, 24, tzinfo=UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_clients_common_name_is_its_agent_id(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", NOW)
    certificate = read(authority.client("nj01.gate-a", NOW).certificate)
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["nj01.gate-a"]
    certificate.verify_directly_issued_by(read(authority.certificate_file))


def test_the_server_is_good_for_this_machine_by_name_and_by_address(tmp_path: Path) -> None:
    certificate = read(Authority.open(tmp_path / "pki", NOW).server(NOW).certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]


def test_private_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    authority = Authority.open(tmp_path / "pki", NOW)
    keys = [authority.folder / "ca.key", authority.server(NOW).key, authority.client("nj01.gate-a", NOW).key]
    assert [stat.S_IMODE(key.stat().st_mode) for key in keys] == [0o600] * 3
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700


def test_an_authority_is_kept_until_it_has_run_out(tmp_path: Path) -> None:
    first = read(Authority.open(tmp_path, NOW).certificate_file)
    assert read(Authority.open(tmp_path, NOW + timedelta(days=30)).certificate_file) == first
    assert read(Authority.open(tmp_path, NOW + timedelta(days=36500)).certificate_file) != first
