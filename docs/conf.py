"""How the documentation is built: ``sphinx-build -n -W docs <folder>``."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "docs" / "examples"), str(ROOT / "src")]
os.environ["DJANGO_SETTINGS_MODULE"] = "host.settings"
django.setup()

project = "ninja-orgkit"
author = "ninja-orgkit contributors"
copyright = author  # noqa: A001  # the name that Sphinx reads
release = version = version_of("ninja-orgkit")

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "examples"]
suppress_warnings = ["myst.xref_missing"] if os.environ.get("ORGKIT_DOCS_DRAFT") else []

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
# What signatures name of other projects is not looked up: the docs build without a network.
nitpick_ignore_regex = [("py:.*", r".*")]

html_theme = "furo"
html_title = f"ninja-orgkit {version}"
html_show_sphinx = False
