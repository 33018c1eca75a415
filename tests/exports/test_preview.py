"""The page in an archive that shows what is in it."""

from __future__ import annotations

import re

from tests.exports.actions import create_contact, create_image
from tests.exports.conftest import Export
from tests.org import Org


def test_the_preview_page_runs_no_script_and_loads_nothing_remote(org: Org, export: Export) -> None:
    org.api.patch("/orgs/acme/", {"name": "<script>alert(0)</script>"})
    create_contact(org, display_name="<script>alert(1)</script>", notes='"><img src=x onerror=alert(2)>')
    create_image(org, "'\"><script>alert(3)</script>")
    page = export().zip.read("index.html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", page)


def test_the_preview_page_shows_the_first_rows_and_says_so(org: Org, export: Export) -> None:
    for number in range(130):
        create_contact(org, display_name=f"Contact {number:03}")
    archive = export()
    page = archive.zip.read("index.html").decode()
    assert ">Contact 099<" in page
    assert ">Contact 100<" not in page
    assert "the first 100 are shown" in page
    assert archive.manifest["counts"]["contacts"] == 130
