"""The text that searches look in, and the terms that they look for: one is made to match the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ninja_orgkit.database.keys import search_key

_NUMBER = re.compile(r"[0-9](?:[0-9 ()./+-]*[0-9])?")
_NUMERIC_TERM = re.compile(r"[()./+-]*[0-9][0-9()./+-]*")
_NOT_A_DIGIT = re.compile(r"[^0-9]")
_TRUNK_PREFIX = "(0)"
_DIALLED_LENGTH = 7
"""From how many digits on a term counts as a number that somebody dials."""


def searched_text(values: Iterable[str]) -> str:
    """Return the text that a search looks in: the values as they compare, then their numbers as digits alone."""
    texts = [text for text in map(search_key, values) if text]
    numbers = dict.fromkeys(digits for text in texts for digits in _digits_in(text))
    return " ".join([*texts, *numbers])


def search_terms(search: str) -> list[str]:
    """Return the distinct terms of a search, as ``searched_text`` has them.

    Of a number only the digits count, however it is written. One that is long enough to be dialled loses the zeros at
    its start, which stand for a country or area code that may be written otherwise: 0030, +30.
    """
    return list(dict.fromkeys(map(_term, search_key(search).split())))


def _term(text: str) -> str:
    if not _NUMERIC_TERM.fullmatch(text):
        return text
    digits = _NOT_A_DIGIT.sub("", text)
    return digits if len(digits) < _DIALLED_LENGTH else digits.lstrip("0") or digits


def _digits_in(text: str) -> Iterator[str]:
    for number in _NUMBER.findall(text):
        for written in (number, number.replace(_TRUNK_PREFIX, "")):  # +49 (0)30 is dialled with or without the zero
            if not written.isdigit():
                yield _NOT_A_DIGIT.sub("", written)
