"""The app of contacts."""

from functools import partial

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Configures the contacts of organizations."""

    name = "ninja_orgkit.contacts"
    label = "orgkit_contacts"
    verbose_name = "Contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Delete the avatar files of deleted contacts."""
        from ninja_orgkit.audit.actions import CONTACT_UPDATED
        from ninja_orgkit.audit.announcing import announce
        from ninja_orgkit.contacts.models import Contact
        from ninja_orgkit.media import avatars

        avatars.cascade_files_from(Contact, tell=partial(announce, CONTACT_UPDATED))
