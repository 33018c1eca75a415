"""System checks of the settings that connect allauth with the kit."""

from __future__ import annotations

from typing import Any

from allauth.account import app_settings as account_settings
from allauth.headless import app_settings as headless_settings
from allauth.usersessions import app_settings as session_settings
from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from ninja_orgkit.conf import settings
from ninja_orgkit.contrib.allauth.adapters import AccountAdapter, HeadlessAdapter, UserSessionsAdapter
from ninja_orgkit.contrib.allauth.tokens import TokenStrategy


@register(Tags.security)
def check_token_strategy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that signing in through allauth does not end in tokens of the kit."""
    if isinstance(headless_settings.TOKEN_STRATEGY, TokenStrategy):
        return []
    text = "HEADLESS_TOKEN_STRATEGY is not the kit's, so signing in through allauth gives no tokens of the kit."
    hint = 'Set it to "ninja_orgkit.contrib.allauth.tokens.TokenStrategy", or to a subclass of that.'
    return [Error(text, hint=hint, id="orgkit.E075")]


@register(Tags.security)
def check_account_adapter(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that sign-up through allauth does not ask the kit."""
    if issubclass(import_string(account_settings.ADAPTER), AccountAdapter):
        return []
    text = "ACCOUNT_ADAPTER is not the kit's, so allauth ignores REGISTRATION and the kit's hooks."
    hint = 'Set it to "ninja_orgkit.contrib.allauth.adapters.AccountAdapter", or to a subclass of that.'
    return [Error(text, hint=hint, id="orgkit.E076")]


@register(Tags.security)
def check_headless_adapter(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that allauth shows primary keys."""
    if issubclass(import_string(headless_settings.ADAPTER), HeadlessAdapter):
        return []
    text = "HEADLESS_ADAPTER is not the kit's, so allauth shows the primary key of a user instead of the slug."
    hint = 'Set it to "ninja_orgkit.contrib.allauth.adapters.HeadlessAdapter", or to a subclass of that.'
    return [Error(text, hint=hint, id="orgkit.E077")]


@register(Tags.security)
def check_user_sessions_adapter(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Report that a session that is ended in allauth goes on in the kit."""
    if not apps.is_installed("allauth.usersessions"):
        return []
    if issubclass(import_string(session_settings.ADAPTER), UserSessionsAdapter):
        return []
    text = "USERSESSIONS_ADAPTER is not the kit's, so a session that is ended in allauth goes on in the kit."
    hint = 'Set it to "ninja_orgkit.contrib.allauth.adapters.UserSessionsAdapter", or to a subclass of that.'
    return [Error(text, hint=hint, id="orgkit.E078")]


@register(Tags.security)
def check_verification(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn that allauth lets people in whom the kit would not let in."""
    if settings.EMAIL_VERIFICATION != "mandatory" or account_settings.EMAIL_VERIFICATION == "mandatory":
        return []
    text = "EMAIL_VERIFICATION is mandatory in the kit, but allauth lets people sign in before they verify an address."
    return [Warning(text, hint='Set ACCOUNT_EMAIL_VERIFICATION = "mandatory".', id="orgkit.W079")]
