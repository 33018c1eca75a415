"""System checks of the installed apps, and of the Django settings that all of them need."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

_ALWAYS = ("ninja_orgkit.accounts", "ninja_orgkit.organizations")
_NEEDS = {
    "ninja_orgkit.contacts": ("ninja_orgkit.tags",),
    "ninja_orgkit.contrib.allauth": ("allauth.account", "allauth.headless"),
}


@register(Tags.compatibility)
def check_apps(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each app that another one needs: without it, Django would take its models for those of the kernel."""
    return [
        Error(f"{app.name} needs the app {needed}.", hint="Add it to INSTALLED_APPS.", id="orgkit.E008")
        for app in apps.get_app_configs()
        if app.name.partition(".")[0] == "ninja_orgkit"
        for needed in (*_ALWAYS, *_NEEDS.get(app.name, ()))
        if not apps.is_installed(needed)
    ]


@register(Tags.compatibility)
def check_audit_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report settings of the audit trail without its app."""
    chosen = [name for name in getattr(django_settings, "NINJA_ORGKIT", {}) if name.startswith("AUDIT_")]
    if not chosen or apps.is_installed("ninja_orgkit.audit"):
        return []
    hint = "Add ninja_orgkit.audit to INSTALLED_APPS, or remove the setting."
    return [Warning(f"{chosen[0]} has no effect without the audit trail.", hint=hint, id="orgkit.W100")]


@register(Tags.compatibility)
def check_documentation(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that the interactive documentation needs another server."""
    if apps.is_installed("ninja"):
        return []
    hint = 'Add "ninja" to INSTALLED_APPS to serve the scripts yourself.'
    return [Info("The interactive documentation loads its scripts from a CDN.", hint=hint, id="orgkit.I029")]


@register(Tags.compatibility)
def check_time_zones(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report times without a time zone."""
    if django_settings.USE_TZ:
        return []
    return [Error("USE_TZ is off, but ninja-orgkit stores times in UTC.", hint="Set USE_TZ = True.", id="orgkit.E009")]
