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
        """Connect the receivers; load the tasks and the checks."""
        from ninja_orgkit.accounts import checks, receivers, tasks  # noqa: F401
        from ninja_orgkit.accounts.models import Account
        from ninja_orgkit.media import avatars

        # Without a sender: a proxy of the user model sends its own signals.
        post_save.connect(receivers.keep_account, dispatch_uid="orgkit.accounts.keep_account")
        avatars.cascade_files_from(Account)
