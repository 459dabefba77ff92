"""The verifier as a command: offline, with nothing but `proof` and `cryptography`, and the exit codes it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import verify
from tests.proof.bundles import POLICY, site, zipped

ROOT = Path(__file__).parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = site().files()
    (tmp_path / "good.zip").write_bytes(zipped(files))
    (tmp_path / "policy.txt").write_text(POLICY)
    (tmp_path / "2.json").write_bytes(files["entries/2.json"])
    (tmp_path / "3.json").write_bytes(files["entries/3.json"])
    (tmp_path / "2.tlog-proof").write_bytes(files["entries/2.tlog-proof"])
    (tmp_path / "checkpoint.txt").write_bytes(files["checkpoint.txt"])
    files["contents/3.json"] = files["contents/3.json"].replace(b"refused", b"allowed")
    (tmp_path / "false.zip").write_bytes(zipped(files))
    (tmp_path / "noise.zip").write_bytes(b"PK noise")
    return tmp_path


def test_exit_codes_and_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = ["--policy", str(folder / "policy.txt")]
    assert verify.main([str(folder / "good.zip"), *policy, "--lang", "en"]) == 0
    assert "HOLDS" in capsys.readouterr().out
    assert verify.main([str(folder / "false.zip"), *policy, "--lang", "zh"]) == 1
    told = capsys.readouterr().out
    assert "不成立" in told
    assert "4  每份内容与其记录的承诺一致: the content of entry 3" in told
    assert verify.main([str(folder / "good.zip"), str(folder / "noise.zip"), *policy]) == 2
    assert "noise.zip: not a whole zip file" in capsys.readouterr().err
    assert verify.main([str(folder / "none.zip"), *policy]) == 2
    assert verify.main([str(folder / "good.zip"), "--policy", str(folder / "good.zip")]) == 2
    assert verify.main([str(folder / "good.zip"), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["holds"] is True


def test_proofs_and_checkpoints(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy = ["--policy", str(folder / "policy.txt")]
    proof = str(folder / "2.tlog-proof")
    assert verify.main([proof, "--entry", str(folder / "2.json"), *policy]) == 0
    assert verify.main([proof, "--entry", str(folder / "3.json"), *policy]) == 1
    assert "leads to another root" in capsys.readouterr().err
    assert verify.main([proof, *policy]) == 2
    assert verify.main([proof, "--entry", str(folder / "2.json")]) == 2
    assert verify.main([str(folder / "checkpoint.txt"), *policy, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cosigned_at"].keys() == {"court"}


def test_it_loads_nothing_but_proof_and_cryptography(folder: Path) -> None:
    """In a process that may load nothing else of ours and open no socket."""
    script = (
        "import sys, socket\n"
        "def no(*a, **k): raise RuntimeError('the verifier opened a socket')\n"
        "socket.socket = no\n"
        "import verify\n"
        "code = verify.main(sys.argv[1:])\n"
        "stdlib = sys.stdlib_module_names\n"
        "tops = {name.partition('.')[0] for name in sys.modules if not name.startswith('_')}\n"
        "print(sorted(top for top in tops if top not in stdlib))\n"
        "sys.exit(code)\n"
    )
    command = [sys.executable, "-S", "-c", script, str(folder / "good.zip")]
    packages = [path for path in sys.path if path.endswith("site-packages")]
    ran = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join([str(ROOT), *packages])},
    )
    assert ran.returncode == 0, ran.stderr
    loaded = ran.stdout.splitlines()[-1]
    assert loaded in ("['cffi', 'cryptography', 'proof', 'verify']", "['cryptography', 'proof', 'verify']"), loaded
