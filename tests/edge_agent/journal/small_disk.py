"""A disk of a few megabytes that is really full, or really read-only: a tmpfs in a mount namespace of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

APART = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--mount", "--map-root-user")


def on_small_disk(folder: Path, megabytes: int, script: str) -> str:
    """Runs `script`, whose argument is the folder on the disk, and returns what it printed."""
    mount = f'mount -t tmpfs -o size={megabytes}m none "$1" && exec "$2" -c "$3" "$1"'
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody have a mount namespace of their own (unshare)")
    child = subprocess.run(
        [*APART, "sh", "-c", mount, "sh", str(folder), sys.executable, script],
        capture_output=True, text=True, timeout=240, check=False, env=os.environ | {"PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    return child.stdout
