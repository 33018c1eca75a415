"""The app of contacts."""

from django.apps import AppConfig
from django.db.models.signals import post_delete


class ContactsConfig(AppConfig):
    """Contacts of organizations."""

    name = "ninja_orgkit.contacts"
    label = "orgkit_contacts"
    verbose_name = "Contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Watch for deleted contacts."""
        from ninja_orgkit.contacts import receivers
        from ninja_orgkit.contacts.models import Contact

        post_delete.connect(receivers.delete_avatar_files, sender=Contact, dispatch_uid="orgkit.contacts.avatar")
