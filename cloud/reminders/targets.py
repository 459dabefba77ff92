"""Where a message may go: what a target of each kind looks like, and which addresses are none for a webhook."""

import re
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from cloud.errors import InvalidError
from cloud.reminders.errors import ChannelError
from cloud.webhooks.addresses import Gatehouse, Target, TargetRefusedError

_FORMS = {
    "wecom": re.compile(r"[A-Za-z0-9_-]{8,100}"),
    "dingtalk": re.compile(r"[A-Za-z0-9]{8,100}"),
    "feishu": re.compile(r"[A-Za-z0-9_-]{8,100}"),
    "mail": re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])"),
}


def kinds(mail: bool) -> tuple[str, ...]:
    """The kinds of ways that there are, with a mail server or without."""
    return tuple(kind for kind in (*_FORMS, "webhook") if mail or kind != "mail")


def check_target(kind: str, target: str) -> None:
    """Raises InvalidError `bad_target` unless `target` looks like one of `kind`."""
    form = _FORMS.get(kind)
    if form is not None and form.fullmatch(target) is None:
        raise InvalidError("bad_target", f"not what {kind} needs: an address, or the key from a robot's own address")
    if form is None:
        try:
            split_url(target)
        except ValueError as error:
            raise InvalidError("bad_target", str(error)) from error


def split_url(url: str) -> SplitResult:
    """A webhook's address. Raises ValueError unless it is https (or http) with a host, and without a name in it."""
    split = urlsplit(url)
    if split.scheme not in ("https", "http") or not split.hostname:
        raise ValueError("a webhook's address begins with https://")
    if split.username is not None or split.password is not None:
        raise ValueError("a webhook's address has no name and no password in it")
    if split.port == 0:
        raise ValueError("no port 0")
    return split


def hint(kind: str, target: str) -> str:
    """As much of `target` as is shown: enough to tell one from another, not enough to use it."""
    if kind == "mail":
        name, _, host = target.partition("@")
        return f"{name[:1]}…@{host}"
    if kind == "webhook":
        return f"{urlsplit(target).hostname}/…"
    return f"…{target[-4:]}"


async def resolve(url: SplitResult, inner: Collection[str]) -> str:
    """The address to connect to for `url`. Raises ChannelError where it is none of the wide net, unless the operator
    named `host` or `host:port` among `inner`. Whoever connects to it connects to what was looked at here.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = await Gatehouse(frozenset(inner)).addresses(Target(url.scheme, url.hostname or "", port, url.path))
    except TargetRefusedError as error:
        raise ChannelError("inner_address", final=True) from error
    except (OSError, UnicodeError) as error:
        raise ChannelError("no_such_host") from error
    return found[0]
