"""The app of organizations."""

from functools import partial

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save, pre_delete


class OrganizationsConfig(AppConfig):
    """Configures organizations, members and invitations."""

    name = "ninja_orgkit.organizations"
    label = "orgkit_organizations"
    verbose_name = "Organizations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and load the tasks."""
        from ninja_orgkit.accounts.models import Account
        from ninja_orgkit.audit.actions import ORGANIZATION_UPDATED
        from ninja_orgkit.audit.announcing import announce
        from ninja_orgkit.media.avatars import cascade_files_from
        from ninja_orgkit.organizations import receivers, tasks  # noqa: F401
        from ninja_orgkit.organizations.models import Organization

        post_save.connect(
            receivers.create_with_account, sender=Account, dispatch_uid="orgkit.organizations.create_with_account"
        )
        pre_delete.connect(
            receivers.lock_before_deletion, sender=Account, dispatch_uid="orgkit.organizations.lock_before_deletion"
        )
        post_delete.connect(
            receivers.close_after_deletion, sender=Account, dispatch_uid="orgkit.organizations.close_after_deletion"
        )
        cascade_files_from(Organization, tell=partial(announce, ORGANIZATION_UPDATED))
