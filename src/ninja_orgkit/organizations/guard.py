"""``require``: the way into an organization, for endpoints of a host on a router of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from ninja_orgkit.accounts.authentication import Caller, caller_of
from ninja_orgkit.accounts.bearer import OrgkitBearer
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.selectors.memberships import OrganizationCaller, caller_in_organization, get_membership
from ninja_orgkit.protocol.parameters import OrgSlug
from ninja_orgkit.protocol.responses import adapter


@dataclass(frozen=True, kw_only=True)
class MemberCaller(OrganizationCaller):
    """A caller who is a member of an organization."""

    membership: Membership

    @property
    def organization(self) -> Organization:
        """The organization that the path names."""
        return self.membership.organization

    @property
    def permissions(self) -> frozenset[str]:
        """The permissions of the caller in the organization."""
        return self.membership.permissions


class GuardedRequest(HttpRequest):
    """A request that ``require`` let through."""

    auth: MemberCaller


class OrgkitMember(OrgkitBearer):
    """``OrgkitBearer`` for members of an organization. By this name, the OpenAPI document knows how a route refuses."""


def require(permission: str, *, parameter: str = "org_slug") -> Any:
    """Return the ``auth`` of an endpoint that only members with a permission may call.

    ``@router.get("/orgs/{org_slug}/products/", auth=require("contacts.read"))`` works on every router and API of ninja.
    The path has the slug of the organization in the parameter ``org_slug``, or in the one that ``parameter`` names.
    ``ANY_ROLE`` lets every member in. In the endpoint, ``request.auth`` is a ``MemberCaller``.

    It takes one statement besides those that find the caller, and with a bearer token of the kit one in all. It raises
    Unauthenticated without a caller, NotFound for somebody who is not a member, whether or not the organization exists,
    and Forbidden for a role without the permission. ``add_error_handlers`` lets an API answer these as the kit does.
    """
    return OrgkitMember(partial(find_caller, parameter=parameter), admit=_Admission(permission, parameter))


def find_caller(request: HttpRequest, token: str, *, parameter: str) -> Caller:
    """Return the caller that a token stands for, with the membership in the organization that the path names.

    If the path names none, the query parameter ``organization`` does. Raises InvalidJwt.
    """
    match = request.resolver_match
    slug = (match.kwargs.get(parameter) if match else None) or request.GET.get("organization")
    # What may be no slug, or not in the form that slugs are kept in, is left to the parameters of the route.
    if slug is None or not (slug.isascii() and slug.isprintable()):
        return caller_of(request, token)
    return caller_in_organization(slug, token)


@dataclass(frozen=True)
class _Admission:
    """Lets members with a permission in, and nobody else."""

    permission: str
    parameter: str

    def __call__(self, request: HttpRequest, caller: Caller) -> MemberCaller:
        path = request.resolver_match.kwargs if request.resolver_match else {}
        if self.parameter not in path:
            raise ImproperlyConfigured(
                f"The path of this route has no parameter {self.parameter!r}. "
                f'Say which one has the slug: require({self.permission!r}, parameter="…").'
            )
        slug = adapter(OrgSlug).validate_python(path[self.parameter])
        membership = get_membership(caller, slug, needs=self.permission or None)
        return MemberCaller(caller.account, caller.session, caller.key, org_slug=slug, membership=membership)
