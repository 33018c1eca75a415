"""How the query of a request is read: in UTF-8, and only by the names that the route knows, each of them once."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from ninja.operation import Operation

from ninja_orgkit.errors import Invalid, OrgKitError, ValidationFailed
from ninja_orgkit.protocol.validation import field_errors

_URL_ENCODED = "application/x-www-form-urlencoded"


class UnknownParameter(Invalid):
    """This route does not know this query parameter. Check its spelling."""


class KnownQuery:
    """The query parameters that an operation reads."""

    def __init__(self, operation: Operation) -> None:
        models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
        self._names = {name for model in models for name in model.__ninja_flatten_map__}
        self._lists = {name for model in models for name in getattr(model, "__ninja_collection_fields__", ())}

    def fault(self, request: HttpRequest) -> OrgKitError | None:
        """Return the error for the query of a request, None if there is none.

        A name that the operation does not know comes first: a misspelt filter would show everything. Then comes one
        that is there more often than it is read: all of its values but the last would be ignored.
        """
        sent = request.GET
        if unknown := [name for name in sent if name not in self._names]:
            return UnknownParameter(errors=_errors(unknown, UnknownParameter.translated(), "unknown"))
        repeated = [name for name, values in sent.lists() if len(values) > 1 and name not in self._lists]
        if repeated:
            return ValidationFailed(errors=_errors(repeated, gettext("Give this parameter only once"), "repeated"))
        return None


def _errors(names: Iterable[str], msg: str, kind: str) -> list[Any]:
    return field_errors([{"loc": ["query", name], "msg": msg, "type": kind} for name in names])


def in_utf8(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a view: whatever charset the Content-Type names, its request is read in UTF-8, the query too.

    Django decodes both by that name or by ``DEFAULT_CHARSET``, and some names that Python knows decode nothing. Only a
    URL-encoded form keeps its charset, and Django refuses all but UTF-8 there.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        charset = request.encoding or settings.DEFAULT_CHARSET
        if codecs.lookup(charset).name != "utf-8" and request.content_type != _URL_ENCODED:
            request.encoding = "utf-8"
        return view(request, *args, **kwargs)

    return wrapped
