"""The app of the shop."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """What a host brings: models of its own that belong to organizations."""

    name = "shop"
    verbose_name = "Shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to the signals of the kit."""
        from shop import receivers  # noqa: F401
