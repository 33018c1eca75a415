"""The app of exports."""

from django.apps import AppConfig
from django.db.models.signals import post_delete


class ExportsConfig(AppConfig):
    """Configures the exports of organizations."""

    name = "ninja_orgkit.exports"
    label = "orgkit_exports"
    verbose_name = "Exports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receiver; load the tasks and the checks."""
        from ninja_orgkit.exports import checks, receivers, tasks  # noqa: F401
        from ninja_orgkit.exports.models import ExportJob

        post_delete.connect(receivers.delete_archive, sender=ExportJob, dispatch_uid="orgkit.exports.delete_archive")
