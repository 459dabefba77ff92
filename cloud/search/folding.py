"""Why something was found: where in a text the words stand that were asked for. Pure.

The database finds (migration 0037, `search_fold`); this only marks, letter by letter, by the same rule.
"""

import re
import unicodedata
from collections.abc import Sequence

from cloud.search.models import Piece

_DROPPED = re.compile(
    "[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3004\u3008-\u3020\u3030\u30fb"
    "\uff61-\uff65]"
)


def fold(text: str) -> str:
    """`text` as it is compared: without case, width, blanks and punctuation."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).lower())


def pieces(text: str, words: Sequence[str]) -> list[Piece]:
    """`text` in pieces, those marked that are among the folded `words`."""
    folded, owner = "", []  # of each folded letter: which letter of the text it came from
    for place, letter in enumerate(text):
        part = fold(letter)
        folded += part
        owner += [place] * len(part)
    marked = [False] * len(text)
    for word in words:
        at = folded.find(word) if word else -1
        while at >= 0:
            for place in range(owner[at], owner[at + len(word) - 1] + 1):
                marked[place] = True
            at = folded.find(word, at + 1)
    found: list[Piece] = []
    for letter, hit in zip(text, marked, strict=True):
        if found and found[-1].hit is hit:
            found[-1].text += letter
        else:
            found.append(Piece(text=letter, hit=hit))
    return found


def around(text: str, words: Sequence[str], most: int = 80) -> list[Piece]:
    """As `pieces`; of a long text what is around its first hit, with dots where something was left out."""
    cut = pieces(text, words)
    if len(text) <= most:
        return cut
    before = next((sum(len(p.text) for p in cut[:n]) for n, piece in enumerate(cut) if piece.hit), 0)
    start = max(0, min(before - most // 4, len(text) - most))
    shown = pieces(text[start : start + most], words)
    dots = Piece(text="…", hit=False)
    return [*([dots] if start else []), *shown, *([dots] if start + most < len(text) else [])]
