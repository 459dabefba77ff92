import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cloud.media.errors import StoreGoneError
from cloud.media.service import MAX_BYTES, UPLOAD_TYPE
from cloud.media.store import open_store, read, write
from custody.roles import Role
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import AGENT, AGENT_KEY, Office, problem

STILL = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400 + b"\xff\xd9"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def token(sha256: str, *, key: SigningKey = AGENT_KEY, agent: str = AGENT, typ: str = UPLOAD_TYPE) -> dict[str, str]:
    payload = {"agent": agent, "sha256": sha256, "at": "2026-11-22T03:00:00.000000Z"}
    return {"authorization": f"Bearer {jws.sign(payload, key, typ)}"}


async def put(office: Office, content: bytes, name: str | None = None) -> httpx.Response:
    """An upload by the agent, of `content` under its digest, or under `name`."""
    await office.agent()
    sha256 = name or digest(content)
    return await (await office.visitor()).put(f"media/{sha256}", content=content, headers=token(sha256))


async def test_a_still_is_kept_once_and_shown_for_ever(office: Office) -> None:
    answer = await put(office, STILL)
    assert (answer.status_code, answer.json()) == (201, {"sha256": digest(STILL), "bytes": len(STILL)})
    again = await (await office.visitor()).put(f"media/{digest(STILL)}", content=STILL, headers=token(digest(STILL)))
    assert again.status_code == 200
    shown = await (await office.signed_in(Role.OPERATOR)).get(f"media/{digest(STILL)}")
    assert shown.content == STILL
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in shown.headers["cache-control"]
    assert "private" in shown.headers["cache-control"]


async def test_a_still_is_for_who_is_signed_in_at_its_site(office: Office) -> None:
    await put(office, STILL)
    problem(await (await office.visitor()).get(f"media/{digest(STILL)}"), 401, "not_signed_in")
    await office.execute("INSERT INTO site VALUES ('sz01', 's', 's', 'sealtrail/test/sz01', now())")
    await office.execute("INSERT INTO ledger_head (site) VALUES ('sz01')")
    problem(await (await office.signed_in(Role.ADMIN, site="sz01")).get(f"media/{digest(STILL)}"), 404, "not_found")
    problem(await (await office.signed_in(Role.ADMIN)).get(f"media/{'0' * 64}"), 404, "not_found")
    problem(await (await office.signed_in(Role.ADMIN)).get("media/x"), 422, "invalid")


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (STILL, "0" * 64, 422, "digest_mismatch"),
        (STILL[:-1], digest(STILL), 422, "digest_mismatch"),
        (b"GIF89a", None, 422, "not_a_jpeg"),
        (b"", None, 422, "not_a_jpeg"),
    ],
)
async def test_other_bytes_than_the_still_are_not_kept(
    office: Office, content: bytes, name: str | None, status: int, code: str
) -> None:
    problem(await put(office, content, name), status, code)
    assert await office.rows("SELECT FROM media") == []


@pytest.mark.parametrize("told", [True, False])
async def test_more_than_five_megabytes_are_refused_however_they_come(office: Office, told: bool) -> None:
    await office.agent()
    content = b"\xff\xd8\xff" + bytes(MAX_BYTES)

    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(content), 1 << 16):
            yield content[begin : begin + (1 << 16)]

    sent: bytes | AsyncIterator[bytes] = content if told else pieces()
    visitor = await office.visitor()
    answer = await visitor.put(f"media/{digest(content)}", content=sent, headers=token(digest(content)))
    problem(answer, 413, "too_large")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer a.b.c"},
        token("0" * 64),
        token(digest(STILL), key=SigningKey.from_seed(b"x" * 32)),
        token(digest(STILL), agent="nj01.gate-z"),
        token(digest(STILL), agent="a\x00b"),
        token(digest(STILL), typ="sealtrail-statement+jws"),
    ],
)
async def test_only_a_token_of_the_agents_own_key_for_this_still_uploads_it(
    office: Office, headers: dict[str, str]
) -> None:
    await office.agent()
    answer = await (await office.visitor()).put(f"media/{digest(STILL)}", content=STILL, headers=headers)
    problem(answer, 401, "not_signed_in")


async def test_a_revoked_agent_uploads_nothing(office: Office) -> None:
    await office.agent()
    await office.execute("UPDATE agent SET revoked_at = now()")
    answer = await (await office.visitor()).put(f"media/{digest(STILL)}", content=STILL, headers=token(digest(STILL)))
    problem(answer, 401, "not_signed_in")


async def test_screens_that_ask_for_passages_see_that_the_still_has_come(office: Office) -> None:
    await office.execute(
        "INSERT INTO passage (site, index, agent, seq, station, direction, outcome, rule, things, people, at, taken_at,"
        " picture) VALUES ('nj01', 1, 'nj01.gate-a', 1, 'a', 'in', 'allowed', 'r', '{}', '{}', now(), now(), %s)",
        digest(STILL),
    )
    client = await office.signed_in(Role.OPERATOR)
    assert (await client.get("passages")).json()["rows"][0]["picture_ready"] is False
    await put(office, STILL)
    assert (await client.get("passages")).json()["rows"][0]["picture_ready"] is True


async def test_a_folder_keeps_stills_and_a_missing_one_is_told(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "new" / "stills"))
    await write(store, digest(STILL), STILL)
    assert await read(store, digest(STILL)) == STILL
    with pytest.raises(StoreGoneError, match="cannot be read"):
        await read(store, "0" * 64)
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreGoneError):
        open_store(str(blocked / "stills"))
    with pytest.raises(StoreGoneError):
        open_store("gopher://nowhere")
