"""UUIDs that sort by time."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def uuid7(at: datetime) -> UUID:
    """Return a new UUID of version 7 (RFC 9562, section 5.7) for a point in time.

    The 12 bits after the milliseconds hold the microseconds (section 6.2, method 3), so that UUIDs sort as finely as
    times in a database. The other 62 bits are random.
    """
    milliseconds, microseconds = divmod((at - _EPOCH) // _MICROSECOND, 1000)
    value = (milliseconds << 80) | (7 << 76) | ((microseconds * 4096 // 1000) << 64) | (2 << 62) | secrets.randbits(62)
    return UUID(int=value)
