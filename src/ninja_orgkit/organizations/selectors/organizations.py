"""Find organizations: those of a caller or an account, and those that need attention."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from ninja_orgkit.accounts.authentication import Caller
from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.conf import settings
from ninja_orgkit.database.prepared import Prepared
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.ownership import Fates, owned_by
from ninja_orgkit.organizations.roles import owner_roles
from ninja_orgkit.organizations.selectors.memberships import ACCOUNT, memberships_of

_organizations_of_account = Prepared(
    lambda: (
        Membership.objects.filter(account=ACCOUNT, organization__deleted_at=None)
        .order_by("organization__sort_key", "organization__slug")
        .values_list("organization__slug", "organization__name", "organization__type", "role")
    )
)


def organizations_of(caller: Caller) -> QuerySet[Membership]:
    """Return the caller's memberships with their organizations."""
    return memberships_of(caller).select_related("organization")


def organizations_of_account(account: Account) -> list[dict[str, str]]:
    """Return slug, name, type and role of every organization of an account, by name. Takes one statement."""
    rows = _organizations_of_account.run(account=account.pk)
    return [dict(zip(("slug", "name", "type", "role"), row, strict=True)) for row in rows]


def fates_without(account: Account) -> Fates[Organization]:
    """Return what becomes of the organizations of an account when it is deleted. Takes four statements at most."""
    mine = Membership.objects.filter(account=account)
    return Membership.objects.fates(mine.values_list("pk", flat=True))


def accounts_without_personal_organization() -> QuerySet[Account]:
    """Return the accounts that lack a personal organization: none where nobody gets one."""
    lacking = Account.objects.filter(personal_organization=None)
    return lacking if settings.PERSONAL_ORGANIZATIONS else lacking.none()


def without_active_owner(organizations: QuerySet[Organization]) -> list[Organization]:
    """Return those groups, by slug, that are open and have owners, but no active one.

    A personal organization belongs to one person, so it is as it should be when they are inactive.
    """
    open_ones = organizations.filter(deleted_at=None, type=Organization.Type.GROUP).order_by("slug")
    owners = Membership.objects.filter(role__in=owner_roles())
    if has_active_column():
        active = owners.filter(organization=OuterRef("pk"), account__user__is_active=True)
        inactive = owners.filter(account__user__is_active=False)
        return list(open_ones.filter(pk__in=inactive.values("organization")).exclude(Exists(active)))
    owned = owned_by(owners.filter(organization__in=open_ones.order_by().values("pk")))
    blocked = {item.organization for item in owned} - {item.organization for item in owned if item.active}
    return list(open_ones.filter(pk__in=blocked))
