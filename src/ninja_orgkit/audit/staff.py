"""What staff do in Django's admin is announced like what people do through the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest

from ninja_orgkit.audit.acting import STAFF, Actor, acting
from ninja_orgkit.audit.actions import Action
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.files.admin import ListAdmin


class AnnouncedAdmin(ListAdmin):
    """The admin of a table of the kit, whose changes hosts hear of, and which are in the audit trail.

    ``added``, ``changed`` and ``deleted`` are the actions of what the pages do. What a receiver of the model or a
    service announces has none.
    """

    added: Action | None = None
    changed: Action | None = None
    deleted: Action | None = None

    def get_urls(self) -> Any:
        """Return the URLs, and let the site say who acts: its other pages change users, which accounts follow."""
        name_staff(self.admin_site)
        return super().get_urls()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save an object, and announce it."""
        with atomic():
            before = self._stored(obj, form) if change else {}
            super().save_model(request, obj, form, change)
            changes = changes_since(before, obj)
            if changes or not change:
                self._tell(self.changed if change else self.added, [obj], changes)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete an object, and announce it."""
        with atomic():
            self._tell(self.deleted, [obj])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete objects, and announce each."""
        related: Any = self.list_select_related
        with atomic():
            self._tell(self.deleted, queryset.select_related(*related) if related else queryset)
            super().delete_queryset(request, queryset)

    def _stored(self, obj: models.Model, form: Any) -> dict[str, Any]:
        """Return the stored values of the fields that a form has changed."""
        columns = {field.name for field in obj._meta.concrete_fields}
        stored = type(obj)._base_manager.filter(pk=obj.pk).first()
        return values_of(stored, columns.intersection(form.changed_data)) if stored else {}

    def announce(self, action: Action, objects: Iterable[Any], changes: Any = None) -> None:
        """Announce what happened to each of some objects."""
        for obj in objects:
            announce(action, obj, changes=changes)

    def _tell(self, action: Action | None, objects: Iterable[Any], changes: Any = None) -> None:
        if action is not None:
            self.announce(action, objects, changes)


def name_staff(site: Any) -> None:
    """Let whoever is signed in to an admin site be the one who acts there."""
    if "admin_view" in vars(site):  # done before: URLs may be made twice
        return
    admin_view = site.admin_view

    def naming(view: Callable[..., Any], cacheable: bool = False) -> Any:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            account = getattr(request.user, "orgkit_account", None)
            with acting(Actor(STAFF, account, request=request)):
                return view(request, *args, **kwargs)

        return admin_view(inner, cacheable)

    site.admin_view = naming
