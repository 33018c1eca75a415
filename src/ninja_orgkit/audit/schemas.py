"""What clients see of events, and by what they find them."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from ninja_orgkit.audit.models import Event
from ninja_orgkit.protocol.fields import Line, Moment, Since, example
from ninja_orgkit.protocol.pagination import Orderings

ORDERINGS = Orderings({"created_at": "created_at"}, default="-created_at", tie="id")


class OrgkitEventKey(BaseModel):
    """The API key with which something was done."""

    id: UUID
    name: str


class OrgkitEventTarget(BaseModel):
    """What something happened to."""

    kind: str = Field(description="Such as `member`; for a model of the host its registered name, like `shop/product`.")
    id: str = Field(description="The public identifier, such as the slug of a member.")
    name: str = Field(description="The name at that time.")


class OrgkitEventChange(BaseModel):
    """The values of a field before and after. Both are null for long texts, which events do not repeat."""

    old: Any
    new: Any


class OrgkitEvent(BaseModel):
    """Something that happened."""

    model_config = example(
        id="018f3a52-7b1c-7c3e-9d41-5f0c2ab4e6d8",
        action="member.role_changed",
        actor="ada-5kq2m7xa",
        actor_kind="user",
        api_key=None,
        target={"kind": "member", "id": "bob-3xk7a2mq", "name": "Bob"},
        changes={"role": {"old": "member", "new": "admin"}},
        address="192.0.2.7",
        device="Firefox on Linux",
        request_id="7f9c2ba4-e88f-4c0b-9b1d-3f1b7a5d2e60",
        created_at="2026-01-31T09:30:00Z",
    )

    id: UUID
    action: str
    actor: str | None = Field(description="Slug of who did it.")
    actor_kind: Literal["user", "api_key", "staff", "system"]
    api_key: OrgkitEventKey | None
    target: OrgkitEventTarget
    changes: dict[str, OrgkitEventChange]
    address: str
    device: str
    request_id: str
    created_at: Moment


class OrgkitEventQuery(BaseModel):
    """Filters of a list of events."""

    action: Annotated[str, Line(64)] | None = Field(None, description="Such as `member.added`.")
    actor: Annotated[str, Line(64)] | None = Field(None, description="Slug of who did it.")
    target: Annotated[str, Line(255)] | None = Field(None, description="Public identifier of what it happened to.")
    target_kind: Annotated[str, Line(100)] | None = Field(None, description="Such as `member`.")
    since: Since | None = Field(None, description="The first moment.")
    until: Since | None = Field(None, description="The moment before which they end.")

    def lookups(self) -> dict[str, Any]:
        """Return the filters that were given, as lookups of the model."""
        columns = {"since": "created_at__gte", "until": "created_at__lt"}
        return {columns.get(name, name): value for name, value in self if value is not None}


def represent_event(event: Event, *, with_client: bool = True) -> dict[str, Any]:
    """Return an event as ``OrgkitEvent`` describes it. ``with_client`` says whether it tells address and device."""
    return {
        "id": event.id,
        "action": event.action,
        "actor": event.actor or None,
        "actor_kind": event.actor_kind,
        "api_key": {"id": event.key_id, "name": event.key_name} if event.key_id else None,
        "target": {"kind": event.target_kind, "id": event.target, "name": event.target_name},
        "changes": event.changes,
        "address": event.address if with_client else "",
        "device": event.device if with_client else "",
        "request_id": event.request_id,
        "created_at": event.created_at,
    }
