"""Reading an archive."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from functools import cached_property
from pathlib import Path
from typing import Any

VERIFY = Path(__file__).resolve().parents[2] / "docs" / "examples" / "verify_export.py"


class Unpacked:
    """An archive that somebody downloaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = zipfile.ZipFile(path)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.zip.read("manifest.json"))
        return found

    @property
    def names(self) -> list[str]:
        return self.zip.namelist()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.zip.read(f"data/{kind}.jsonl").splitlines()]

    def cells(self, kind: str) -> list[dict[str, str]]:
        text = self.zip.read(f"csv/{kind}.csv").decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def text(self) -> str:
        """Return everything but the pictures as one text."""
        names = [name for name in self.names if name.rpartition(".")[2] in ("json", "jsonl", "csv", "html")]
        return "\n".join(self.zip.read(name).decode() for name in names)

    def verify(self, sha256: str = "") -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, str(VERIFY), str(self.path), *([sha256] if sha256 else [])]
        return subprocess.run(arguments, capture_output=True, text=True, check=False)
