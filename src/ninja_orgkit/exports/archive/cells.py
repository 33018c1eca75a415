"""Write rows as CSV in which no spreadsheet finds a formula, whatever character it takes for the separator."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it, Excel does not take a file for UTF-8

_PLUS_MINUS = "+\\-\uff0b\uff0d"  # the last two are the full-width forms, and so below
_SIGNS = f"{_PLUS_MINUS}=@\uff1d\uff20"
_GAP = ',;:|"\\s'
# Decimals arrive as text. A number with a leading plus is a telephone number.
_NUMBER = re.compile(r"-?\d+(\.\d+)?(E[+-]?\d+)?", re.ASCII)
_AT_START = re.compile(rf" *[{_SIGNS}\t\r\n]")
_ANYWHERE = re.compile(rf"[{_GAP}][{_SIGNS}]")
# A gap with a separator or a line break in it may begin a new cell, and so may blanks. But behind blanks alone, a
# number and a lone sign are left as they are: "Tel. +41 44", "a - b". A gap is only tried from its first character,
# so long ones take linear time.
_WITHIN = re.compile(
    rf'(?<![{_GAP}])(?:(?=[ "]*+(?:[,;:|]|[^\S ]))[{_GAP}]++(?=[{_SIGNS}])'
    rf'|[ "]++(?=[{_SIGNS}])(?![{_PLUS_MINUS}][\d.]*+(?:[{_GAP}]|$)))'
)


class CsvLines:
    """Makes lines of CSV (RFC 4180, UTF-8). Text is quoted, so that cells stay whole if a program guesses."""

    def __init__(self) -> None:
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, quoting=csv.QUOTE_NONNUMERIC)

    def head(self, columns: Iterable[str]) -> bytes:
        """Return the start of a file: the byte order mark and the names of the columns."""
        return _BYTE_ORDER_MARK + ",".join(columns).encode() + b"\r\n"

    def line(self, values: Iterable[Any]) -> bytes:
        """Return one line."""
        cells = [_cell(value) for value in values]
        if str(cells[0]).startswith("-"):
            # With another separator, this number and what follows it are one cell.
            cells[0] = f"'{cells[0]}"
        self._writer.writerow(cells)
        text = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return text.encode()


def _cell(value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        value = json.dumps(value, ensure_ascii=False)
    return _without_formulas(value) if isinstance(value, str) else value


def _without_formulas(text: str) -> str:
    """Put an apostrophe before each formula that the text begins with or has within (OWASP, "CSV Injection")."""
    start = "'" if _AT_START.match(text) and not _NUMBER.fullmatch(text) else ""
    return start + (_WITHIN.sub(r"\g<0>'", text) if _ANYWHERE.search(text) else text)
