"""The app of accounts."""

from django.apps import AppConfig
from django.db.models.signals import post_save


class AccountsConfig(AppConfig):
    """Accounts beside the host's users."""

    name = "ninja_orgkit.accounts"
    label = "orgkit_accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receiver and load the tasks."""
        from ninja_orgkit.accounts import receivers, tasks  # noqa: F401

        # Without a sender: a proxy of the user model sends its own signals.
        post_save.connect(receivers.keep_account, dispatch_uid="orgkit.accounts.keep_account")
