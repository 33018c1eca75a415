"""``/users/me/security-events``: what happened to an account. Mounted with the app ``ninja_orgkit.audit``."""

from __future__ import annotations

from typing import Any

from ninja import Query

from ninja_orgkit.accounts.bearer import AuthedRequest, bearer
from ninja_orgkit.audit.schemas import ORDERINGS, OrgkitEvent, OrgkitEventQuery, represent_event
from ninja_orgkit.audit.selectors import security_events_of
from ninja_orgkit.protocol.pagination import OrgkitPage, PageQuery, paginate
from ninja_orgkit.protocol.routing import OrgkitRouter

router = OrgkitRouter(tags=["audit"], auth=bearer, people_only=True)


@router.get("/me/security-events", response=OrgkitPage[OrgkitEvent])
def list_security_events(request: AuthedRequest, page: PageQuery, filters: Query[OrgkitEventQuery]) -> dict[str, Any]:
    """List what happened to the caller's account, newest first: sign-ins, passwords, addresses and the like."""
    rows = security_events_of(request.auth.account, filters.lookups())
    return paginate(request, rows, page, orderings=ORDERINGS, represent=represent_event)
