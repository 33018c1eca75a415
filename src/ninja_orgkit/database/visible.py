"""What can be seen of a text."""

from __future__ import annotations

from unicodedata import category

_UNSEEN_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
"""Control and format characters, and spaces."""
_UNSEEN_RANGES = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x2800, 0x2800),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x13441, 0x13442), (0x16FE4, 0x16FE4),
    (0x1D159, 0x1D159), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Letters, marks and symbols that are drawn blank, and code points that Unicode keeps for more of them (the property
``Default_Ignorable_Code_Point``)."""
_UNSEEN = frozenset(chr(code) for first, last in _UNSEEN_RANGES for code in range(first, last + 1))


def is_blank(text: str) -> bool:
    """Tell whether nothing can be seen of a text: it is empty, or made of spaces and other characters without ink."""
    return all(char in _UNSEEN or category(char) in _UNSEEN_CATEGORIES for char in text)


def visible(text: str) -> str:
    """Return the text, or "" if nothing can be seen of it."""
    return "" if is_blank(text) else text
