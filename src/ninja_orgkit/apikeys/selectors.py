"""Find API keys: the one that a request presents, and those of an organization."""

from __future__ import annotations

from hmac import compare_digest

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ninja_orgkit.accounts.host_user import has_active_column
from ninja_orgkit.accounts.models import Account
from ninja_orgkit.apikeys.models import ApiKey
from ninja_orgkit.apikeys.secrets import digest_of, is_key
from ninja_orgkit.database.prepared import Columns, Parameter, Prepared
from ninja_orgkit.errors import InvalidApiKey, NotFound
from ninja_orgkit.organizations.models import Membership, Organization

_KEY = Columns(ApiKey)
_MEMBERSHIP = Columns(Membership, path="membership__")
_ORGANIZATION = Columns(Organization, path="organization__")
_ACCOUNT = Columns(Account, without=Account.LONG_COLUMNS, path="membership__account__")


def _build() -> QuerySet[ApiKey, tuple[object, ...]]:
    keys = ApiKey.objects.filter(
        digest=Parameter("digest", ApiKey._meta.get_field("digest")),
        membership__organization=F("organization"),
        organization__deleted_at=None,
    )
    active = ["membership__account__user__is_active"] if has_active_column() else []
    return keys.values_list(*_KEY.paths, *_MEMBERSHIP.paths, *_ORGANIZATION.paths, *_ACCOUNT.paths, *active)


_live = Prepared(_build)


def live_key(text: str) -> ApiKey:
    """Return the API key that a request presents, with its membership, organization and account, in one statement.

    Raises InvalidApiKey, which is no guess for a key of ours that has expired or whose creator is inactive.
    """
    if not is_key(text):
        raise InvalidApiKey
    digest = digest_of(text)
    row = _live.first(digest=digest)
    if row is None:
        raise InvalidApiKey
    key, rest = _KEY.read(row, _live.db)
    if not compare_digest(key.digest, digest):
        raise InvalidApiKey
    key.membership, rest = _MEMBERSHIP.read(rest, _live.db)
    key.organization, rest = _ORGANIZATION.read(rest, _live.db)
    key.membership.organization = key.organization
    account, rest = _ACCOUNT.read(rest, _live.db)
    key.membership.account = account
    is_active = rest[0] if has_active_column() else account.user.is_active
    if not is_active or key.has_expired:
        raise InvalidApiKey(is_guess=False)
    account.is_known_active = True
    return key


def note_use(key: ApiKey) -> None:
    """Note that a key is used in this minute. Takes one statement, for the first use in it."""
    minute = timezone.now().replace(second=0, microsecond=0)
    if key.last_used_at is None or key.last_used_at < minute:
        earlier = Q(last_used_at=None) | Q(last_used_at__lt=minute)
        ApiKey.objects.filter(earlier, pk=key.pk).update(last_used_at=minute)
        key.last_used_at = minute


def api_keys_of(organization: Organization) -> QuerySet[ApiKey]:
    """Return the API keys of an organization with their creators."""
    found = ApiKey.objects.filter(organization=organization).select_related("membership__account")
    return found.only(
        "id", "name", "sort_key", "prefix", "permissions", "created_at", "expires_at", "last_used_at",
        "organization", "membership__account__slug",
    )  # fmt: skip


def get_api_key(organization: Organization, key_id: str) -> ApiKey:
    """Return an API key of an organization. Raises NotFound."""
    key = api_keys_of(organization).filter(pk=key_id).first()
    if key is None:
        raise NotFound
    return key
