"""The end of the day: a bundle of the package that was out and came back, checked as a court would check it."""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import httpx

from simulators.errors import WrongResultError
from simulators.warehouse import SITE, Warehouse

ROOT = Path(__file__).parents[1]
_ALONE = (
    "import socket, sys\n"
    "def no(*_, **__): raise RuntimeError('the verifier asked for a network')\n"
    "socket.socket = no\n"
    "import verify\n"
    "sys.exit(verify.main(sys.argv[1:]))\n"
)


async def take_bundle(warehouse: Warehouse, package: str, folder: Path | None) -> Path:
    """Exports the bundle of `package` into `folder`, else into a new one that stays; beside it the published policy.

    Raises WrongResultError, StartError.
    """
    if folder is None:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="sealtrail-bundle-"))
    folder.mkdir(exist_ok=True)
    path = folder / f"{package.replace('/', '-')}.zip"
    path.unlink(missing_ok=True)
    async with httpx.AsyncClient(trust_env=False) as client:
        published = await client.get(f"{warehouse.url}/log/{SITE}/policy")
    if not published.is_success:
        raise WrongResultError(f"The log's policy is not published: {published.status_code}.")
    (folder / "policy.txt").write_bytes(published.content)
    await warehouse.export_bundle(package, path)
    return path


async def check_alone(path: Path) -> str | None:
    """None when the bundle holds for a process without network, database or settings, else what that process said."""
    command = [sys.executable, "-c", _ALONE, str(path), "--policy", str(path.with_name("policy.txt")), "--lang", "en"]
    if os.geteuid() == 0 and await _can_unshare():
        command = ["unshare", "--net", *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEALTRAIL_")}
    child = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await child.communicate()
    return None if child.returncode == 0 else said.decode("utf-8", "replace").strip()


async def _can_unshare() -> bool:
    """Whether this machine lets us take the network away from a process altogether."""
    if shutil.which("unshare") is None:
        return False
    trial = await asyncio.create_subprocess_exec("unshare", "--net", "true", stderr=asyncio.subprocess.DEVNULL)
    return await trial.wait() == 0
