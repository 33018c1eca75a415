"""Pages of lists: a limit with either an offset or an opaque keyset cursor, in a total order.

A cursor holds the sort value and the public identifier of the row where the page ended. So page 10,000 costs the same
as page 1, and no row is skipped or repeated while others come and go. Sort columns hold no NULL; equal and empty values
are told apart by the identifier.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote

from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.crypto import salted_hmac
from ninja import Query
from pydantic import BaseModel, Field

from ninja_orgkit.conf import settings
from ninja_orgkit.database.pages import Keyset, ListedRows, Page, PreparedRows, Rows
from ninja_orgkit.errors import Invalid, field_error
from ninja_orgkit.protocol.fields import ONLY_DIGITS, Digits, Flag

T = TypeVar("T")

_MAX_OFFSET = 2**31 - 1
_MAX_CURSOR = 4096
_A_PAGE = "https://example.com/api/v1/orgs/?cursor=WzEsIkFjbWUiLCJhY21lIl0.c2lnbmF0dXJl"
_PAGE_PARAMETERS = ("cursor", "offset", "limit", "count", "ordering")


class InvalidCursor(Invalid):
    """This cursor is damaged, or belongs to another list, filter, ordering or user. Start again from the first page."""


class OrgkitPageQuery(BaseModel):
    """Which page of a list to return."""

    limit: Digits | None = Field(
        None,
        description="Items on the page, 1–200 (default 50).",
        json_schema_extra={"minimum": 1, "maximum": settings.PAGE_MAX_SIZE},
    )
    offset: Annotated[int, Field(ge=0, le=_MAX_OFFSET), ONLY_DIGITS] | None = Field(
        None, description="Number of items to skip. Cannot be combined with a cursor."
    )
    cursor: str | None = Field(None, description="The cursor from `next` or `previous` of another page.")
    ordering: str | None = Field(None, max_length=64, description="Sort key. A leading `-` reverses it.")
    count: Flag = Field(True, description="Whether to count all items. Pages by cursor are never counted.")


PageQuery = Query[OrgkitPageQuery]


class OrgkitPage(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    count: int | None = Field(description="The number of items in the whole list; null with a cursor or `count=false`.")
    next: str | None = Field(description="URL of the next page.", examples=[_A_PAGE])
    previous: str | None = Field(description="URL of the previous page.", examples=[None])


@dataclass(frozen=True)
class Orderings:
    """The orderings of a list: public name → column, the default (with its sign), and the column that breaks ties."""

    columns: Mapping[str, str]
    default: str
    tie: str


class _Utf8Json:
    """Serialises a cursor. Without the escapes of ASCII: many servers take no request line over 4 KiB."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def paginate(
    request: HttpRequest,
    rows: QuerySet[Any, Any] | Rows | PreparedRows | ListedRows,
    query: OrgkitPageQuery,
    *,
    orderings: Orderings,
    represent: Callable[[Any], Any],
) -> dict[str, Any]:
    """Return one page of ``rows`` (instances or dicts that hold the sort columns), as ``OrgkitPage`` describes it.

    ``represent`` makes an item of a row. Raises InvalidCursor, and ValidationFailed for a limit out of bounds, an
    unknown ordering, or both an offset and a cursor.
    """
    found = Rows(rows) if isinstance(rows, QuerySet) else rows
    limit = _limit(query)
    ordering, keyset = _keyset(query, orderings)
    signer = _signer(request, ordering)
    backward, start = _start(query, signer)
    offset = query.offset or 0
    read = found.read(Page(keyset, backward, bool(start), offset, offset + limit + 1), start)
    more = len(read) > limit
    items = read[:limit][::-1] if backward else read[:limit]

    def url(there: bool, row_index: int, direction: int) -> str | None:
        if not (there and items):
            return None
        cursor = signer.sign_object([direction, *map(_freeze, keyset.values(items[row_index]))], serializer=_Utf8Json)
        return _url(request, cursor)

    counted = query.count and query.cursor is None
    return {
        "items": [represent(row) for row in items],
        "count": found.count() if counted else None,
        "next": url(more if not backward else True, -1, 1),
        "previous": url(more if backward else bool(start or offset), 0, -1),
    }


def _limit(query: OrgkitPageQuery) -> int:
    if query.cursor is not None and query.offset is not None:
        raise field_error(["query", "offset"], "Give either an offset or a cursor", "offset_and_cursor")
    limit = settings.PAGE_SIZE if query.limit is None else query.limit
    if not 1 <= limit <= settings.PAGE_MAX_SIZE:
        raise field_error(["query", "limit"], "Input should be 1 to {max}", "limit", max=settings.PAGE_MAX_SIZE)
    return limit


def _keyset(query: OrgkitPageQuery, orderings: Orderings) -> tuple[str, Keyset]:
    ordering = orderings.default if query.ordering is None else query.ordering
    column = orderings.columns.get(ordering.removeprefix("-"))
    if column is None:
        known = ", ".join(orderings.columns)
        raise field_error(["query", "ordering"], "Input should be one of: {known}", "ordering", known=known)
    return ordering, Keyset(column, orderings.tie, ordering.startswith("-"))


def _signer(request: HttpRequest, ordering: str) -> signing.Signer:
    """Return a signer that knows the list, its filters, the ordering and the caller, but not the page."""
    filters = sorted((key, request.GET.getlist(key)) for key in request.GET if key not in _PAGE_PARAMETERS)
    caller = getattr(getattr(request, "auth", None), "identity", "")
    identity = salted_hmac("orgkit.cursor", f"{request.path}\n{caller}\n{ordering}\n{filters}", algorithm="sha256")
    return signing.Signer(sep=".", salt=f"orgkit.cursor.{identity.hexdigest()}")


def _start(query: OrgkitPageQuery, signer: signing.Signer) -> tuple[bool, list[Any]]:
    if query.cursor is None:
        return False, []
    if len(query.cursor) > _MAX_CURSOR:
        raise InvalidCursor
    try:
        direction, *values = signer.unsign_object(query.cursor, serializer=_Utf8Json)
    except (signing.BadSignature, ValueError):
        raise InvalidCursor from None
    return direction < 0, [_thaw(value) for value in values]


def _url(request: HttpRequest, cursor: str) -> str:
    params: QueryDict = request.GET.copy()
    params.pop("offset", None)
    params["cursor"] = cursor
    return request.build_absolute_uri(f"{quote(request.path)}?{params.urlencode()}")


def _freeze(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return value if isinstance(value, int) else str(value)


def _thaw(value: Any) -> Any:
    return datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
