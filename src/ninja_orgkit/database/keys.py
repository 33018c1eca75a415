"""Keys: the form that all spellings of a name or a text share, the same on every database."""

from __future__ import annotations

import re
import unicodedata

MAX_ID = 2**63 - 1
"""The largest integer key that every database can hold."""

_NAME_NOISE = re.compile(r"[._-]+")
# For Unicode, a stroke or a missing dot is part of a letter and not a diacritic, so these do not decompose.
_PLAIN = str.maketrans("łøđðħŧ\u0131", "loddhti") | str.maketrans({"æ": "ae", "œ": "oe", "þ": "th"})
_APOSTROPHES = "\u0060\u00b4\u02b9\u02bb-\u02bd\u05f3\u2018-\u201b\u2032\u2035\u2039\u203a\uff07\uff40"
_QUOTES = "\u00ab\u00bb\u02ba\u05f4\u201c-\u201f\u2033\u2036\u301d-\u301f\uff02"
_DASHES = (
    "\u02d7\u058a\u05be\u2010-\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\u301c\u3030\ufe31\ufe32\ufe58\ufe63\uff0d"
)
_SIGNS = ((re.compile(f"[{_APOSTROPHES}]"), "'"), (re.compile(f"[{_QUOTES}]"), '"'), (re.compile(f"[{_DASHES}]"), "-"))
"""What keyboards and word processors exchange for the ASCII signs."""
_IGNORED_MARKS = re.compile(
    "(?<!\u0438)\u0306|["  # the breve makes another letter of the Cyrillic one: \u0439
    r"\u0300-\u0305\u0307-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"  # Latin, Greek and Cyrillic
    r"\u0483-\u0489\u2de0-\u2dff\ua66f-\ua672\ua674-\ua67d\ua69e\ua69f"  # Cyrillic
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
    r"\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic
    r"\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff]"
)
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")


def text_key(value: str) -> str:
    """Return the text stripped, NFKC-normalised and case-folded (Unicode, section 3.13, caseless matching)."""
    folded = unicodedata.normalize("NFKC", value.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)


def username_key(value: str) -> str | None:
    """Return the canonical form of a username, without case and ``. _ -``, None for a blank one."""
    return _NAME_NOISE.sub("", text_key(value)) or None


def search_key(value: str) -> str:
    """Return the text as searches and sorting compare it, with single spaces.

    Case makes no difference, nor do the marks of Latin, Greek, Cyrillic, Hebrew and Arabic letters, the kind of an
    apostrophe, quotation mark, hyphen, dash or decimal digit, and characters that format text. All other marks stay:
    in Japanese, Thai and the scripts of India they make another letter.
    """
    for signs, plain in _SIGNS:
        value = signs.sub(plain, value)
    bare = _IGNORED_MARKS.sub("", unicodedata.normalize("NFKD", value.casefold())).translate(_PLAIN)
    folded = unicodedata.normalize("NFKC", bare.casefold())
    if not folded.isascii():
        folded = "".join(char for char in folded if unicodedata.category(char) != "Cf")
        folded = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), folded)
    return " ".join(folded.split())
