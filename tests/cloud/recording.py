"""Real requests and answers of the tests as examples of the OpenAPI document.

`SEALTRAIL_RECORD_EXAMPLES=1 .venv/bin/pytest tests/cloud/<room>` puts what was asked and answered there into
cloud/web/examples.json: of each operation the fullest that is not long.
"""

import functools
import json
import os
import re
from typing import Any

import httpx

from cloud.web.app import openapi
from cloud.web.examples import FILE, shortened

RECORDING = "SEALTRAIL_RECORD_EXAMPLES" in os.environ
LONG = 6000
"""Bytes of JSON above which nobody reads an example."""


@functools.cache
def _operations() -> list[tuple[str, re.Pattern[str], int, str]]:
    found = []
    for path, item in openapi()["paths"].items():
        pattern = re.compile("/".join(re.sub(r"\{\w+\}", ".+", part) for part in path.split("/")))
        literal = len(re.sub(r"\{\w+\}", "", path))
        found += [(method.upper(), pattern, literal, each["operationId"]) for method, each in item.items()]
    return sorted(found, key=lambda one: -one[2])


async def record(response: httpx.Response) -> None:
    """Keeps a good answer, and what was asked, unless a fuller one is kept."""
    if not response.is_success or "json" not in response.headers.get("content-type", ""):
        return
    request = response.request
    name = next((o for m, p, _, o in _operations() if m == request.method and p.fullmatch(request.url.path)), None)
    if name is None:
        return
    await response.aread()
    kept: dict[str, Any] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    made: dict[str, Any] = {"status": response.status_code, "answer": shortened(response.json())}
    if "json" in request.headers.get("content-type", ""):
        made["asked"] = shortened(json.loads(request.content))
    before = kept.get(name)
    size = len(json.dumps(made))
    if size <= LONG and (before is None or size > len(json.dumps(before))):
        kept[name] = made
        FILE.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
