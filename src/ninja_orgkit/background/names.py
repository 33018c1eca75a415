"""Names in mails. Whoever chose them may want the reader to follow a link."""

from __future__ import annotations

import re

_GAP = "\u202f"  # a narrow space: programs that look for links end them at spaces
_NOT_PRINTED = re.compile(r"[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Characters without ink that a program may skip, or that change the direction of the text around them."""
_BREAKS = re.compile(
    r"""
    (?<=\S) (?= [.\u3002\uff0e\uff61] [^\s.]{2} ) | (?<= \S[.\u3002\uff0e\uff61] ) (?= [^\s.]{2} )  # example.com
    | (?<=\S) (?= [:@\uff1a\uff20] \S ) | (?<= \S[:@\uff1a\uff20] ) (?=\S)                        # tel:1, ann@host
    | (?<=/) (?=/) | (?<=\\) (?=\\)                                                               # //host, \\host
    | (?<==) (?=\?)                                                                               # =?utf-8?q?...?=
    """,
    re.VERBOSE,
)


def printable_name(name: str) -> str:
    """Return a name on one line, with narrow spaces where a program would take it for a link or a coded header."""
    return _BREAKS.sub(_GAP, _NOT_PRINTED.sub("", " ".join(name.split())))
