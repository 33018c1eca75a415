"""What clients see of exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext
from pydantic import BaseModel, Field

from ninja_orgkit.protocol.fields import Moment, example


class OrgkitExportProgress(BaseModel):
    """How far an export is."""

    model_config = example(done=1200, total=2400, percent=50)

    done: int = Field(description="Rows and files that are in the archive so far.")
    total: int = Field(description="Rows and files in the finished archive; 0 until all rows are read.")
    percent: int = Field(ge=0, le=100)


class OrgkitExport(BaseModel):
    """An export of an organization."""

    model_config = example(
        id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
        status="ready",
        progress={"done": 2400, "total": 2400, "percent": 100},
        size=52428800,
        sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        requested_by="ada-5kq2m7xa",
        created_at="2026-01-31T09:30:00Z",
        started_at="2026-01-31T09:30:00Z",
        finished_at="2026-01-31T09:31:00Z",
        expires_at="2026-02-07T09:31:00Z",
        download_url="https://example.com/api/v1/exports/download?token=WyJhZGEiXQ.c2lnbmF0dXJl",
        error=None,
    )

    id: UUID
    status: Literal["queued", "running", "ready", "failed", "expired", "cancelled"]
    progress: OrgkitExportProgress
    size: int | None = Field(description="Bytes of the archive.")
    sha256: str | None = Field(description="SHA-256 of the archive, in hexadecimal.")
    requested_by: str | None = Field(description="Slug of the user who requested it.")
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    expires_at: Moment | None = Field(description="When the archive is deleted.")
    download_url: str | None = Field(description="The caller's own link; null unless the archive is ready.")
    error: str | None


def represent_export(row: dict[str, Any], link: Callable[[str], str]) -> dict[str, Any]:
    """Return an export as clients see it; ``link`` makes the caller's download URL of a job's id."""
    status = _shown_status(row["status"], row["expires_at"])
    done, total, finished = row["done"], row["total"], status in ("ready", "expired")
    percent = 100 if finished else min(99, done * 100 // total) if total else 0
    return {
        **row,
        "status": status,
        "progress": {"done": done, "total": total, "percent": percent},
        "sha256": row["sha256"] or None,
        "requested_by": row["requested_by__slug"],
        "download_url": link(str(row["id"])) if status == "ready" else None,
        "error": gettext(row["error"]) or None,
    }


def _shown_status(status: str, expires_at: datetime | None) -> str:
    """Return the status, ``expired`` for what is ready and past its time, whether it is deleted yet or not."""
    past = status == "ready" and expires_at is not None and expires_at <= timezone.now()
    return "expired" if past else status
