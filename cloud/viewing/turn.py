"""A TURN server for who cannot reach the cloud directly: credentials for an hour, as coturn takes them."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from cloud.parts import Turn
from cloud.viewing.models import IceServerShown

LASTS = timedelta(hours=1)


def ice_servers(turn: Turn | None, name: str, at: datetime) -> list[IceServerShown]:
    """The servers for `name`, from `at` on; none where none is set (coturn: `use-auth-secret`)."""
    if turn is None:
        return []
    username = f"{int((at + LASTS).timestamp())}:{name}"
    digest = hmac.digest(turn.secret.encode(), username.encode(), hashlib.sha1)
    return [IceServerShown(urls=turn.url, username=username, credential=base64.b64encode(digest).decode())]
