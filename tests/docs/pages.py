"""The pages of the documentation, and what is in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
GUIDES = [path for path in PAGES if "reference" not in path.parts and path.name != "changelog.md"]
FENCE = re.compile(r"(?P<run><!-- run -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [found["text"] for found in FENCE.finditer(page.read_text()) if found["language"] == language]


def name_of(page: Path) -> str:
    """Return the path that identifies a page in the name of a test."""
    return str(page.relative_to(ROOT))


def generated() -> set[Path]:
    """Return the pages that docs/generate.py writes."""
    return {DOCS / "reference" / name for name in ("routes.md", "settings.md", "errors.md", "checks.md", "audit.md")}
