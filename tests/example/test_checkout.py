"""A checkout stays clean when somebody tries the example."""

from __future__ import annotations

import re

from tests.test_tour import ROOT, tour


def test_what_the_tour_writes_is_ignored_by_git() -> None:
    written = set(re.findall(r"-o (\S+)", tour()))
    assert {"me.json", "export.zip"} <= written
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {f"/{name}" for name in written} <= set(ignored)


def test_the_picture_in_the_readme_is_there_and_small() -> None:
    [picture] = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text())
    content = (ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 150_000
