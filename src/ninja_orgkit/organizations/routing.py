"""The router for routes of an organization: a membership is the only way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ninja_orgkit.accounts.bearer import AuthedRequest, OrgkitBearer
from ninja_orgkit.organizations.guard import find_caller
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors.memberships import get_membership
from ninja_orgkit.protocol.gates import Gate
from ninja_orgkit.protocol.parameters import OrgSlug
from ninja_orgkit.protocol.routing import OrgkitRouter

organization_bearer: Any = OrgkitBearer(partial(find_caller, parameter="org_slug"))
"""``bearer`` for routes whose path, or whose parameter ``organization``, names an organization.

The statement that finds the caller finds the membership too, and so the gate takes none.
"""
ANY_ROLE = ""
"""For ``needs``: the route is open to every member, whatever their role."""


class MemberRequest(AuthedRequest):
    """A request whose caller is a member of its organization: ``organization``, ``member``, and ``auth``."""

    organization: Organization
    member: Membership


class OrganizationRouter(OrgkitRouter):
    """A router whose routes declare the permission that they need in an organization."""

    def api_operation(
        self,
        methods: list[str],
        path: str,
        *,
        needs: str | None = None,
        organization_of: Callable[[Mapping[str, Any]], str] | None = None,
        **kwargs: Any,
    ) -> Callable[[Callable[..., Any]], Any]:
        """Register an endpoint. ``get``, ``post``, ``put``, ``patch`` and ``delete`` take the same arguments.

        ``needs`` is the permission that the caller needs in the organization, or ``ANY_ROLE``. Leave it out for a route
        that is not in an organization. The path has a parameter ``org_slug``, which the endpoint does not take: it gets
        a ``MemberRequest`` instead. A caller who is not a member gets NotFound, and one whose role lacks the permission
        Forbidden. If the slug is not in the path, ``organization_of`` reads it from the values of the parameters. All
        other arguments are those of ``OrgkitRouter``.
        """
        if needs is not None:
            kwargs["gate"] = _gate(needs, organization_of)
        return super().api_operation(methods, path, **kwargs)


def _gate(needs: str, organization_of: Callable[[Mapping[str, Any]], str] | None) -> Gate:
    def enter(request: Any, values: Mapping[str, Any]) -> None:
        slug = organization_of(values) if organization_of else values["org_slug"]
        request.member = get_membership(request.auth, slug, needs=needs or None)
        request.organization = request.member.organization

    return Gate(enter, {} if organization_of else {"org_slug": OrgSlug}, permission=needs)
