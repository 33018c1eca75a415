"""Who is calling, as far as the connection tells: address and device."""

from __future__ import annotations

import re
from functools import lru_cache

from django.http import HttpRequest
from ua_parser import parse_os, parse_user_agent

from ninja_orgkit.conf import settings

_MAX_USER_AGENT_LENGTH = 255
_MAX_FAMILY_LENGTH = 45
# Without spaces and dots, because mails show it.
_PRODUCT = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII | re.IGNORECASE)
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


def client_user_agent(request: HttpRequest) -> str:
    """Return what the client calls itself, printable and cut."""
    agent: str = request.META.get("HTTP_USER_AGENT", "")
    return "".join(char for char in agent if char.isprintable())[:_MAX_USER_AGENT_LENGTH]


def client_device(request: HttpRequest) -> str:
    """Return the name for people of the client's device, such as ``Firefox on Windows``."""
    return device_name(client_user_agent(request))


@lru_cache(maxsize=1024)
def device_name(user_agent: str) -> str:
    """Return the families of browser and system that a ``User-Agent`` names, such as ``Firefox on Windows``.

    A program that is no known browser is called by its first word. Returns "" if there is none.
    """
    if not user_agent:
        return ""  # before the parser loads its hundreds of patterns
    browser, system = parse_user_agent(user_agent), parse_os(user_agent)
    product = _PRODUCT.match(user_agent)
    program = browser.family if browser else product[0] if product else ""
    families = [family[:_MAX_FAMILY_LENGTH] for family in (program, system.family if system else "") if family]
    return " on ".join(families)
