"""The OpenAPI document of the ready-made API. Building it takes a second, so all tests that read it share one."""

from __future__ import annotations

from typing import Any

from ninja_orgkit.urls import api

DOCUMENT: dict[str, Any] = api.get_openapi_schema(path_prefix="")
PATHS: dict[str, dict[str, Any]] = DOCUMENT["paths"]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
