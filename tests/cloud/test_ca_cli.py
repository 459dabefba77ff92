"""`sealtrail cloud ca` as a person types it: one authority, told to every log, and what it signs without a claim."""

import ssl
import stat
from pathlib import Path

from cryptography import x509

from tests.cloud.conftest import Database
from tests.cloud.test_cli import Run, answered
from tests.cloud.test_cli import run as run
from tests.cloud.test_cli import settings as settings


def test_an_authority_is_made_once_told_to_every_log_and_signs_servers_and_workers(
    run: Run, database: Database, tmp_path: Path
) -> None:
    answered(run("keygen"))
    assert run("ca", "show").returncode == 2
    assert run("ca", "server", "localhost", "--into", str(tmp_path / "web")).returncode == 2
    answered(run("site", "add", "nj01", "--zh", "一号库", "--en", "One"))
    made = answered(run("ca", "init"))
    again = answered(run("ca", "init"))
    assert again["fingerprint"] == made["fingerprint"]
    assert (type(made["entries"]), again["entries"]) == (dict, {"nj01": None})
    shown = answered(run("ca", "show"))
    authority = x509.load_pem_x509_certificate(str(shown["certificate"]).encode())
    assert stat.S_IMODE((tmp_path / "keys" / "ca.key").stat().st_mode) == 0o600
    answered(run("ca", "server", "localhost", "127.0.0.1", "--into", str(tmp_path / "web")))
    workers = [str(answered(run("ca", "worker", name, "--into", str(tmp_path / "worker")))["authority"])
               for name in ("cloud-uplink", "cloud-downlink")]  # fmt: skip
    assert workers == [str(tmp_path / "keys" / "workers" / "ca.pem")] * 2
    signer = x509.load_pem_x509_certificate(Path(workers[0]).read_bytes())
    for folder, name, by in (
        ("web", "server", authority), ("worker", "cloud-uplink", signer), ("worker", "cloud-downlink", signer),
    ):  # fmt: skip
        pair = tmp_path / folder / f"{name}.pem", tmp_path / folder / f"{name}.key"
        ssl.create_default_context().load_cert_chain(*pair)
        x509.load_pem_x509_certificate(pair[0].read_bytes()).verify_directly_issued_by(by)
    refused = run("ca", "worker", "nj01.gate-a", "--into", str(tmp_path / "worker"))
    assert refused.returncode == 2
    assert "no worker of ours" in refused.stderr
    assert run("ca", "server", "localhost", "--into", str(tmp_path / "web")).returncode == 2, "no key is written over"


def test_a_gatekeeper_without_an_authority_says_so(run: Run, tmp_path: Path) -> None:
    done = run("gatekeeper", BROKER_FILES=str(tmp_path), BROKER_PID_FILE=str(tmp_path / "pid"))
    assert done.returncode == 2
    assert "sealtrail cloud ca init" in done.stderr
