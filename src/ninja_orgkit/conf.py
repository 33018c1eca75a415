"""Settings of ninja-orgkit: one typed, documented line each, read live from ``settings.NINJA_ORGKIT``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings as django_settings

_READ = ["org.read", "members.read", "contacts.read", "tags.read", "images.read"]
_WRITE = ["contacts.write", "tags.write", "images.write"]
_ADMIN = ["org.update", "members.manage", "invitations.manage", "export.create", "audit.read"]
_OWNER = ["org.delete", "owners.manage"]


class Settings:
    """Every setting with its default.

    A host sets them as keys of one dict, ``NINJA_ORGKIT``. Dict values are merged over the default, key by key; a key
    set to ``None`` is removed.
    """

    API_URL: str = "http://localhost:8000/api/v1"
    """Where the API is mounted, as the receivers of mails reach it. No slash at the end."""

    FRONTEND_URL: str = "http://localhost:3000"
    """Where the host's front end lives. Links in mails start with it. No slash at the end."""

    FRONTEND_PATHS: dict[str, str] = {
        "verify_email": "/verify-email",
        "reset_password": "/reset-password",
        "invitation": "/invitation",
    }
    """Pages of the front end that mails link to; each gets the query parameter ``token``."""

    STORAGE: str = "default"
    """Alias in Django's ``STORAGES`` that keeps pictures, avatars and archives. They are private."""

    JWT: dict[str, Any] = {}
    """Overrides of the token settings that are otherwise read from ``NINJA_JWT``."""

    ACCESS_TOKEN_LIFETIME: timedelta = timedelta(minutes=15)
    """How long an access token works; ``NINJA_JWT["ACCESS_TOKEN_LIFETIME"]`` wins when set."""

    REFRESH_TOKEN_LIFETIME: timedelta = timedelta(days=14)
    """How long a session lives without a refresh; ``NINJA_JWT["REFRESH_TOKEN_LIFETIME"]`` wins when set."""

    SESSION_LIFETIME: timedelta = timedelta(days=90)
    """How long a session lives at most, however often it is refreshed."""

    REFRESH_GRACE: timedelta = timedelta(seconds=10)
    """How long a refresh token that was just spent still gets the same successor again."""

    EMAIL_VERIFICATION: str = "optional"
    """``"optional"`` (tokens at once, and a mail), ``"none"`` (no mail) or ``"mandatory"`` (no tokens before)."""

    EMAIL_CHANGE_REQUIRES_PASSWORD: bool = False
    """Whether ``PATCH /auth/email`` needs the current password."""

    RESET_TOKEN_LIFETIME: timedelta = timedelta(hours=2)
    """How long a password-reset link works."""

    VERIFICATION_TOKEN_LIFETIME: timedelta = timedelta(days=3)
    """How long a link that verifies an address works."""

    EMAIL_CHANGE_TOKEN_LIFETIME: timedelta = timedelta(hours=24)
    """How long a link that confirms a new address works."""

    INVITATION_LIFETIME: timedelta = timedelta(days=7)
    """How long an invitation can be accepted."""

    INVITATIONS_MAX_PENDING: int = 50
    """How many invitations of one organization may be pending at a time."""

    USERNAME_PATTERN: str = r"[A-Za-z0-9._-]+"
    """Regular expression that a whole username matches. Change it to allow other scripts."""

    USERNAME_MIN_LENGTH: int = 3
    """Fewest characters of a username."""

    USERNAME_MAX_LENGTH: int = 30
    """Most characters of a username."""

    RESERVED_USERNAMES: list[str] = [
        "admin", "administrator", "root", "system", "support", "help", "info", "contact", "security", "abuse",
        "postmaster", "webmaster", "hostmaster", "noreply", "no-reply", "api", "auth", "token", "login", "logout",
        "register", "signup", "signin", "me", "self", "users", "user", "orgs", "organizations", "contacts", "tags",
        "images", "media", "export", "exports", "health", "invitations", "accept", "decline", "members", "avatar",
        "check_username", "settings", "static", "docs", "www", "null", "none", "undefined", "anonymous", "deleted",
    ]  # fmt: skip
    """Names that nobody may take as username; compared without case and without ``. _ -``."""

    RESERVED_SLUGS: list[str] = ["me", "new", "accept", "decline", "admin", "api", "orgs", "members", "invitations"]
    """Slugs that no organization may choose."""

    ROLES: dict[str, list[str]] = {
        "viewer": [*_READ],
        "member": [*_READ, *_WRITE],
        "admin": [*_READ, *_WRITE, *_ADMIN],
        "owner": [*_READ, *_WRITE, *_ADMIN, *_OWNER],
    }
    """Role → its permissions. A role that holds ``owners.manage`` is an owner's."""

    CREATOR_ROLE: str = "owner"
    """The role that the creator of an organization gets. It must hold ``owners.manage``."""

    CUSTOM_FIELDS: dict[str, str] = {}
    """``"contact"``, ``"organization"``, ``"profile"`` → dotted path of its Pydantic model. Read at start."""

    CUSTOM_MAX_BYTES: int = 16 * 1024
    """Most bytes of a ``custom`` object, as JSON."""

    PREFERENCES_MAX_KEYS: int = 50
    """Most keys of ``notification_preferences``."""

    PREFERENCES_MAX_BYTES: int = 4 * 1024
    """Most bytes of ``notification_preferences``, as JSON."""

    JSON_MAX_BYTES: int = 1024 * 1024
    """Most bytes of a JSON body."""

    PAGE_SIZE: int = 50
    """Items on a page when ``limit`` is not given."""

    PAGE_MAX_SIZE: int = 200
    """The largest ``limit``."""

    BULK_MAX_ITEMS: int = 1000
    """Most ids in one bulk request."""

    TAGS_MAX_ASSIGN: int = 100
    """Most names in one request that assigns tags."""

    MEDIA_URL_WINDOW: timedelta = timedelta(hours=1)
    """A file URL stays the same for one window and works until the end of the next."""

    IMAGE_MAX_BYTES: int = 20 * 1024 * 1024
    """Most bytes of one picture."""

    IMAGE_MAX_PIXELS: int = 50_000_000
    """Most pixels of one frame, checked before decoding."""

    IMAGE_MAX_FRAME_PIXELS: int = 100_000_000
    """Most pixels of all frames together, checked before decoding."""

    IMAGE_MAX_SIDE: int = 16_383
    """Longest side in pixels (WebP has no longer one)."""

    RENDITIONS: dict[str, tuple[int, int]] = {
        "thumb": (160, 65),
        "sm": (640, 80),
        "md": (1024, 85),
        "lg": (2048, 85),
    }
    """Name of a rendition → the box's side in pixels and the WebP quality (0–100)."""

    BULK_UPLOAD_MAX_BYTES: int = 200 * 1024 * 1024
    """Most bytes of one bulk upload."""

    BULK_UPLOAD_MAX_FILES: int = 50
    """Most files of one bulk upload."""

    AVATAR_MAX_BYTES: int = 5 * 1024 * 1024
    """Most bytes of an avatar."""

    AVATAR_SIZES: tuple[int, int] = (160, 600)
    """Sides of the small and the large avatar in pixels."""

    EXPORT_LIFETIME: timedelta = timedelta(days=7)
    """How long the archive of a finished export is kept, and its link works."""

    EXPORT_LEASE: timedelta = timedelta(seconds=60)
    """How long a running export may be silent before another worker takes it over."""

    EXPORT_MAX_ATTEMPTS: int = 3
    """How often an export is begun before it counts as failed."""

    OUTBOX_LEASE: timedelta = timedelta(seconds=30)
    """How long one process may take to publish a message before another one tries."""

    BROKER_TIMEOUT: float = 1.0
    """Seconds that a publish waits for the broker."""

    BROKER_PAUSE: float = 10.0
    """Seconds that a process leaves the broker alone after it could not be reached."""

    THROTTLING: bool = True
    """Whether requests are throttled at all."""

    THROTTLES: dict[str, str] = {
        "login.account": "10/min",
        "login.address": "30/min",
        "register.address": "20/h",
        "reset.email": "5/h",
        "reset.address": "20/h",
        "resend.email": "5/h",
        "resend.address": "20/h",
        "email_change.user": "5/h",
        "password_check.user": "10/min",
        "username_check.address": "60/min",
        "upload.user": "600/h",
        "export.organization": "6/h",
        "invite.user": "200/h",
        "invite.email": "20/h",
        "bearer.address": "60/min",
    }
    """Scope → rate, like ``"10/min"`` (``s``, ``min``, ``h``, ``day``). A scope without a rate is not throttled."""

    THROTTLE_STORE: str = "database"
    """``"database"``, or the alias in ``CACHES`` of a cache whose increment is atomic and shared: Redis, Memcached."""

    IDEMPOTENCY_LIFETIME: timedelta = timedelta(hours=24)
    """How long the answer to a request with an Idempotency-Key is given again."""

    IDEMPOTENCY_LEASE: timedelta = timedelta(minutes=2)
    """How long a request may hold its Idempotency-Key unanswered before another one takes it over."""

    TRUSTED_PROXIES: int = 0
    """How many proxies in front of the application append to ``X-Forwarded-For``. With 0 that header is ignored."""

    def __getattribute__(self, name: str) -> Any:
        if not name.isupper():
            return super().__getattribute__(name)
        default = super().__getattribute__(name)
        overrides: dict[str, Any] = getattr(django_settings, "NINJA_ORGKIT", {})
        if name not in overrides:
            return default
        value = overrides[name]
        if isinstance(default, dict) and isinstance(value, dict):
            return {key: item for key, item in {**default, **value}.items() if item is not None}
        return value

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all settings."""
        return list(cls.__annotations__)


settings = Settings()
