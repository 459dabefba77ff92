"""The ways out: robots of chats and webhooks by ourselves, mail through apprise. Each has its time and no more.

What is posted goes to an address that was looked up once and is of the wide net (or whose name the operator gave); that
very address is connected to, and no redirect is followed. Mail goes to the operator's own server.
"""

import asyncio
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlunsplit

import apprise
import httpx

from cloud.reminders.errors import ChannelError
from cloud.reminders.robots import ROBOTS, Robot
from cloud.reminders.targets import resolve, split_url
from cloud.reminders.words import unmarked
from cloud.webhooks.posting import beginning

CONNECT_S, READ_S, WITHIN_S = 5.0, 5.0, 15.0
_THREADS = 16
"""Letters on their way, those among them that nobody waits for any more: a mail server may go on saying half lines."""
_LATER = {408, 425, 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The operator's mail server, by which name it is spoken to, and who the letters are from."""

    host: str
    port: int
    sender: str
    mode: str = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """All the ways out. `inner` are hosts that may be in the inner net (`host` or `host:port`)."""

    http: httpx.AsyncHTTPTransport
    mail: Mail | None = None
    inner: Collection[str] = ()
    within_s: float = WITHIN_S
    robots: Mapping[str, Robot] = field(default_factory=lambda: ROBOTS)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="apprise")
    )
    _free: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_THREADS))

    async def send(self, kind: str, target: str, title: str, text: str, more: Mapping[str, Any]) -> None:
        """Tells `target` of `text`; a webhook also gets `more`. Raises ChannelError, also when it takes too long."""
        try:
            async with asyncio.timeout(self.within_s):
                if kind == "webhook":
                    await self._post(target, {"title": title, "text": text, **more})
                elif (robot := self.robots.get(kind)) is not None:
                    said = await self._post(
                        robot.url.format(key=target), robot.body(unmarked(f"{title}\n{text}")), read=True
                    )
                    robot.check(said)
                else:
                    await self._mail(kind, target, title, text)
        except TimeoutError as error:
            raise ChannelError("no_answer", self.within_s) from error

    async def _post(self, target: str, body: Mapping[str, Any], *, read: bool = False) -> bytes:
        """The beginning of what is answered to `body`, to be `read`. Raises ChannelError for a bad status."""
        url = split_url(target)
        address = await resolve(url, self.inner)
        host = f"[{address}]" if ":" in address else address
        there = urlunsplit((url.scheme, host if url.port is None else f"{host}:{url.port}", url.path, url.query, ""))
        name = url.netloc.rpartition("@")[2]
        # Below httpx's client, which writes whole addresses into the log: the key is in them.
        wait = {"connect": CONNECT_S, "read": self.within_s, "write": self.within_s, "pool": self.within_s}
        asked = httpx.Request(
            "POST", there, json=dict(body),
            headers={"Host": name, "User-Agent": "Sealtrail", "Accept-Encoding": "identity"},
            extensions={"sni_hostname": url.hostname, "timeout": wait},
        )  # fmt: skip
        try:
            answer = await self.http.handle_async_request(asked)
            try:
                said = await beginning(answer) if read else b""
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise ChannelError("not_reached") from error
        status = answer.status_code
        if 300 <= status < 400:
            raise ChannelError("redirects", status, final=True)
        if status >= 400:
            raise ChannelError("answers", status, final=status < 500 and status not in _LATER)
        return said

    async def _mail(self, kind: str, target: str, title: str, text: str) -> None:
        mail = self.mail
        if kind != "mail" or mail is None:
            raise ChannelError("not_set_up", final=True)
        described = {
            "schema": "mailto", "host": mail.host, "smtp_host": mail.host, "port": mail.port, "user": mail.user,
            "password": mail.password, "from_addr": mail.sender, "targets": [target], "secure_mode": mail.mode,
        }  # fmt: skip
        # A thread ends by the time-outs of its sockets alone; where all of them hang, no letter queues up behind them.
        if not self._free.acquire(blocking=False):
            raise ChannelError("no_answer", self.within_s)
        letter = self._threads.submit(_notify, described, title, text)
        letter.add_done_callback(lambda _: self._free.release())
        if not await asyncio.wrap_future(letter):
            raise ChannelError("not_taken")


def _notify(described: dict[str, Any], title: str, text: str) -> bool:
    asset = apprise.AppriseAsset(app_id="Sealtrail", app_desc="", app_url="", http_redirects=False)
    limits = {"cto": CONNECT_S, "rto": READ_S, "format": "text"}
    way = apprise.Apprise.instantiate({**described, **limits}, asset=asset)
    if not isinstance(way, apprise.NotifyBase):
        raise ChannelError("not_set_up", final=True)
    return bool(way.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))
