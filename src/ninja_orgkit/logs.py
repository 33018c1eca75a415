"""The id of the current request, and the log records that carry it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ATTRIBUTE = "orgkit_request_id"
"""Where a request keeps its id."""

_NONE = "-"
_request_id: ContextVar[str] = ContextVar("orgkit_request_id", default="")


def current_request_id() -> str:
    """Return the id of the request that is being answered, or "" outside one."""
    return _request_id.get()


@contextmanager
def request_id_in_context(request_id: str) -> Iterator[None]:
    """Make this the id of the current request in the block, for this thread or asynchronous task only."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


class RequestIdFilter(logging.Filter):
    """Gives every log record the attribute ``request_id``: the id of the current request, "-" outside one.

    Add it to the handlers in ``LOGGING``. It drops no record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Set the attribute, and let the record pass."""
        # Django logs refusals when the request is over, and names the request.
        of_request = getattr(getattr(record, "request", None), REQUEST_ATTRIBUTE, "")
        record.request_id = current_request_id() or of_request or _NONE
        return True


_add_request_id = RequestIdFilter()


def get_logger(name: str) -> logging.Logger:
    """Return a logger of the kit, whose records carry the id of the request without any setting of the host."""
    logger = logging.getLogger(name)
    logger.addFilter(_add_request_id)
    return logger
