"""The app of accounts."""

from functools import partial

from django.apps import AppConfig
from django.db.models.signals import post_delete


class AccountsConfig(AppConfig):
    """Configures the accounts of the host's users."""

    name = "ninja_orgkit.accounts"
    label = "orgkit_accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers; load the tasks and the checks."""
        from ninja_orgkit.accounts import checks, receivers, tasks  # noqa: F401
        from ninja_orgkit.accounts.models import Account
        from ninja_orgkit.audit.actions import ACCOUNT_UPDATED
        from ninja_orgkit.audit.announcing import announce
        from ninja_orgkit.media import avatars

        receivers.follow_user_models()
        receivers.record_sign_ins()
        receivers.tell_of_sign_ins()
        post_delete.connect(receivers.tell_of_deletion, sender=Account, dispatch_uid="orgkit.accounts.tell_of_deletion")
        avatars.cascade_files_from(Account, tell=partial(announce, ACCOUNT_UPDATED))
