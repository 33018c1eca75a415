"""Who is calling, as far as the connection tells: address and device."""

from __future__ import annotations

import re

from django.http import HttpRequest

from ninja_orgkit.conf import settings

_MAX_DEVICE_LENGTH = 255
# Some proxies append ports, which are others for each connection.
_WITH_PORT = re.compile(r"([^:\[\]]+):\d+|\[([^\[\]]*)\](?::\d+)?", re.ASCII)


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, as the outermost of the ``TRUSTED_PROXIES`` saw it.

    With no trusted proxy (the default) it is the peer's: anybody can send an ``X-Forwarded-For``.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES < 1:
        return peer
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    seen: list[str] = [*hops, peer]
    return _without_port(seen[-1 - min(settings.TRUSTED_PROXIES, len(seen) - 1)])


def _without_port(address: str) -> str:
    found = _WITH_PORT.fullmatch(address)
    return (found[1] or found[2]) if found else address


def client_device(request: HttpRequest) -> str:
    """Return what the client calls itself, printable and cut."""
    agent: str = request.META.get("HTTP_USER_AGENT", "")
    return "".join(char for char in agent if char.isprintable())[:_MAX_DEVICE_LENGTH]
