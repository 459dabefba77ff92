"""People at the console: they sign in over HTTP and act by the API, each with their own rights; and a screen."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from simulators.errors import SimulatorError
from simulators.passkey import SoftPasskey

RETRY_S = 0.3
RP_ID = "localhost"
"""For whom the passkeys of a simulated warehouse sign: what `cloud web` takes where nobody sets another domain."""


class AnswerError(SimulatorError):
    """The API said no, or something odd: its `status` and, where there is one, the `problem` (RFC 9457)."""

    def __init__(self, asked: str, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{asked} was answered with {status}: {problem.get('detail', problem)}")
        self.status = status
        self.problem = problem


class Colleague:
    """Somebody with an account, in a browser of their own; `passkey` once they were given one."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.username = username
        self.id = ""
        self.client = httpx.AsyncClient(
            base_url=f"{url}/api/v1", headers={"X-Sealtrail": "1"}, timeout=120, trust_env=False
        )
        self.passkey: SoftPasskey | None = None
        self._password = password

    async def sign_in(self) -> None:
        """Opens a session; its cookie stays with this colleague. Raises AnswerError."""
        answer = await self.post("/session", username=self.username, password=self._password)
        self.id = answer["person"]["id"]

    async def take_account(self, first: str) -> None:
        """Signs in with the password that somebody else set, and sets their own. Raises AnswerError."""
        await self.post("/session", username=self.username, password=first)
        await self.post("/password", old=first, new=self._password)

    async def take_passkey(self) -> None:
        """From now on approvals are signed with a passkey, which this colleague keeps. Raises AnswerError."""
        url = self.client.base_url
        passkey = SoftPasskey(RP_ID, f"http://{RP_ID}:{url.port}")
        await self.post("/passkeys", name="phone", credential=passkey.register(await self.post("/passkeys/begin")))
        self.passkey = passkey

    async def photograph(self, picture: bytes) -> str:
        """Sends a photograph (JPEG); returns its digest. Raises AnswerError."""
        sent = await self.client.post("/photos", content=picture, headers={"content-type": "image/jpeg"})
        return str(_content("POST /photos", sent)["sha256"])

    async def import_file(self, source: str, file: bytes, key: str) -> dict[str, Any]:
        """Sends a file (CSV) of what `source` registered; sent again it has the same `key`. Raises AnswerError."""
        headers = {"content-type": "text/csv", "Idempotency-Key": key}
        sent = await self.client.post("/imports", params={"source": source}, content=file, headers=headers)
        answer: dict[str, Any] = _content("POST /imports", sent)
        return answer

    async def post(self, path: str, **body: Any) -> Any:
        """Does something. Raises AnswerError for everything but success."""
        return _content(f"POST {path}", await self.client.post(path, json=body))

    async def get(self, path: str, **query: Any) -> Any:
        """Reads something. Raises AnswerError for everything but success."""
        return _content(f"GET {path}", await self.client.get(path, params=query))

    async def leave(self) -> None:
        """Closes the browser."""
        await self.client.aclose()


def _content(asked: str, response: httpx.Response) -> Any:
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = {"detail": response.text[:200]}
    if not response.is_success:
        raise AnswerError(asked, response.status_code, body)
    return body


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage or an alarm on the screen, and when it got there."""

    row: dict[str, Any]
    at: datetime


class Screen:
    """The live page of one site: server-sent events, taken up again where they broke off."""

    def __init__(self, colleague: Colleague, site: str, now: Callable[[], datetime]) -> None:
        self._client, self._site, self._now = colleague.client, site, now
        self._last: str | None = None
        self._shown: dict[tuple[str, int], Shown] = {}
        self._alarms: dict[tuple[str, str], Shown] = {}
        self._news = asyncio.Condition()
        self.open = asyncio.Event()
        self.doubled = 0
        self.recent: deque[Shown] = deque(maxlen=10_000)

    async def watch(self) -> None:
        """Follows the stream until cancelled."""
        while True:
            try:
                await self._follow()
            except httpx.TransportError:  # the server restarts, the cable is out: as a browser, try again
                self.open.clear()
            await asyncio.sleep(RETRY_S)

    async def passage(self, agent: str, seq: int) -> Shown:
        """The passage that is fact `seq` of `agent`, as soon as it is on the screen."""
        async with self._news:
            await self._news.wait_for(lambda: (agent, seq) in self._shown)
            return self._shown[agent, seq]

    async def alarm(self, cause: str, place: str) -> Shown:
        """The first alarm of `cause` at `place`, as soon as it is on the screen."""
        async with self._news:
            await self._news.wait_for(lambda: (cause, place) in self._alarms)
            return self._alarms[cause, place]

    async def _follow(self) -> None:
        headers = {"Last-Event-ID": self._last} if self._last else {}
        async with self._client.stream(
            "GET", "/live", params={"site": self._site}, headers=headers, timeout=httpx.Timeout(120)
        ) as stream:
            if not stream.is_success:
                await stream.aread()
                _content("GET /live", stream)
            self.open.set()
            event: dict[str, str] = {}
            async for line in stream.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    event[name] = value.removeprefix(" ")
                else:
                    await self._on_event(event)
                    event = {}

    async def _on_event(self, event: dict[str, str]) -> None:
        self._last = event.get("id", self._last)
        match event.get("event"):
            case "passage":
                await self.take(Shown(json.loads(event["data"]), self._now()))
            case "alarm":
                shown = Shown(json.loads(event["data"]), self._now())
                async with self._news:
                    self._alarms.setdefault((shown.row["cause"], shown.row["place"]), shown)
                    self._news.notify_all()

    async def take(self, shown: Shown) -> None:
        """One more passage is on the screen."""
        key = shown.row["agent"], shown.row["seq"]
        async with self._news:
            self.doubled += key in self._shown
            self._shown[key] = shown
            self.recent.append(shown)
            self._news.notify_all()
