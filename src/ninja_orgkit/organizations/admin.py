"""Organizations, memberships and invitations in Django's admin. It never removes the last owner."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext

from ninja_orgkit.audit.actions import (
    INVITATION_DELETED,
    MEMBER_ADDED,
    MEMBER_REMOVED,
    ORGANIZATION_UPDATED,
    ROLE_CHANGED,
)
from ninja_orgkit.audit.staff import AnnouncedAdmin
from ninja_orgkit.conf import settings
from ninja_orgkit.custom.forms import JSON_OBJECTS
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import Conflict, NotFound
from ninja_orgkit.files.admin import ValuesFilter, picture
from ninja_orgkit.organizations.models import Invitation, Membership, Organization
from ninja_orgkit.organizations.selectors.organizations import without_active_owner
from ninja_orgkit.organizations.services import organizations
from ninja_orgkit.organizations.services.limits import require_role_allowed
from ninja_orgkit.organizations.services.organizations import lock_organization

_NAMED = 10
"""How many organizations a warning names."""


class _WarnsOfBlockedOrganizations(AnnouncedAdmin):
    """Pages that say which organizations nobody can manage, because the users of all their owners are inactive."""

    _organization = "pk"

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Show the list, with the warning about the organizations on this page."""
        response = super().changelist_view(request, *args, **kwargs)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        if request.method == "GET" and shown is not None:
            keys = {attrgetter(self._organization)(row) for row in shown.result_list}
            warn_of_blocked(request, Organization.objects.filter(pk__in=keys))
        return response

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form, with the warning about the organization that it is about."""
        obj = self.get_object(request, object_id) if object_id else None
        if request.method == "GET" and obj is not None:
            warn_of_blocked(request, Organization.objects.filter(pk=attrgetter(self._organization)(obj)))
        return super().changeform_view(request, object_id, form_url, extra_context)


def warn_of_blocked(request: HttpRequest, organizations: QuerySet[Organization]) -> None:
    """Warn of the organizations among these that nobody can manage."""
    if blocked := without_active_owner(organizations):
        named = ", ".join(item.slug for item in blocked[:_NAMED])
        if len(blocked) > _NAMED:
            named = gettext("%(organizations)s and %(count)s more") % {
                "organizations": named,
                "count": len(blocked) - _NAMED,
            }
        text = gettext("No active owner: %(organizations)s. Make an active member an owner.")
        messages.warning(request, text % {"organizations": named})


def warn_of_deactivation(user_admin: Any) -> None:
    """Let the host's admin of users warn when a saved user was the last active owner of an organization."""
    if "log_change" in vars(user_admin):  # done before: URLs may be made twice
        return
    log_change = user_admin.log_change

    def warning(request: HttpRequest, obj: Any, *args: Any) -> Any:
        if not getattr(obj, "is_active", True):
            warn_of_blocked(request, Organization.objects.filter(memberships__account=obj.pk))
        return log_change(request, obj, *args)

    user_admin.log_change = warning


@admin.register(Organization)
class OrganizationAdmin(_WarnsOfBlockedOrganizations):
    """Organizations. Deleting one closes it; its rows and files are deleted in the background."""

    changed = ORGANIZATION_UPDATED
    list_display = ("name", "owner", "slug", "type", "created_at", "deleted_at")
    list_filter = ("type", ("deleted_at", admin.EmptyFieldListFilter))
    list_select_related = ("personal_of",)
    search_fields = ("name", "slug", "personal_of__username", "personal_of__email")
    readonly_fields = ("logo", "slug", "type", "owner", "created_at", "updated_at", "deleted_at")
    formfield_overrides = JSON_OBJECTS

    def get_urls(self) -> Any:
        """Return the URLs. By now every model is registered, the host's users too, so their admin can be reached."""
        if self.admin_site.is_registered(get_user_model()):
            warn_of_deactivation(self.admin_site.get_model_admin(get_user_model()))
        return super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        """Return the organizations with their owners, so that the choice in a form tells personal ones apart."""
        found: QuerySet[Organization] = super().get_queryset(request).select_related("personal_of")
        return found

    @admin.display(description="logo")
    def logo(self, organization: Organization) -> str:
        """Show the logo, which links to the large one."""
        return picture(organization.avatar, size=160, target=organization.avatar_large)

    @admin.display(description="owner")
    def owner(self, organization: Organization) -> str:
        """Return the person whose personal organization it is."""
        account = organization.personal_of
        return (account.username or account.slug) if account else "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add an organization here: the API and the service create it with an owner."""
        return False

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """List the organizations only, not all of their rows. Protect personal ones, which go with their account."""
        found = list(objs)
        personal = [str(item) for item in found if item.type == Organization.Type.PERSONAL]
        return [str(item) for item in found], {"organizations": len(found)}, set(), personal

    def delete_model(self, request: HttpRequest, obj: Organization) -> None:
        """Close the organization."""
        self._close([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Organization]) -> None:
        """Close the organizations."""
        self._close(queryset)

    def _close(self, found: Iterable[Organization]) -> None:
        for organization in found:
            if organization.deleted_at is None:
                organizations.delete_organization(organization)


