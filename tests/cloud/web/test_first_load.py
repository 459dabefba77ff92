"""What a browser loads before it shows a page, compressed: 300 KB at the most, whichever page it is."""

import gzip
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
DIST = ROOT / "cloud" / "console" / "dist"
MOST_BYTES = 300 * 1024
PAGE = "src/pages/"


def manifest() -> dict[str, Any]:
    path = DIST / ".vite" / "manifest.json"
    assert path.is_file(), "the console is not built: make setup"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def needed(chunks: dict[str, Any], name: str, seen: set[str]) -> set[str]:
    """The files of chunk `name` and of all that it imports at once, each one once."""
    if name in seen:
        return set()
    seen.add(name)
    chunk = chunks[name]
    files = {chunk["file"], *chunk.get("css", ())}
    for imported in chunk.get("imports", ()):
        files |= needed(chunks, imported, seen)
    return files


def compressed(files: set[str]) -> int:
    """Bytes of `files` as a server sends them, at the level of ours (cloud/web/app.py)."""
    return sum(len(gzip.compress((DIST / name).read_bytes(), 5)) for name in files)


def test_every_page_can_be_shown_after_300_kb() -> None:
    chunks = manifest()
    pages = [name for name in chunks if name.startswith(PAGE)]
    assert len(pages) > 30
    [entry] = [name for name, chunk in chunks.items() if chunk.get("isEntry")]
    weights = {}
    for page in pages:
        seen: set[str] = set()
        weights[page] = compressed({"index.html", *needed(chunks, entry, seen), *needed(chunks, page, seen)})
    assert {page: weight for page, weight in weights.items() if weight > MOST_BYTES} == {}


def test_what_every_page_needs_is_weighed_with_it() -> None:
    chunks = manifest()
    [entry] = [name for name, chunk in chunks.items() if chunk.get("isEntry")]
    files = needed(chunks, entry, set())
    assert any("vendor" in name for name in files)
    assert any(name.endswith(".css") for name in files)
    assert compressed(files) > 100_000
