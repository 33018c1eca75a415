"""Register the rows of events in an export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ninja_orgkit.audit.schemas import OrgkitEvent, represent_event
from ninja_orgkit.audit.selectors import events_of_organization
from ninja_orgkit.conf import settings
from ninja_orgkit.registry import export_rows


class OrgkitEventRow(OrgkitEvent):
    """An event of the organization."""


def event_rows(organization: Any) -> Iterator[dict[str, Any]]:
    """Yield the trail of an organization, oldest first."""
    for event in events_of_organization(organization).order_by("created_at", "id").iterator():
        yield represent_event(event, with_client=settings.AUDIT_ADDRESSES)


export_rows("audit_events", row=OrgkitEventRow, rows=event_rows)