class _MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses a membership beyond the limits. The admin saves it in the same transaction, so the locks last."""

    def clean(self) -> dict[str, Any]:
        """Ask the limits, once everything else is right."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        adding = self.instance._state.adding
        organization = given.get("organization") if adding else self.instance.organization
        account = given.get("account") if adding else self.instance.account
        if organization and account and given.get("role"):
            try:
                with atomic():
                    organization = lock_organization(organization)
                    former = "" if adding else self.instance.role
                    require_role_allowed(organization, account, role=given["role"], former=former)
            except NotFound:
                pass  # a closed organization, of which the model says so
            except Conflict as exc:
                raise forms.ValidationError(exc.detail) from None
        return given


class RoleFilter(ValuesFilter):
    """Filters memberships by their role."""

    title = parameter_name = "role"

    def values(self) -> Iterable[str]:
        """Return the roles in ``ROLES``."""
        return settings.ROLES


@admin.register(Membership)
class MembershipAdmin(_WarnsOfBlockedOrganizations):
    """Members of organizations. The last owner can be neither demoted nor removed."""

    _organization = "organization_id"

    added, changed, deleted = MEMBER_ADDED, ROLE_CHANGED, MEMBER_REMOVED
    form = _MembershipForm
    list_display = ("organization", "account", "role", "joined_at")
    list_filter = (RoleFilter,)
    list_select_related = ("organization__personal_of", "account")
    search_fields = ("organization__slug", "organization__name", "account__slug", "account__email")
    autocomplete_fields = ("organization",)
    raw_id_fields = ("account",)
    readonly_fields = ("joined_at",)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the existing roles."""
        if db_field.name == "role":
            return forms.ChoiceField(choices=[(role, role) for role in settings.ROLES])
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Allow only the role of an existing membership to change."""
        return ("organization", "account", "joined_at") if obj else ("joined_at",)

    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        """Name the organizations that would lose their last owner, instead of failing."""
        found = list(objs)
        deleted, counts, needed, protected = super().get_deleted_objects(found, request)
        orphans = Membership.objects.orphaned_by([item.pk for item in found])
        named = [gettext("the last owner of %(organization)s") % {"organization": item} for item in orphans]
        return deleted, counts, needed, [*protected, *named]


@admin.register(Invitation)
class InvitationAdmin(AnnouncedAdmin):
    """Invitations. The API sends and answers them."""

    deleted = INVITATION_DELETED
    list_display = ("email", "organization", "role", "current_status", "invited_by", "created_at", "expires_at")
    list_filter = ("status",)
    list_select_related = ("organization__personal_of", "invited_by")
    search_fields = ("email", "organization__slug", "organization__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow nobody to add an invitation here: no mail would be sent."""
        return False

    exclude = ("status",)
    readonly_fields = ("current_status",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        """Return the invitations with what their status depends on."""
        everything: Any = super().get_queryset(request)
        found: QuerySet[Invitation] = everything.with_senders().select_related(
            "organization__personal_of", "invited_by"
        )
        return found

    @admin.display(description="status", ordering="status")
    def current_status(self, invitation: Invitation) -> str:
        """Return the status as accepting the invitation now would find it."""
        return invitation.shown_status

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Allow nobody to change an invitation: its mail has already been sent."""
        return False
