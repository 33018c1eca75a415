"""``Idempotency-Key``: a POST that is sent again is performed once.

The key is claimed in a transaction of its own, with a lease, so that other processes see it; it is completed in the
transaction of the change that it protects, so that both are there or neither. Only a 2xx is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic
from ninja_orgkit.errors import Conflict, Invalid
from ninja_orgkit.models import IdempotencyRecord

_MAX_LENGTH = 255
Begin = Callable[[], Callable[[], HttpResponse]]
_REPEATED = "_orgkit_repeated"
_KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Image-Duplicate")


class InvalidIdempotencyKey(Invalid):
    """The Idempotency-Key must have 1 to 255 visible ASCII characters."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was already used with another body. Use a new key."""


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key is still running. Try again in a moment."""


def idempotent(request: HttpRequest, key: str, body: Any, begin: Begin) -> HttpResponse:
    """Return the answer to a request, or the first answer again if the request repeats its Idempotency-Key.

    Call it once the caller is authorised. ``body`` is what the client sent: a schema, plain values, uploaded files, or
    a list of them. ``begin`` does what is slow, outside a transaction, and returns a function that makes the change and
    the answer, inside one. Raises InvalidIdempotencyKey, IdempotencyKeyReused and IdempotencyInProgress.
    """
    if not 1 <= len(key) <= _MAX_LENGTH or not all("!" <= char <= "~" for char in key):
        raise InvalidIdempotencyKey
    caller: str = request.auth.identity  # type: ignore[attr-defined]
    record, fresh = _claim(_hash(caller, request.method, request.path, key), _hash(_digest(body)))
    return _run(record, begin) if fresh else _replay(record)


def keep_for_replay(response: HttpResponse, repeated: HttpResponse) -> None:
    """Let those who repeat the request of ``response`` get the body of ``repeated`` instead."""
    setattr(response, _REPEATED, repeated.content)


def purge() -> int:
    """Delete the records that are too old to be used, and return their number."""
    oldest = timezone.now() - settings.IDEMPOTENCY_LIFETIME
    return IdempotencyRecord.objects.filter(created_at__lt=oldest).delete()[0]


def _run(record: IdempotencyRecord, begin: Begin) -> HttpResponse:
    held = IdempotencyRecord.objects.filter(pk=record.pk, lease_until=record.lease_until, status=None)
    try:
        perform = begin()
        with atomic():
            response = perform()
            if not 200 <= response.status_code < 300:
                raise _NotKept(response)
            headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
            body = getattr(response, _REPEATED, response.content)
            if not held.update(status=response.status_code, headers=headers, body=body):
                raise IdempotencyInProgress  # the lease ran out and another request took over
            return response
    except _NotKept as exc:
        held.delete()
        return exc.response
    except BaseException:
        held.delete()
        raise


class _NotKept(Exception):
    """Carries an answer that pins nothing out of the transaction."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response


def _replay(record: IdempotencyRecord) -> HttpResponse:
    headers = {**record.headers, "Idempotency-Replayed": "true"}
    response = HttpResponse(bytes(record.body), status=record.status, headers=headers)
    if "Content-Type" not in record.headers:
        del response["Content-Type"]
    return response


def _claim(key: str, fingerprint: str) -> tuple[IdempotencyRecord, bool]:
    """Return the record of a key, and whether this request is the one that has to act."""
    now = timezone.now()
    claim = IdempotencyRecord(
        key=key, fingerprint=fingerprint, lease_until=now + settings.IDEMPOTENCY_LEASE, created_at=now
    )
    try:
        with atomic():
            claim.save(force_insert=True)
        return claim, True
    except IntegrityError:
        pass
    known = IdempotencyRecord.objects.filter(pk=key).first()
    if known is None:  # the first request has just failed
        raise IdempotencyInProgress
    stale = now - known.created_at > settings.IDEMPOTENCY_LIFETIME or (
        known.status is None and known.lease_until <= now
    )
    if stale:
        return claim, _take_over(known, claim)
    if known.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    if known.status is None:
        raise IdempotencyInProgress
    return known, False


def _take_over(known: IdempotencyRecord, claim: IdempotencyRecord) -> bool:
    held = IdempotencyRecord.objects.filter(pk=known.pk, lease_until=known.lease_until, status=known.status)
    taken = held.update(
        fingerprint=claim.fingerprint,
        lease_until=claim.lease_until,
        created_at=claim.created_at,
        status=None,
        headers={},
        body=b"",
    )
    if not taken:
        raise IdempotencyInProgress
    return True


def _digest(body: Any) -> Any:
    """Return what was sent as plain values, each file by its name and its content."""
    if isinstance(body, BaseModel):
        return {name: _digest(value) for name, value in body}
    if isinstance(body, UploadedFile):
        sha = hashlib.sha256()
        for chunk in body.chunks():
            sha.update(chunk)
        body.seek(0)
        return [body.name, sha.hexdigest()]
    if isinstance(body, list | tuple):
        return [_digest(item) for item in body]
    return to_jsonable_python(body)


def _hash(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
