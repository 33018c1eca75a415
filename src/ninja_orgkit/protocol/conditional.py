"""Conditional requests (RFC 9110, section 13) on single objects.

An ETag is ``"<state>"``, or ``"<state>.<window>"`` for an object with file URLs: a hash of what the client sees with
stored names in place of these URLs, and the window in which they were signed. ``If-None-Match`` compares all of it,
since a 304 lets a client keep the URLs; ``If-Match`` compares the state alone, since only a visible change can make a
write stale.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse

from ninja_orgkit.database.alias import atomic
from ninja_orgkit.database.locks import Check, lock
from ninja_orgkit.errors import PreconditionFailed
from ninja_orgkit.media.links import window
from ninja_orgkit.protocol.responses import JSON_TYPE, NotModified, adapter
from ninja_orgkit.protocol.urls import Comparison, file_url

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_LIST = re.compile(rf"{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*")


def tagged_response(
    request: HttpRequest, schema: Any, value: Any, *, status: int, headers: dict[str, str]
) -> HttpResponse:
    """Answer with an object and its ETag; with 304 and no body when a GET's ``If-None-Match`` has it already."""
    known = adapter(schema)
    valid = known.validate_python(value)
    comparison = Comparison()
    # With stored names, for the hash. Where there are none this is the body, too.
    body = known.dump_json(valid, context=comparison)
    etag = f"{_state(body)}.{window():x}" if comparison.has_files else _state(body)
    headers = {**headers, "ETag": f'"{etag}"'}
    if request.method in ("GET", "HEAD") and _matches(request.headers.get("If-None-Match"), etag, weak=True):
        return NotModified(headers=headers)
    if not comparison.is_answer:
        body = known.dump_json(valid, context=partial(file_url, request))
    return HttpResponse(body, status=status, content_type=JSON_TYPE, headers=headers)


def precondition(request: Any, read: Callable[[], Any]) -> Check | None:
    """Return what a service calls to check the ``If-Match`` of a write, None when there is none to check.

    ``read`` reads the object again, under the lock of its row, and represents it. The operation is ``tagged``.
    """
    condition = request.headers.get("If-Match")
    if condition is None:
        return None
    known = adapter(request.tagged)

    def check() -> None:
        state = _state(known.dump_json(known.validate_python(read())))
        if not _matches(condition, state, weak=False, state_only=True):
            raise PreconditionFailed

    return check


@contextmanager
def unchanged(request: Any, obj: models.Model, read: Callable[[], Any]) -> Iterator[None]:
    """Run a block that writes an object, with its row locked and its ``If-Match`` checked as ``precondition`` says.

    Without an ``If-Match``, this does nothing. Raises NotFound if the object is gone, and PreconditionFailed.
    """
    check = precondition(request, read)
    if check is None:
        yield
        return
    with atomic():
        lock(type(obj)._base_manager.filter(pk=obj.pk), check)
        yield


def _state(body: bytes) -> str:
    """Return the hash of what a client sees, whatever its file URLs look like at the moment."""
    return hashlib.sha256(body).hexdigest()[:32]


def _matches(condition: str | None, tag: str, *, weak: bool, state_only: bool = False) -> bool:
    """Tell whether a header lists the tag. A malformed one lists nothing; a weak tag counts only where it may."""
    if condition is None:
        return False
    if condition.strip() == "*":
        return True
    if not _LIST.fullmatch(condition.strip()):
        return False
    known = [opaque for prefix, opaque in _TAG.findall(condition) if weak or not prefix]
    return tag in ([opaque.partition(".")[0] for opaque in known] if state_only else known)
