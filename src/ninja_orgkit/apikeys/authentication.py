"""The callable of ``AUTHENTICATION`` that finds the caller of an API key."""

from __future__ import annotations

from django.http import HttpRequest

from ninja_orgkit.accounts.authentication import KEY_PREFIX, Caller, presented_token
from ninja_orgkit.apikeys.selectors import live_key, note_use
from ninja_orgkit.organizations.selectors.memberships import OrganizationCaller
from ninja_orgkit.protocol.openapi.security import API_KEY, openapi_security


@openapi_security(**{API_KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"}})
def api_key(request: HttpRequest) -> Caller | None:
    """Return the caller that an API key of the kit stands for, with the membership in its organization.

    The key is in ``Authorization: Bearer ok_…``, or in ``X-API-Key`` where there is no ``Authorization``. Raises
    InvalidApiKey for a key that does not work.
    """
    text = presented_token(request)
    if not text.startswith(KEY_PREFIX):
        text = "" if request.META.get("HTTP_AUTHORIZATION") else request.META.get("HTTP_X_API_KEY", "").strip()
    if not text:
        return None
    key = live_key(text)
    note_use(key)
    membership = key.membership
    return OrganizationCaller(membership.account, key=key, org_slug=key.organization.slug, membership=membership)
