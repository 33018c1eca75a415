"""All routers and their prefixes: the only table that names every feature."""

from __future__ import annotations

from django.apps import apps
from ninja import NinjaAPI

from ninja_orgkit.apps import ORGKIT_APPS
from ninja_orgkit.protocol.problems import add_error_handlers

ROUTERS: tuple[tuple[str, str], ...] = (
    ("/token", "ninja_orgkit.accounts.api.token.router"),
    ("/auth", "ninja_orgkit.accounts.api.auth.router"),
    ("/auth", "ninja_orgkit.users.api.registration.router"),
    ("/users", "ninja_orgkit.users.api.profile.router"),
    ("/orgs", "ninja_orgkit.organizations.api.organizations.router"),
    ("/orgs/{org_slug}/logo", "ninja_orgkit.organizations.api.logo.router"),
    ("/orgs/{org_slug}/members", "ninja_orgkit.organizations.api.members.router"),
    ("/orgs/{org_slug}/invitations", "ninja_orgkit.organizations.api.invitations.router"),
    ("/orgs/{org_slug}/api-keys", "ninja_orgkit.apikeys.api.router"),
    ("/invitations", "ninja_orgkit.organizations.api.answers.router"),
    ("/orgs/{org_slug}/audit", "ninja_orgkit.organizations.api.audit.router"),
    ("/users", "ninja_orgkit.accounts.api.security_events.router"),
    ("/contacts", "ninja_orgkit.contacts.api.router"),
    ("/orgs/{org_slug}/tags", "ninja_orgkit.tags.api.router"),
    ("/images/orgs/{org_slug}", "ninja_orgkit.images.api.images.router"),
    ("/images/orgs/{org_slug}", "ninja_orgkit.images.api.attachments.router"),
    ("/orgs/{org_slug}/export", "ninja_orgkit.exports.api.exports.router"),
    ("/exports", "ninja_orgkit.exports.api.downloads.router"),
    ("/media", "ninja_orgkit.files.api.router"),
    ("/health", "ninja_orgkit.health.api.router"),
)
"""The prefix and the dotted path of each router. A host can mount them one by one."""


_READ_THE_TRAIL = ("ninja_orgkit.organizations.api.audit", "ninja_orgkit.accounts.api.security_events")
"""Routes of apps that are always there, which need the app of the audit trail: that is below both."""


def mount(api: NinjaAPI, *, prefix: str = "", everything: bool = False) -> None:
    """Add the router of every installed app to an API of the host, and make the API answer errors as problems.

    The routes are below ``prefix``, such as ``"/kit"``. With ``everything``, every exception becomes a problem
    (RFC 9457), also in routes of the host.
    """
    add_error_handlers(api, everything=everything)
    for path, router in ROUTERS:
        app = "ninja_orgkit.audit" if router.startswith(_READ_THE_TRAIL) else ".".join(router.split(".")[:2])
        if app not in ORGKIT_APPS or apps.is_installed(app):
            api.add_router(f"{prefix}{path}", router)
