"""A closed set of words, as fast to look up as the texts they are."""

from enum import StrEnum


class Word(StrEnum):
    """Equal to its text, and hashed as it: `Enum` hashes by a call of Python's, which decisions pay for many times."""

    __hash__ = str.__hash__
