"""Releases that are made, brought up and approved as they are in life."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from cloud.releases.packing import For, pack_tree
from custody.permits import time_text
from custody.roles import Role
from edge_agent.pictures import UPLOAD_TYPE
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import Office
from tests.cloud.evidence.crew import Crew
from wire.releases import digest_of

PUBLISHER = SigningKey.from_seed(b"p" * 32)
ANYWHERE = For(follows="0.1.0", python="3.11", platform="any")


def believe(office: Office) -> None:
    """The office takes releases of PUBLISHER."""
    office.app.state.parts = office.parts = replace(office.parts, release_keys=(PUBLISHER.public,))


def packed(folder: Path, version: str = "0.2.0", key: SigningKey = PUBLISHER, more: bytes = b"print('new')\n") -> Path:
    """A small release."""
    out = folder / f"{version}-{key.public.kid[:6]}.zip"
    out.unlink(missing_ok=True)
    pack_tree(out, key, folder / "no-tree", version, ANYWHERE, {"sealtrail.py": more})
    return out


def name_of(release: Path) -> str:
    with release.open("rb") as file:
        return digest_of(file)


async def bring_up(client: httpx.AsyncClient, release: Path) -> httpx.Response:
    content = await asyncio.to_thread(release.read_bytes)
    return await client.post("releases", params={"notes": "修复扫码"}, content=content)


async def approved(crew: Crew, release: Path, version: str = "0.2.0") -> str:
    """Its name, once an administrator and a leader put their hands to it."""
    admin, name = await crew.person(Role.ADMIN), name_of(release)
    made = await bring_up(admin, release)
    assert made.status_code == 201, made.text
    asked = await crew.propose(admin, "approve_update", release=name, version=version)
    assert (asked.status_code, asked.json()["status"]) == (202, "waiting"), asked.text
    done = await crew.sign(await crew.person(Role.LEADER), asked.json()["act"])
    assert done.json()["status"] == "done", done.text
    return name


async def roll_out(crew: Crew, name: str, *agents: str, version: str = "0.2.0") -> httpx.Response:
    admin = await crew.person(Role.ADMIN)
    return await admin.post(f"releases/{name}/orders", json={"agents": list(agents), "version": version})


def token(office: Office, agent: str, key: SigningKey, sha256: str) -> dict[str, str]:
    """As an agent shows who it is when it fetches."""
    claim: dict[str, Any] = {"agent": agent, "sha256": sha256, "at": time_text(office.parts.world.now())}
    return {"Authorization": f"Bearer {jws.sign(claim, key, UPLOAD_TYPE)}"}
