"""What API keys register: their rows in an export."""

from __future__ import annotations

from ninja_orgkit.apikeys.rows import OrgkitApiKeyRow, api_key_rows
from ninja_orgkit.registry import export_rows

export_rows("api_keys", row=OrgkitApiKeyRow, rows=api_key_rows)
