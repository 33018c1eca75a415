"""The app of API keys."""

from django.apps import AppConfig
from django.db.models.signals import post_delete


class ApiKeysConfig(AppConfig):
    """Configures the API keys of organizations."""

    name = "ninja_orgkit.apikeys"
    label = "orgkit_apikeys"
    verbose_name = "API keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receiver, and load the checks."""
        from ninja_orgkit.apikeys import checks, receivers  # noqa: F401
        from ninja_orgkit.apikeys.models import ApiKey

        uid = "orgkit.apikeys.tell_of_revocation"
        post_delete.connect(receivers.tell_of_revocation, sender=ApiKey, dispatch_uid=uid)
