"""``HOOKS``: functions of the host that the kit calls before it writes, and the request that they get."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

from ninja_orgkit.conf import settings
from ninja_orgkit.custom.callables import call_host
from ninja_orgkit.database.alias import atomic

HOOK_NAMES = (
    "before_register",
    "before_sign_in",
    "before_create_organization",
    "before_add_member",
    "before_invite",
    "before_upload",
    "before_export",
)

_request: ContextVar[HttpRequest | None] = ContextVar("orgkit_request", default=None)


def current_request() -> HttpRequest | None:
    """Return the request that is being answered, or None outside one."""
    return _request.get()


@contextmanager
def request_in_context(request: HttpRequest | None) -> Iterator[None]:
    """Make this the current request of the block, for this thread or asynchronous task only."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def enter_request(request: HttpRequest) -> None:
    """Make this the current request until it is answered: for a route of a host, whose end the kit does not see."""
    _request.set(request)


def leave_request(**_kwargs: Any) -> None:
    """Forget the current request: a receiver for the beginning and the end of requests, which may share a thread."""
    _request.set(None)


def run_hook(name: str, /, **values: Any) -> None:
    """Call the function of the host that ``HOOKS`` names, if there is one, with the current request and the values.

    Call it in the transaction, before the write. Raises the kit's errors as the function raises them, and
    HostCodeFailed for anything else.
    """
    path = settings.HOOKS.get(name)
    if path:
        call_host(path, request=current_request(), **values)


@contextmanager
def hook_first(name: str, /, **values: Any) -> Iterator[None]:
    """Run a hook and then the block, in one transaction. Without a hook, the block gets no transaction."""
    if not settings.HOOKS.get(name):
        yield
        return
    with atomic():
        run_hook(name, **values)
        yield
