"""Settings of ninja-orgkit: one typed and documented line each, read live from ``settings.NINJA_ORGKIT``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings

_READ = ["org.read", "members.read", "contacts.read", "tags.read", "images.read"]
_WRITE = ["contacts.write", "tags.write", "images.write"]
_ADMIN = ["org.update", "members.manage", "invitations.manage", "keys.manage", "export.create", "audit.read"]
_OWNER = ["org.delete", "owners.manage"]


class Settings:
    """Every setting with its default.

    A host sets them as keys of one dict, ``NINJA_ORGKIT``. A dict is merged over its default, key by key. The value
    ``None`` removes a key of it.
    """

    API_URL: str = "http://localhost:8000/api/v1"
    """Public URL at which the API is mounted, without a slash at the end. Download links in mails start with it."""

    FRONTEND_URL: str = "http://localhost:3000"
    """Public URL of your front end, without a slash at the end. Links in mails start with it."""

    FRONTEND_PATHS: dict[str, str] = {
        "verify_email": "/verify-email",
        "reset_password": "/reset-password",
        "invitation": "/invitation",
    }
    """Paths of the front-end pages that mails link to. Each link adds the query parameter ``token``."""

    STORAGE: str = "default"
    """Alias in Django's ``STORAGES`` of the storage for pictures, avatars and archives. These files are private."""

    JWT: dict[str, Any] = {}
    """Token settings that take precedence over those in ``NINJA_JWT``."""

    ACCESS_TOKEN_LIFETIME: timedelta = timedelta(minutes=15)
    """How long an access token works. ``NINJA_JWT["ACCESS_TOKEN_LIFETIME"]`` takes precedence when it is set."""

    REFRESH_TOKEN_LIFETIME: timedelta = timedelta(days=14)
    """How long a session lasts without a refresh. ``NINJA_JWT["REFRESH_TOKEN_LIFETIME"]`` takes precedence when it is
    set."""

    SESSION_LIFETIME: timedelta = timedelta(days=90)
    """Maximum lifetime of a session, however often it is refreshed."""

    REFRESH_GRACE: timedelta = timedelta(seconds=10)
    """How long a used refresh token still returns the same new tokens, for a client that lost the response."""

    AUTHENTICATION: list[str] = [
        "ninja_orgkit.accounts.authentication.bearer_token",
        "ninja_orgkit.apikeys.authentication.api_key",
    ]
    """Dotted paths of callables that authenticate a request, in the order in which they are called. Each gets the
    request and returns a user, a ``Caller``, or None to let the next one answer. An error of the kit refuses the
    request. The kit's own for API keys does nothing unless ``ninja_orgkit.apikeys`` is installed."""

    REFRESH_COOKIE: dict[str, Any] = {}
    """Attributes of the cookie that carries the refresh token of a browser that asks for it: ``name`` (without it,
    ``"orgkit_refresh"``), ``path`` (where the API is mounted), ``domain`` (the host of the API), ``samesite``
    (``"Strict"``), ``secure`` (True on https) and ``max_age`` in seconds (at most the lifetime of the token)."""

    UPDATE_LAST_LOGIN: bool = True
    """Whether signing in to the kit records ``last_login`` of the user. It takes one statement."""

    EMAIL_VERIFICATION: str = "optional"
    """``"optional"`` sends a mail and lets people sign in before they verify their address. ``"mandatory"`` sends a
    mail and does not let them sign in before. ``"none"`` sends no mail."""

    REGISTRATION: str = "open"
    """Who may register, through the API and through allauth beside it. ``"open"``: everybody. ``"invitation"``: people
    with a pending invitation to their address. ``"closed"``: nobody, the invited included. You can always create users
    in the admin and in your own code."""

    PERSONAL_ORGANIZATIONS: bool = True
    """Whether every account gets a personal organization. Without them a new user belongs to no organization until they
    create or join one. Those that exist stay when you turn this off; ``orgkit_sync`` creates the missing ones when you
    turn it on."""

    ORGANIZATION_CREATION: str = "anyone"
    """Who may create organizations through the API: ``"anyone"``, ``"staff"`` (users with ``is_staff``), or the dotted
    path of a function ``(account) -> bool``. Your own code may always."""

    ORGANIZATIONS_MAX: int | str | None = None
    """Maximum number of groups that one account may own: a number, None for no limit, or the dotted path of a function
    ``(account) -> int | None``. Nobody becomes an owner beyond it, in whatever way. Lowering it takes nothing away."""

    MEMBERS_MAX: int | str | None = None
    """Maximum number of members of one organization: a number, None for no limit, or the dotted path of a function
    ``(organization) -> int | None``. Nobody joins beyond it, in whatever way. Pending invitations do not count.
    Lowering it takes nothing away."""

    NOTICES: dict[str, bool] = {"password": True, "address": True, "new_device": True, "api_key": True}
    """Which notices people get by mail: when the password was changed or reset, when the address was changed (to both
    addresses), when somebody signs in from a kind of device that this account has never used, and when they create an
    API key. Nobody gets more than one notice of a kind in an hour."""

    EMAIL_CHANGE_REQUIRES_PASSWORD: bool = False
    """Whether ``PATCH /auth/email`` requires the current password."""

    RESET_TOKEN_LIFETIME: timedelta = timedelta(hours=2)
    """How long a link that resets a password works."""

    VERIFICATION_TOKEN_LIFETIME: timedelta = timedelta(days=3)
    """How long a link that verifies an e-mail address works."""

    EMAIL_CHANGE_TOKEN_LIFETIME: timedelta = timedelta(hours=24)
    """How long a link that confirms a new e-mail address works."""

    INVITATION_LIFETIME: timedelta = timedelta(days=7)
    """How long an invitation can be accepted."""

    INVITATION_ROLE: str | None = None
    """Role of an invitation that names none. With None, ``POST /orgs/{org_slug}/invitations/`` requires a role."""

    INVITATIONS_MAX_PENDING: int = 50
    """Maximum number of pending invitations of one organization. With 0 nobody can be invited."""

    USERNAME_PATTERN: str = r"[A-Za-z0-9._-]+"
    """Regular expression that a whole username must match. Change it to allow other scripts."""

    USERNAME_MIN_LENGTH: int = 3
    """Minimum length of a username in characters."""

    USERNAME_MAX_LENGTH: int = 30
    """Maximum length of a username in characters."""

    RESERVED_USERNAMES: list[str] = [
        "admin", "administrator", "root", "system", "support", "help", "info", "contact", "security", "abuse",
        "postmaster", "webmaster", "hostmaster", "noreply", "no-reply", "api", "auth", "token", "login", "logout",
        "register", "signup", "signin", "me", "self", "users", "user", "orgs", "organizations", "contacts", "tags",
        "images", "media", "export", "exports", "health", "invitations", "accept", "decline", "members", "avatar",
        "check_username", "settings", "static", "docs", "www", "null", "none", "undefined", "anonymous", "deleted",
    ]  # fmt: skip
    """Names that nobody may take as a username. Case and the characters ``. _ -`` make no difference."""

    RESERVED_SLUGS: list[str] = ["me", "new", "accept", "decline", "admin", "api", "orgs", "members", "invitations"]
    """Slugs that no organization may choose."""

    ROLES: dict[str, list[str]] = {
        "viewer": [*_READ],
        "member": [*_READ, *_WRITE],
        "admin": [*_READ, *_WRITE, *_ADMIN],
        "owner": [*_READ, *_WRITE, *_ADMIN, *_OWNER],
    }
    """Permissions of each role. A member whose role holds ``owners.manage`` is an owner."""

    CREATOR_ROLE: str = "owner"
    """Role of whoever creates an organization. It must hold ``owners.manage``."""

    TRANSFER_ROLE: str = "admin"
    """The role that an owner gets after handing the organization over to another member."""

    CUSTOM_FIELDS: dict[str, str] = {}
    """Dotted path of the Pydantic model for ``custom`` of a ``"contact"``, an ``"organization"`` or a ``"profile"``.
    Without one, ``custom`` takes any JSON object. This setting is read once, when the process starts."""

    HOOKS: dict[str, str] = {}
    """Dotted paths of functions that the kit calls before it writes, in the same transaction: ``before_register``,
    ``before_sign_in``, ``before_create_organization``, ``before_add_member``, ``before_invite``, ``before_upload`` and
    ``before_export``. Such a function takes ``request``, which is None outside a request, and the values of what it may
    refuse, as keywords. It refuses by raising an error of the kit."""

    CUSTOM_MAX_BYTES: int = 16 * 1024
    """Maximum size of a ``custom`` object in bytes of JSON."""

    PREFERENCES_MAX_KEYS: int = 50
    """Maximum number of keys in ``notification_preferences``."""

    PREFERENCES_MAX_BYTES: int = 4 * 1024
    """Maximum size of ``notification_preferences`` in bytes of JSON."""

    JSON_MAX_BYTES: int = 1024 * 1024
    """Maximum size of a JSON request body in bytes."""

    PAGE_SIZE: int = 50
    """Number of items on a page when the request does not give a ``limit``."""

    PAGE_MAX_SIZE: int = 200
    """Maximum ``limit`` that a request may give."""

    BULK_MAX_ITEMS: int = 1000
    """Maximum number of ids in one bulk request."""

    TAGS_MAX_ASSIGN: int = 100
    """Maximum number of names in one request that assigns tags."""

    MEDIA_URL_WINDOW: timedelta = timedelta(hours=1)
    """How long the URL of a file stays the same, so that browsers can cache it. It works until the end of the next
    window."""

    IMAGE_MAX_BYTES: int = 20 * 1024 * 1024
    """Maximum size of one picture in bytes."""

    IMAGE_MAX_PIXELS: int = 64_000_000
    """Maximum number of pixels in one frame, checked before decoding. ``PIL.Image.MAX_IMAGE_PIXELS`` does not lower
    it."""

    IMAGE_MAX_FRAME_PIXELS: int = 128_000_000
    """Maximum number of pixels in all frames of an animation, checked before decoding."""

    ANIMATION_MAX_RENDERED_PIXELS: int = 320_000_000
    """Maximum number of pixels in all frames of all renditions of an animation, checked before decoding. Renditions of
    the same size count once. With the default ``RENDITIONS``, ``IMAGE_MAX_FRAME_PIXELS`` is reached first."""

    DECODE_PIXELS_AT_ONCE: int = 64_000_000
    """Number of pixels that one process decodes at once, in all its threads. Other pictures wait. A picture with more
    pixels is decoded alone. The pixels are those of a PNG, which take 8 bytes each. Those of other formats count by
    the memory that they take: 0.75 in a JPEG, 1.5 in an AVIF, 2.25 in a WebP, and up to 3 in an animation."""

    IMAGE_MAX_SIDE: int = 16_383
    """Maximum width and height of a picture in pixels. WebP allows no more than the default."""

    RENDITIONS: dict[str, tuple[int, int]] = {
        "thumb": (160, 65),
        "sm": (640, 80),
        "md": (1024, 85),
        "lg": (2048, 85),
    }
    """Renditions by name: the side in pixels of the box that the picture is fitted into, and the WebP quality
    (0–100)."""

    BULK_UPLOAD_MAX_BYTES: int = 200 * 1024 * 1024
    """Maximum size of one bulk upload in bytes, all files together."""

    BULK_UPLOAD_MAX_FILES: int = 50
    """Maximum number of files in one bulk upload."""

    AVATAR_MAX_BYTES: int = 5 * 1024 * 1024
    """Maximum size of an uploaded avatar in bytes."""

    AVATAR_SIZES: tuple[int, int] = (160, 600)
    """Side of the small and of the large avatar in pixels. Both are square."""

    EXPORT_LIFETIME: timedelta = timedelta(days=7)
    """How long the archive of a finished export is kept. Its link works for as long."""

    EXPORT_LEASE: timedelta = timedelta(seconds=60)
    """How long a running export may go without a sign of life before another worker takes it over."""

    EXPORT_MAX_ATTEMPTS: int = 3
    """Maximum number of attempts at an export. After the last one the export has failed."""

    AUDIT_CONTENT: bool = False
    """Whether the audit trail has events of contacts, tags and images, too."""

    AUDIT_ADDRESSES: bool = True
    """Whether the audit trails of organizations have the ``address`` and the ``device`` of who acts. People always see
    them in their own security events."""

    AUDIT_LIFETIME: timedelta = timedelta(days=400)
    """How long events are kept. A periodic task deletes older ones."""

    OUTBOX_LEASE: timedelta = timedelta(minutes=1)
    """How long a task may be on its way before it is published again, because the broker may have lost it. This time
    doubles with each repetition, up to a day."""

    BROKER_TIMEOUT: float = 1.0
    """Maximum time that publishing a message waits for the broker, in seconds."""

    BROKER_PAUSE: float = 10.0
    """How many seconds a process waits before it tries the broker again after a failure."""

    THROTTLING: bool = True
    """Whether requests are throttled."""

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
        "invite.resend": "5/h",
        "invite.address": "60/min",
        "bearer.address": "60/min",
    }
    """Rate of each scope, such as ``"10/min"``. The units are ``s``, ``min``, ``h`` and ``day``. A scope without a rate
    is not throttled."""

    THROTTLE_STORE: str = "database"
    """Where throttles count: ``"database"``, or an alias in ``CACHES``. That cache must be shared by all processes and
    must count atomically, as Redis, Valkey and Memcached do."""

    IDEMPOTENCY_LIFETIME: timedelta = timedelta(hours=24)
    """How long a request with the same Idempotency-Key gets the stored response."""

    IDEMPOTENCY_LEASE: timedelta = timedelta(minutes=2)
    """How long a request may take before another request with the same Idempotency-Key takes over."""

    TRUSTED_PROXIES: int = 0
    """Number of proxies in front of the application that append to ``X-Forwarded-For``. With 0 the header is
    ignored."""

    if not TYPE_CHECKING:  # with it, a type checker would accept any name as a setting

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
