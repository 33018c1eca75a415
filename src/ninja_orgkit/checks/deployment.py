"""System checks of a deployment: settings that suit development, and not production."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import django
from celery import current_app
from django.conf import settings as django_settings
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
def check_sender(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about mails from an address that is not the host's, as Django's default is not."""
    sender = parseaddr(django_settings.DEFAULT_FROM_EMAIL)[1]
    if sender.partition("@")[2] not in ("", *_THIS_MACHINE):
        return []
    text = f"DEFAULT_FROM_EMAIL is {django_settings.DEFAULT_FROM_EMAIL!r}. Most mail servers refuse such a sender."
    return [Warning(text, hint="Set it to an address of your domain.", id="orgkit.W068")]


@register(Tags.security, deploy=True)
def check_mail_backend(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about mails that reach nobody."""
    mailers = getattr(django_settings, "MAILERS", None)
    backend = mailers.get("default", {}).get("BACKEND", "") if mailers else _former_backend()
    kind = backend.removeprefix("django.core.mail.backends.").partition(".")[0]
    if kind not in ("console", "dummy", "filebased"):
        return []
    hint = 'Use a mail server: "django.core.mail.backends.smtp.EmailBackend".'
    return [Warning(f"Mails reach nobody, because the mail backend is {kind!r}.", hint=hint, id="orgkit.W069")]


@register(Tags.security, deploy=True)
def check_throttling(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about requests that nothing limits."""
    if settings.THROTTLING:
        return []
    hint = "Remove THROTTLING from NINJA_ORGKIT, or set it to True."
    return [Warning("THROTTLING is off, so passwords can be guessed without limit.", hint=hint, id="orgkit.W027")]


@register(Tags.security, deploy=True)
def check_tasks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn about requests that do the work of the workers."""
    if not current_app.conf.task_always_eager:
        return []
    text = "CELERY_TASK_ALWAYS_EAGER makes requests wait for mails, and their time tells which addresses are known."
    return [Warning(text, hint="Remove it, and start a worker.", id="orgkit.W123")]


def _former_backend() -> str:
    """Return the backend of before Django 6.1; from then on, reading the setting is deprecated."""
    return "" if django.VERSION >= (6, 1) else str(django_settings.EMAIL_BACKEND)
