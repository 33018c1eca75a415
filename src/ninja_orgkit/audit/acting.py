"""Who acts: a context variable, set where a request is authenticated, and read where something happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from ninja_orgkit.custom.hooks import current_request, request_in_context

USER = "user"
API_KEY = "api_key"
STAFF = "staff"
SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """Who acts.

    ``kind`` is USER, API_KEY, STAFF (in the admin) or SYSTEM (commands, tasks, and the host's own code). ``account`` is
    theirs, None for nobody's. ``key`` is the API key, if one is used. ``request`` is where they came from, if anywhere.
    """

    kind: str
    account: Any = None
    key: Any = None
    request: HttpRequest | None = None


_SYSTEM = Actor(SYSTEM)
_OUTER = "_orgkit_outer"
_actor: ContextVar[Actor | None] = ContextVar("orgkit_actor", default=None)


FindActor = Callable[[], Actor | None]

_finders: list[FindActor] = []


def ask_for_actor(find: FindActor) -> None:
    """Ask a function who acts where the kit does not know: in the requests of another app. It may return None."""
    if find not in _finders:
        _finders.append(find)


def current_actor() -> Actor:
    """Return who acts. In a request without a caller that is a user whom nobody knows."""
    actor = _actor.get()
    if actor is not None:
        return actor
    request = current_request()
    if request is not None:
        return Actor(USER, request=request)
    return next((found for find in _finders if (found := find())), _SYSTEM)


def act(actor: Actor) -> None:
    """Set who acts until the end of the current request."""
    _actor.set(actor)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Set who acts in the block."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def begin_task(task: Any, **_kwargs: Any) -> None:
    """Let the system act in a task of Celery, which may run within a request: a receiver of ``task_prerun``."""
    outer = ExitStack()
    outer.enter_context(request_in_context(None))
    outer.enter_context(acting(_SYSTEM))
    setattr(task.request, _OUTER, outer)


def end_task(task: Any, **_kwargs: Any) -> None:
    """Go back to who acted before a task: a receiver of ``task_postrun``."""
    outer: ExitStack | None = vars(task.request).pop(_OUTER, None)
    if outer is not None:
        outer.close()


def forget_actor(**_kwargs: Any) -> None:
    """Forget who acts: a receiver for the beginning and the end of requests, which may share a thread."""
    _actor.set(None)
