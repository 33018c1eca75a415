"""The app of organizations."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_delete


class OrganizationsConfig(AppConfig):
    """Organizations, members and invitations."""

    name = "ninja_orgkit.organizations"
    label = "orgkit_organizations"
    verbose_name = "Organizations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and load the tasks."""
        from ninja_orgkit.accounts.models import Account
        from ninja_orgkit.organizations import receivers, tasks  # noqa: F401

        post_save.connect(receivers.give_home, sender=Account, dispatch_uid="orgkit.organizations.give_home")
        pre_delete.connect(receivers.hold_homes, sender=Account, dispatch_uid="orgkit.organizations.hold_homes")
        post_delete.connect(receivers.close_homes, sender=Account, dispatch_uid="orgkit.organizations.close_homes")
