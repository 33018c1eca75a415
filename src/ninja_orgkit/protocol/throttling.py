"""Throttling: exact under concurrency and across processes.

A window of a scope and key begins with its first request and lasts the scope's period. Requests are counted in one
atomic step, by the cache's increment or by an upsert in the kernel's table; those over the limit change nothing else.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.core.cache import caches
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ninja_orgkit.conf import settings
from ninja_orgkit.database.alias import atomic, kit_connection
from ninja_orgkit.errors import Throttled, Unavailable
from ninja_orgkit.logs import get_logger
from ninja_orgkit.models import ThrottleCounter
from ninja_orgkit.protocol.clients import client_address

logger = get_logger("ninja_orgkit")

_RATE = re.compile(r"(\d+)/(s|min|h|day)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}
_IPV6_SITE = 64


@dataclass(frozen=True)
class Rate:
    """A number of requests in a number of seconds."""

    limit: int
    seconds: int


class Counter(Protocol):
    """Counts a request. Returns the count of the window and when the window began (seconds since 1970)."""

    def __call__(self, key: str, seconds: int, now: float) -> tuple[int, float]:
        """Count one request."""


@lru_cache(maxsize=64)
def parse_rate(text: str) -> Rate:
    """Return the rate that ``"10/min"`` says. Raises ValueError."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a rate. Write it like 10/min; the units are s, min, h and day.")
    return Rate(int(match[1]), _SECONDS[match[2]])


def throttle(scope: str, key: str) -> None:
    """Count a request against a scope and key.

    Raises Throttled, with the time to wait, if the limit is exceeded, and Unavailable if the request cannot be counted.
    """
    rate_text = settings.THROTTLES.get(scope)
    if not settings.THROTTLING or rate_text is None:
        return
    rate = parse_rate(rate_text)
    count, began = _counter()(_digest(scope, key), rate.seconds, time.time())
    if count > rate.limit:
        # The window may have begun after this request came, or by the clock of a host that is ahead of this one.
        left = math.ceil(began + rate.seconds - time.time())
        raise Throttled(headers={"Retry-After": str(min(max(left, 1), rate.seconds))})


def throttle_client(scope: str, request: HttpRequest) -> None:
    """Count a request by the client's address, an IPv6 one by its /64. Raises Throttled."""
    throttle(scope, network_of(client_address(request)))


def is_first(scope: str, key: str, *, seconds: int) -> bool:
    """Count a call against a scope and key, and tell whether it is the first in so many seconds.

    This is always counted in the database, in the transaction of the caller: a rollback undoes it.
    """
    return _count_in_database(_digest(scope, key), seconds, time.time())[0] == 1


Throttle = Callable[[Any, Any], None]
"""A throttle of an operation: it gets the request and the body."""


def per_client(scope: str) -> Throttle:
    """Return the throttle that counts by the client's address."""
    return lambda request, _body: throttle_client(scope, request)


def per_account(scope: str) -> Throttle:
    """Return the throttle that counts by the caller: an account, or one of its API keys."""
    return lambda request, _body: throttle(scope, request.auth.identity)


def per_value(scope: str, read: Callable[[Any], str]) -> Throttle:
    """Return the throttle that counts by what ``read`` finds in the body."""
    return lambda _request, body: throttle(scope, read(body))


def purge() -> int:
    """Delete the windows that are over, and return their number."""
    return ThrottleCounter.objects.filter(began__lt=time.time() - max(_SECONDS.values())).delete()[0]


def network_of(address: str) -> str:
    """Return the network that one client can hardly leave: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_SITE), strict=False))


def _digest(scope: str, key: str) -> str:
    """Return what is counted by. Whatever identifies a client or an address is not stored in clear."""
    return salted_hmac("orgkit.throttle", f"{scope}\n{key}", algorithm="sha256").hexdigest()


def _counter() -> Counter:
    return _count_in_database if settings.THROTTLE_STORE == "database" else _count_in_cache


def _count_in_cache(key: str, seconds: int, now: float) -> tuple[int, float]:
    cache = caches[settings.THROTTLE_STORE]
    start = f"orgkit:throttle:{key}"
    try:
        cache.add(start, now, timeout=seconds)
        began: float = cache.get(start, now)
        tally = f"{start}:{began:.6f}"
        cache.add(tally, 0, timeout=seconds + 60)
        return cache.incr(tally), began
    except Exception as exc:
        # Each cache has exceptions of its own. Uncounted guesses at passwords would be worse than an outage.
        logger.exception("The throttle store %r failed", settings.THROTTLE_STORE)
        raise Unavailable from exc


def _count_in_database(key: str, seconds: int, now: float) -> tuple[int, float]:
    connection = kit_connection()
    table = connection.ops.quote_name(ThrottleCounter._meta.db_table)
    if connection.vendor == "mysql":
        return _count_in_mysql(connection, table, key, seconds, now)
    sql = (
        f"INSERT INTO {table} (key, began, count) VALUES (%s, %s, 1) ON CONFLICT (key) DO UPDATE SET "  # noqa: S608
        f"count = CASE WHEN {table}.began <= %s THEN 1 ELSE {table}.count + 1 END, "
        f"began = CASE WHEN {table}.began <= %s THEN excluded.began ELSE {table}.began END "
        "RETURNING count, began"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [key, now, now - seconds, now - seconds])
        count, began = cursor.fetchone()
    return count, began


def _count_in_mysql(connection: Any, table: str, key: str, seconds: int, now: float) -> tuple[int, float]:
    # Assignments take effect one after the other, so the count is set while the beginning is still the old one.
    sql = (
        f"INSERT INTO {table} (`key`, began, count) VALUES (%s, %s, 1) ON DUPLICATE KEY UPDATE "  # noqa: S608
        "count = CASE WHEN began <= %s THEN 1 ELSE count + 1 END, "
        "began = CASE WHEN began <= %s THEN VALUES(began) ELSE began END"
    )
    values = [key, now, now - seconds, now - seconds]
    if connection.features.can_return_columns_from_insert:
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} RETURNING count, began", values)
            count, began = cursor.fetchone()
            return count, began
    # The row stays locked until it is read.
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute(f"SELECT count, began FROM {table} WHERE `key` = %s", [key])  # noqa: S608
        count, began = cursor.fetchone()
        return count, began
