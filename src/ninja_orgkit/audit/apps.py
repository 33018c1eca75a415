"""The app of the audit trail."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Configures the audit trail of organizations, and the security events of accounts."""

    name = "ninja_orgkit.audit"
    label = "orgkit_audit"
    verbose_name = "Audit trail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Record what is announced, and load the task."""
        from ninja_orgkit.audit import announcing, recording, tasks  # noqa: F401

        announcing.record_with(recording.record_event)
