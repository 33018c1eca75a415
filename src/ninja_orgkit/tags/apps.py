"""The app of tags."""

from django.apps import AppConfig


class TagsConfig(AppConfig):
    """Configures the tags of organizations."""

    name = "ninja_orgkit.tags"
    label = "orgkit_tags"
    verbose_name = "Tags"
    default_auto_field = "django.db.models.BigAutoField"
