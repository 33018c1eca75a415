"""Keys: what two spellings of one name, address or text have in common, and what an id can be, on every database."""

from __future__ import annotations

import re
import unicodedata

MAX_ID = 2**63 - 1

_NAME_NOISE = re.compile(r"[._-]+")
# To Unicode, strokes and lack of a dot are parts of a letter, not diacritics: nothing decomposes these.
_PLAIN = str.maketrans("łøđðħŧ\u0131", "loddhti") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})


def text_key(value: str) -> str:
    """Return the text without outer space, NFKC-normalised and case-folded (Unicode 3.13, caseless matching)."""
    folded = unicodedata.normalize("NFKC", value.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)


def email_key(value: str) -> str | None:
    """Return the canonical form of an e-mail address, None for a blank one."""
    return text_key(value) or None


def username_key(value: str) -> str | None:
    """Return the canonical form of a username, in which case and ``. _ -`` make no difference; None for a blank one."""
    return _NAME_NOISE.sub("", text_key(value)) or None


def search_key(value: str) -> str:
    """Return the text as searches and sorting compare it: folded, without diacritics, each run of space one blank."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).translate(_PLAIN)
    return " ".join(unicodedata.normalize("NFKC", bare.casefold()).split())
