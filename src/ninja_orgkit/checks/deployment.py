"""System checks of a deployment: settings that suit development, and not production."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Tags, Warning, register

from ninja_orgkit.conf import settings

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@register(Tags.security, deploy=True)
def check_links(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about links in mails that work on this machine only."""
    urls = {"API_URL": settings.API_URL, "FRONTEND_URL": settings.FRONTEND_URL}
    return [
        Warning(
            f"{name} points at this machine, so links in mails work only here.",
            hint=f"Set NINJA_ORGKIT[{name!r}] to a public URL.",
            id="orgkit.W026",
        )
        for name, url in urls.items()
        if urlsplit(str(url)).hostname in _THIS_MACHINE
    ]


@register(Tags.security, deploy=True)
def check_throttling(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about requests that nothing limits."""
    if settings.THROTTLING:
        return []
    hint = "Remove THROTTLING from NINJA_ORGKIT, or set it to True."
    return [Warning("THROTTLING is off, so passwords can be guessed without limit.", hint=hint, id="orgkit.W027")]
