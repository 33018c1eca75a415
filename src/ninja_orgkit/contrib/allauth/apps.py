"""The app that connects django-allauth with the kit."""

from django.apps import AppConfig
from django.apps import apps as installed

NEEDED = ("allauth.account", "allauth.headless")


class AllauthConfig(AppConfig):
    """Lets people sign in through allauth's headless API and work with the kit's tokens."""

    name = "ninja_orgkit.contrib.allauth"
    label = "orgkit_allauth"
    verbose_name = "Sign-in through allauth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers, and ask for second factors before a password alone signs in."""
        if not all(installed.is_installed(name) for name in NEEDED):
            return  # a system check of the kit says which one is missing
        from ninja_orgkit.contrib.allauth import checks, receivers  # noqa: F401

        receivers.connect()
        if installed.is_installed("allauth.mfa"):
            from ninja_orgkit.accounts.services.second_factors import ask_for_second_factors
            from ninja_orgkit.contrib.allauth import factors

            ask_for_second_factors(factors.has_second_factor)
            factors.connect()
