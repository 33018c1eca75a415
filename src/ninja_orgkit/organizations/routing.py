"""The router of what lies in an organization: a membership is the only way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ninja_orgkit.accounts.bearer import AuthedRequest
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors import get_membership
from ninja_orgkit.protocol.parameters import OrgSlug
from ninja_orgkit.protocol.routing import Gate, OrgkitRouter

ANY_ROLE = ""
"""What an operation needs that is open to every member."""


class MemberRequest(AuthedRequest):
    """A request of a member of the organization that it is about."""

    organization: Organization
    member: Membership


class OrganizationRouter(OrgkitRouter):
    """A router whose operations say which permission they need in an organization."""

    def api_operation(
        self,
        methods: list[str],
        path: str,
        *,
        needs: str | None = None,
        organization_of: Callable[[Mapping[str, Any]], str] | None = None,
        **kwargs: Any,
    ) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint.

        ``needs`` is the permission that it needs in the organization whose slug is ``org_slug`` in the path, or
        ``ANY_ROLE``. The endpoint gets a ``MemberRequest`` and no ``org_slug``; to a caller who is not a member the
        organization does not exist. ``organization_of`` finds the slug elsewhere in the values of the parameters. An
        operation that is not in an organization says nothing.
        """
        if needs is not None:
            kwargs["gate"] = _gate(needs, organization_of)
        return super().api_operation(methods, path, **kwargs)


def _gate(needs: str, organization_of: Callable[[Mapping[str, Any]], str] | None) -> Gate:
    def enter(request: Any, values: Mapping[str, Any]) -> None:
        slug = organization_of(values) if organization_of else values["org_slug"]
        request.member = get_membership(request.auth, slug, needs=needs or None)
        request.organization = request.member.organization

    return Gate(enter, {} if organization_of else {"org_slug": OrgSlug})
