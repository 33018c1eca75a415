"""The app of images."""

from django.apps import AppConfig
from django.db.models.signals import post_delete


class ImagesConfig(AppConfig):
    """Configures the images of organizations."""

    name = "ninja_orgkit.images"
    label = "orgkit_images"
    verbose_name = "Images"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers and load the tasks."""
        from ninja_orgkit.images import receivers, tasks  # noqa: F401
        from ninja_orgkit.images.models import Image, ImageAttachment

        post_delete.connect(receivers.delete_files, sender=Image, dispatch_uid="orgkit.images.delete_files")
        post_delete.connect(receivers.pass_cover_on, sender=ImageAttachment, dispatch_uid="orgkit.images.pass_cover_on")
