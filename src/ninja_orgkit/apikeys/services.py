"""Create, change and revoke API keys, always under the lock of the organization."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from ninja_orgkit.accounts.services.notices import send_notice
from ninja_orgkit.apikeys.models import PREFIX_LENGTH, ApiKey
from ninja_orgkit.apikeys.secrets import digest_of, new_key
from ninja_orgkit.apikeys.selectors import get_api_key
from ninja_orgkit.apikeys.values import OrgkitApiKeyChange, OrgkitApiKeyCreate
from ninja_orgkit.audit.actions import API_KEY_CREATED, API_KEY_UPDATED
from ninja_orgkit.audit.announcing import announce, changes_since, values_of
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import Forbidden, NotFound
from ninja_orgkit.organizations.models import Membership, Organization
from ninja_orgkit.organizations.roles import MANAGE_KEYS
from ninja_orgkit.organizations.services.organizations import lock_as
from ninja_orgkit.protocol.values import valid


@atomic()
def create_api_key(
    organization: Organization, *, by: Any, name: str, permissions: Collection[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Create an API key, and return it with its text, which is stored nowhere.

    ``by`` is a user or an account in whose name the key acts, who needs ``keys.manage`` and every permission of the
    key, and gets a notice by mail. ``name`` has 1–100 characters. Raises ValidationFailed, Forbidden and NotFound.
    """
    values = valid(OrgkitApiKeyCreate, {"name": name, "permissions": permissions, "expires_at": expires_at})
    organization, membership = lock_as(organization, by, needs=MANAGE_KEYS)
    if membership is None:
        raise NotFound
    _require_held(membership, values["permissions"])
    text = new_key()
    key = ApiKey(
        organization=organization,
        membership=membership,
        prefix=text[:PREFIX_LENGTH],
        digest=digest_of(text),
        **values,
    )
    key.save(force_insert=True)
    announce(API_KEY_CREATED, key, by=membership.account)
    send_notice("api_key", membership.account, key=key.name, organization=organization.name)
    return key, text


@atomic()
def update_api_key(organization: Organization, key_id: str, *, by: Any, **changes: Any) -> ApiKey:
    """Change ``name``, ``permissions`` and ``expires_at`` of an API key, as far as given, and return it.

    ``by`` needs ``keys.manage`` and every permission of the key, before and after. Raises ValidationFailed, Forbidden
    and NotFound.
    """
    changes = valid(OrgkitApiKeyChange, changes)
    organization, membership = lock_as(organization, by, needs=MANAGE_KEYS)
    key = get_api_key(organization, key_id)
    if membership is not None:
        _require_held(membership, [*key.permissions, *changes.get("permissions", ())])
    before = values_of(key, OrgkitApiKeyChange.model_fields)
    for name, value in changes.items():
        setattr(key, name, value)
    if changed := changes_since(before, key):
        key.save(update_fields=list(changed))
        announce(
            API_KEY_UPDATED,
            key,
            by=membership.account if membership else None,
            changes=changed,
            organization=organization,
        )
    return key


@atomic()
def revoke_api_key(organization: Organization, key_id: str, *, by: Any) -> None:
    """Delete an API key, which stops working at once. ``by`` needs ``keys.manage``. Raises Forbidden and NotFound."""
    organization, _ = lock_as(organization, by, needs=MANAGE_KEYS)
    key = get_api_key(organization, key_id)
    key.organization = organization
    key.delete()


def _require_held(membership: Membership, permissions: Collection[str]) -> None:
    if not membership.permissions.issuperset(permissions):
        raise Forbidden
