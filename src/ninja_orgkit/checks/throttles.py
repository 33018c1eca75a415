"""System checks of throttles: where they count, and their rates."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register

from ninja_orgkit.conf import settings
from ninja_orgkit.protocol.throttling import parse_rate

_INEXACT = ("LocMemCache", "DummyCache", "DatabaseCache", "FileBasedCache")


@register(Tags.caches)
def check_throttle_store(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report a store of counters that is not shared by all processes, or does not count exactly."""
    store = settings.THROTTLE_STORE
    if store == "database":
        return []
    cache = django_settings.CACHES.get(str(store))
    if cache is None:
        hint = 'Use "database" or an alias in CACHES.'
        return [Error(f"THROTTLE_STORE names {store!r}, which CACHES does not have.", hint=hint, id="orgkit.E005")]
    backend = str(cache["BACKEND"]).rsplit(".", 1)[-1]
    if backend in _INEXACT and not django_settings.DEBUG:
        hint = 'Use "database", or a cache on Redis, Valkey or Memcached.'
        text = f"THROTTLE_STORE is a {backend}, which does not count exactly across processes."
        return [Error(text, hint=hint, id="orgkit.E006")]
    return []


@register(Tags.caches)
def check_rates(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report each rate that cannot be read. The check of settings reports those of another type."""
    found: list[CheckMessage] = []
    rates: Any = settings.THROTTLES
    for scope, rate in rates.items() if isinstance(rates, dict) else ():
        try:
            if isinstance(rate, str):
                parse_rate(rate)
        except ValueError:
            hint = 'Write it like "10/min". The units are s, min, h and day.'
            found.append(Error(f"THROTTLES[{scope!r}] is not a rate: {rate!r}.", hint=hint, id="orgkit.E007"))
    return found
