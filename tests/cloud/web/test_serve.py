"""The web process as it is run: its ready line, its end with a stream open, and what keeps it from starting."""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from cloud.keys import CLOUD, LABEL, write_key
from cloud.people.access import COOKIE, HEADER
from cloud.world import real_world
from custody.roles import Role
from simulators.pki import Authority
from tests.cloud.api import API, Office
from tests.cloud.conftest import Clock, Database
from tests.cloud.media.test_routes import STILL, digest, token
from tests.law.tree import ROOT


@pytest.fixture
def web_settings(database: Database, tmp_path: Path) -> dict[str, str]:
    for name in (CLOUD, LABEL):
        write_key(tmp_path / "keys", name, os.urandom(32))
    values = {
        "DATABASE_URL": database.app, "KEYS_DIR": tmp_path / "keys", "DEPLOYMENT": "test", "WEB_PORT": "0",
        "MEDIA_URL": tmp_path / "media",
    }  # fmt: skip
    return os.environ | {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in values.items()}


@asynccontextmanager
async def web(settings: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sealtrail", "cloud", "web",
        cwd=ROOT, env=settings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    """Where the process says that it listens."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = await asyncio.wait_for(process.stdout.readline(), 240)
    assert line, (await process.stderr.read()).decode()
    ready = json.loads(line)
    assert (ready["event"], ready["process"]) == ("ready", "web")
    return str(ready["url"])


async def test_it_says_where_it_listens_keeps_a_still_and_ends_quickly_with_a_stream_open(
    office: Office, clock: Clock, web_settings: dict[str, str]
) -> None:
    clock.at = real_world().now()  # the session must be valid by the process's own clock
    cookie = await office.cookie(await office.person(Role.OPERATOR))
    await office.agent()
    async with web(web_settings) as process:
        url = await address(process)
        assert url.startswith("http://127.0.0.1:")
        async with httpx.AsyncClient(cookies={COOKIE: cookie}, timeout=240) as client:
            still = f"{url}{API}/media/{digest(STILL)}"
            assert (await client.put(still, content=STILL, headers=token(digest(STILL)))).status_code == 201
            assert (await client.get(still)).content == STILL
            async with client.stream("GET", f"{url}{API}/live") as response:
                lines = response.aiter_lines()
                assert await anext(lines) == "retry: 1000"
                process.send_signal(signal.SIGTERM)
                assert all(line == "" or line.startswith("id: ") for line in [line async for line in lines])
        output, errors = await asyncio.wait_for(process.communicate(), 240)
        assert (process.returncode, output) == (0, b""), errors.decode()


async def test_a_port_in_use_is_one_clear_sentence(site: str, web_settings: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with web(web_settings | {"SEALTRAIL_CLOUD_WEB_PORT": str(port)}) as process:
            output, errors = await asyncio.wait_for(process.communicate(), 240)
    assert (process.returncode, output) == (2, b"")
    [sentence] = errors.decode().splitlines()
    assert f"port {port}" in sentence


async def test_with_a_certificate_it_speaks_tls_and_claims_name_that_certificate(
    office: Office, clock: Clock, web_settings: dict[str, str], tmp_path: Path
) -> None:
    clock.at = real_world().now()
    authority = Authority.open(tmp_path / "pki", clock.at, home=tmp_path / "keys")
    own = authority.server(clock.at)
    cookie = await office.cookie(await office.person(Role.ADMIN))
    more = {"WEB_CERT": own.certificate, "WEB_KEY": own.key, "AGENTS_BROKER_HOST": "broker.test"}
    async with web(web_settings | {f"SEALTRAIL_CLOUD_{name}": str(value) for name, value in more.items()}) as process:
        url = await address(process)
        assert url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(authority.certificate_file))
        async with httpx.AsyncClient(
            verify=trusted, cookies={COOKIE: cookie}, headers={HEADER: "1"}, timeout=240
        ) as client:
            claim = (await client.post(f"{url}{API}/claims", json={"agent": "nj01.gate-b"})).json()
    served = x509.load_pem_x509_certificate(own.certificate.read_bytes())
    assert claim["pin"] == served.fingerprint(hashes.SHA256()).hex()


async def test_tls_files_that_do_not_belong_together_are_one_clear_sentence(
    site: str, web_settings: dict[str, str], tmp_path: Path
) -> None:
    authority = Authority.open(tmp_path / "pki", real_world().now())
    own, other = authority.server(real_world().now()), authority.client("other", real_world().now())
    more = {"SEALTRAIL_CLOUD_WEB_CERT": str(own.certificate), "SEALTRAIL_CLOUD_WEB_KEY": str(other.key)}
    async with web(web_settings | more) as process:
        output, errors = await asyncio.wait_for(process.communicate(), 240)
    assert (process.returncode, output) == (2, b"")
    [sentence] = errors.decode().splitlines()
    assert "TLS files" in sentence
