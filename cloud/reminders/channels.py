"""The ways out: robots of chats and mail through apprise, webhooks by ourselves. Each has its time and no more.

A webhook's address is a person's: it is looked up once, must be of the wide net (or named by the operator), that very
address is connected to, and no redirect is followed. The others go to the vendor, or to the operator's own server.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlunsplit

import apprise
import httpx

from cloud.reminders.errors import ChannelError
from cloud.reminders.targets import resolve, split_url
from cloud.reminders.words import unmarked

CONNECT_S, READ_S, WITHIN_S = 5.0, 5.0, 15.0
_THREADS = 16
_LATER = {408, 425, 429}

ROBOTS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "wecom": lambda key: {"schema": "wecombot", "key": key},
    "dingtalk": lambda token: {"schema": "dingtalk", "token": token},
    "feishu": lambda token: {"schema": "feishu", "token": token},
}
"""Kind → what apprise makes of a robot's key."""


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
    """All the ways out. `inner` are hosts of the inner net that webhooks may go to (`host` or `host:port`)."""

    http: httpx.AsyncHTTPTransport
    mail: Mail | None = None
    inner: Collection[str] = ()
    within_s: float = WITHIN_S
    robots: Mapping[str, Callable[[str], dict[str, Any]]] = field(default_factory=lambda: ROBOTS)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="apprise")
    )

    async def send(self, kind: str, target: str, title: str, text: str, more: Mapping[str, Any]) -> None:
        """Tells `target` of `text`; a webhook also gets `more`. Raises ChannelError, also when it takes too long."""
        try:
            async with asyncio.timeout(self.within_s):
                if kind == "webhook":
                    await self._post(target, {"title": title, "text": text, **more})
                else:
                    await self._through_apprise(kind, target, title, text)
        except TimeoutError as error:
            raise ChannelError("no_answer", self.within_s) from error

    async def _post(self, target: str, body: Mapping[str, Any]) -> None:
        url = split_url(target)
        address = await resolve(url, self.inner)
        host = f"[{address}]" if ":" in address else address
        there = urlunsplit((url.scheme, host if url.port is None else f"{host}:{url.port}", url.path, url.query, ""))
        name = url.netloc.rpartition("@")[2]
        # Below httpx's client, which writes whole addresses into the log: the key is in them.
        wait = {"connect": CONNECT_S, "read": self.within_s, "write": self.within_s, "pool": self.within_s}
        asked = httpx.Request(
            "POST", there, json=dict(body), headers={"Host": name, "User-Agent": "Sealtrail"},
            extensions={"sni_hostname": url.hostname, "timeout": wait},
        )  # fmt: skip
        try:
            answer = await self.http.handle_async_request(asked)
            await answer.aclose()  # what it says besides its status is not read
        except httpx.HTTPError as error:
            raise ChannelError("not_reached") from error
        status = answer.status_code
        if 300 <= status < 400:
            raise ChannelError("redirects", status, final=True)
        if status >= 400:
            raise ChannelError("answers", status, final=status < 500 and status not in _LATER)

    async def _through_apprise(self, kind: str, target: str, title: str, text: str) -> None:
        if kind != "mail":
            title, text = unmarked(title), unmarked(text)
        # A thread that hangs ends by the time-outs of its sockets.
        taken = await asyncio.get_running_loop().run_in_executor(
            self._threads, _notify, self._described(kind, target), title, text
        )
        if not taken:
            raise ChannelError("not_taken")

    def _described(self, kind: str, target: str) -> dict[str, Any]:
        if kind in self.robots:
            return self.robots[kind](target)
        mail = self.mail
        if kind != "mail" or mail is None:
            raise ChannelError("not_set_up", final=True)
        return {
            "schema": "mailto", "host": mail.host, "smtp_host": mail.host, "port": mail.port, "user": mail.user,
            "password": mail.password, "from_addr": mail.sender, "targets": [target], "secure_mode": mail.mode,
        }  # fmt: skip


def _notify(described: dict[str, Any], title: str, text: str) -> bool:
    asset = apprise.AppriseAsset(app_id="Sealtrail", app_desc="", app_url="", http_redirects=False)
    limits = {"cto": CONNECT_S, "rto": READ_S, "format": "text"}
    way = apprise.Apprise.instantiate({**described, **limits}, asset=asset)
    if not isinstance(way, apprise.NotifyBase):
        raise ChannelError("not_set_up", final=True)
    return bool(way.notify(body=text, title=title, body_format=apprise.NotifyFormat.TEXT))
