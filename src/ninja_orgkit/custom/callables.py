"""Functions of the host, which settings name by their dotted paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.utils.module_loading import import_string

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import is_deadlock
from ninja_orgkit.errors import OrgKitError

_API_KEYS = "ninja_orgkit.apikeys"


class HostCodeFailed(Exception):
    """A function that a setting names raised something that is not an error of the kit. ``__cause__`` is that error.

    It is a defect of the host, whatever it raised, so nothing takes it for an error of Django or of the database.
    """


def host_callable(path: str) -> Callable[..., Any]:
    """Return what a dotted path names. Raises ImportError if that does not exist or cannot be called."""
    found = import_string(path)
    if not callable(found):
        raise ImportError(f"{path} cannot be called.")
    return found  # type: ignore[no-any-return]


def authentication_paths() -> list[str]:
    """Return the paths in ``AUTHENTICATION``, without those of apps of the kit that the host leaves out."""
    left_out = () if apps.is_installed(_API_KEYS) else (f"{_API_KEYS}.",)
    return [path for path in settings.AUTHENTICATION if not str(path).startswith(left_out)]


def call_host(path: str, /, *args: Any, **kwargs: Any) -> Any:
    """Call the function that a dotted path names, and return what it returns.

    Errors of the kit pass. So does a deadlock, after which the transaction runs again. Anything else becomes
    HostCodeFailed.
    """
    try:
        return host_callable(path)(*args, **kwargs)
    except OrgKitError:
        raise
    except Exception as exc:
        if is_deadlock(exc):
            raise
        raise HostCodeFailed(path) from exc
