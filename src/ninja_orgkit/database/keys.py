"""Keys: the form that all spellings of a name or a text share, the same on every database."""

from __future__ import annotations

import re
import unicodedata

MAX_ID = 2**63 - 1
"""The largest integer key that every database can hold."""

_NAME_NOISE = re.compile(r"[._-]+")
# For Unicode, a stroke or a missing dot is part of a letter and not a diacritic, so these do not decompose.
_PLAIN = str.maketrans("łøđðħŧ\u0131", "loddhti") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})


def text_key(value: str) -> str:
    """Return the text stripped, NFKC-normalised and case-folded (Unicode, section 3.13, caseless matching)."""
    folded = unicodedata.normalize("NFKC", value.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)


def username_key(value: str) -> str | None:
    """Return the canonical form of a username, without case and ``. _ -``, None for a blank one."""
    return _NAME_NOISE.sub("", text_key(value)) or None


def search_key(value: str) -> str:
    """Return the text as searches and sorting compare it: case-folded, without diacritics, with single spaces."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFKC", bare.casefold()).split())
