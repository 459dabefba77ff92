"""The API of a running cloud, for the command line: everything is checked and recorded there, as for the console."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from cloud.releases.errors import NotDoneError
from wire.releases import RELEASE_MEDIA_TYPE

PATIENCE_S = 600.0
"""A release is looked at wholly before it is taken."""


class Cloud:
    """The cloud at `url`, asked with a machine's `token`. Every call raises NotDoneError with the cloud's reason."""

    def __init__(self, url: str, token: str) -> None:
        head = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1/", headers=head, timeout=PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def upload(self, file: Path, notes: str) -> dict[str, Any]:
        """The release as it was taken."""
        try:
            with file.open("rb") as content:
                head = {"Content-Type": RELEASE_MEDIA_TYPE}
                return self._answer("POST", "releases", params={"notes": notes}, content=content, headers=head)
        except OSError as error:
            raise NotDoneError(f"{file}: {error.strerror}") from error

    def releases(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(self._answer("GET", "releases")["rows"])

    def updates(self) -> list[dict[str, Any]]:
        """One for each agent."""
        return list(self._answer("GET", "updates")["rows"])

    def order(self, sha256: str, agents: Sequence[str], version: str) -> dict[str, Any]:
        """The entries by which it was ordered."""
        body = {"agents": list(agents), "version": version}
        return self._answer("POST", f"releases/{sha256}/orders", json=body)

    def _answer(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **more)
            said: Any = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotDoneError(f"{self._client.base_url}: {error}") from error
        if not answer.is_success:
            raise NotDoneError(f"{said.get('code')}: {said.get('detail')}")
        return dict(said)
