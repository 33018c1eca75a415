"""Throttling: exact under concurrency and across processes.

A window of a scope and key begins with its first request and lasts the scope's period. Requests are counted in one
atomic step, by the cache's increment or by an upsert in the kernel's table; those over the limit change nothing else.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable, Collection, Mapping
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


Counted = dict[str, tuple[int, float]]
"""For each key the count of its window, and when the window began (seconds since 1970)."""


class Counter(Protocol):
    """Counts requests."""

    def __call__(self, requests: Mapping[str, int], seconds: int, now: float) -> Counted:
        """Count as many requests against each key as the mapping says."""


@lru_cache(maxsize=64)
def parse_rate(text: str) -> Rate:
    """Return the rate that ``"10/min"`` says. Raises ValueError."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a rate. Write it like 10/min; the units are s, min, h and day.")
    return Rate(int(match[1]), _SECONDS[match[2]])


def throttle(scope: str, key: str, *, requests: int = 1) -> None:
    """Count a request against a scope and key, or as many as one request stands for.

    Raises Throttled, with the time to wait, if the limit is exceeded, and Unavailable if the request cannot be counted.
    """
    wait = _exceeded(scope, {key: requests}).get(key)
    if wait is not None:
        raise Throttled(headers={"Retry-After": str(wait)})


def throttle_each(scope: str, keys: Collection[str]) -> set[str]:
    """Count a request against each of the keys, and return those whose limit is exceeded.

    Takes as many statements as for a single key. Raises Unavailable.
    """
    return set(_exceeded(scope, dict.fromkeys(keys, 1)))


def _exceeded(scope: str, requests: Mapping[str, int]) -> dict[str, int]:
    """Count requests against keys, and return how many seconds to wait for each key whose limit is exceeded."""
    rate_text = settings.THROTTLES.get(scope)
    if not settings.THROTTLING or rate_text is None or not requests:
        return {}
    rate = parse_rate(rate_text)
    digests = {key: _digest(scope, key) for key in requests}
    # In one order, so that no two requests wait for each other.
    ordered = sorted((digests[key], count) for key, count in requests.items())
    counted = _counter()(dict(ordered), rate.seconds, time.time())
    waits = {}
    for key, digest in digests.items():
        count, began = counted[digest]
        if count > rate.limit:
            # The window may have begun after this request came, or by the clock of a host that is ahead of this one.
            left = math.ceil(began + rate.seconds - time.time())
            waits[key] = min(max(left, 1), rate.seconds)
    return waits


def throttle_client(scope: str, request: HttpRequest) -> None:
    """Count a request by the client's address, an IPv6 one by its /64. Raises Throttled."""
    throttle(scope, network_of(client_address(request)))


def is_first(scope: str, key: str, *, seconds: int) -> bool:
    """Count a call against a scope and key, and tell whether it is the first within ``seconds``.

    This is always counted in the database, in the transaction of the caller: a rollback undoes it.
    """
    digest = _digest(scope, key)
    count, _ = _count_in_database({digest: 1}, seconds, time.time())[digest]
    return count == 1


Throttle = Callable[[Any, Any], None]
"""A throttle of an operation: it gets the request and the body."""


def per_client(scope: str) -> Throttle:
    """Return the throttle that counts by the client's address."""
    return lambda request, _body: throttle_client(scope, request)


def per_account(scope: str, *, requests: Callable[[Any], int] = lambda _body: 1) -> Throttle:
    """Return the throttle that counts by the caller: an account, or one of its API keys.

    ``requests`` reads in the body how many requests the one stands for.
    """
    return lambda request, body: throttle(scope, request.auth.identity, requests=requests(body))


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


def _count_in_cache(requests: Mapping[str, int], seconds: int, now: float) -> Counted:
    cache = caches[settings.THROTTLE_STORE]
    counted = {}
    try:
        for key, count in requests.items():
            start = f"orgkit:throttle:{key}"
            cache.add(start, now, timeout=seconds)
            began: float = cache.get(start, now)
            tally = f"{start}:{began:.6f}"
            cache.add(tally, 0, timeout=seconds + 60)
            counted[key] = (cache.incr(tally, count), began)
    except Exception as exc:
        # Each cache has exceptions of its own. Uncounted guesses at passwords would be worse than an outage.
        logger.exception("The throttle store %r failed", settings.THROTTLE_STORE)
        raise Unavailable from exc
    return counted


def _count_in_database(requests: Mapping[str, int], seconds: int, now: float) -> Counted:
    connection = kit_connection()
    table = connection.ops.quote_name(ThrottleCounter._meta.db_table)
    rows = ", ".join(["(%s, %s, %s)"] * len(requests))
    values = [value for key, count in requests.items() for value in (key, now, count)]
    if connection.vendor == "mysql":
        return _count_in_mysql(connection, table, rows, values, over=now - seconds)
    sql = (
        f"INSERT INTO {table} (key, began, count) VALUES {rows} ON CONFLICT (key) DO UPDATE SET "  # noqa: S608
        f"count = CASE WHEN {table}.began <= %s THEN excluded.count ELSE {table}.count + excluded.count END, "
        f"began = CASE WHEN {table}.began <= %s THEN excluded.began ELSE {table}.began END "
        "RETURNING key, count, began"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, now - seconds, now - seconds])
        return {key: (count, began) for key, count, began in cursor.fetchall()}


def _count_in_mysql(connection: Any, table: str, rows: str, values: list[Any], *, over: float) -> Counted:
    # Assignments take effect one after the other, so the count is set while the beginning is still the old one.
    sql = (
        f"INSERT INTO {table} (`key`, began, count) VALUES {rows} ON DUPLICATE KEY UPDATE "  # noqa: S608
        "count = CASE WHEN began <= %s THEN VALUES(count) ELSE count + VALUES(count) END, "
        "began = CASE WHEN began <= %s THEN VALUES(began) ELSE began END"
    )
    values, keys = [*values, over, over], values[::3]
    if connection.features.can_return_columns_from_insert:
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} RETURNING `key`, count, began", values)
            return {key: (count, began) for key, count, began in cursor.fetchall()}
    # The rows stay locked until they are read.
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        marks = ", ".join(["%s"] * len(keys))
        cursor.execute(f"SELECT `key`, count, began FROM {table} WHERE `key` IN ({marks})", keys)  # noqa: S608
        return {key: (count, began) for key, count, began in cursor.fetchall()}
