"""Words: closed sets of them, as fast to look up as the texts they are, and texts in both languages."""

from collections.abc import Mapping
from enum import StrEnum


class Word(StrEnum):
    """Equal to its text, and hashed as it: `Enum` hashes by a call of Python's, which decisions pay for many times."""

    __hash__ = str.__hash__


def bilingual(text: object) -> bool:
    """Whether `text` says something in Chinese and in English."""
    return isinstance(text, Mapping) and all(text.get(language) for language in ("zh", "en"))
