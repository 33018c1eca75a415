"""``/orgs/{org_slug}/audit/``: what happened in an organization. Mounted with the app ``ninja_orgkit.audit``."""

from __future__ import annotations

from functools import partial
from typing import Any

from ninja import Query

from ninja_orgkit.audit.schemas import ORDERINGS, OrgkitEvent, OrgkitEventQuery, represent_event
from ninja_orgkit.audit.selectors import events_of_organization
from ninja_orgkit.conf import settings
from ninja_orgkit.organizations.routing import MemberRequest, OrganizationRouter, organization_bearer
from ninja_orgkit.protocol.pagination import OrgkitPage, PageQuery, paginate

router = OrganizationRouter(tags=["audit"], auth=organization_bearer)


@router.get("/", response=OrgkitPage[OrgkitEvent], needs="audit.read")
def list_audit_events(request: MemberRequest, page: PageQuery, filters: Query[OrgkitEventQuery]) -> dict[str, Any]:
    """List what happened in an organization, newest first, by `created_at`."""
    rows = events_of_organization(request.organization, filters.lookups())
    represent = partial(represent_event, with_client=settings.AUDIT_ADDRESSES)
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent)
