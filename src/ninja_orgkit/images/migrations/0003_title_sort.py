"""Sort images by a key of their title, which all databases sort alike."""

from django.db import migrations, models

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import search_key


def fold(apps, schema_editor):
    """Set the keys of existing images."""
    images = apps.get_model("orgkit_images", "Image").objects.using(schema_editor.connection.alias)
    derive_anew(images.exclude(title=""), {"title_sort": lambda image: search_key(image.title)[:255]})


class Migration(migrations.Migration):
    dependencies = [("orgkit_images", "0002_image_filename")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="title_sort",
            field=models.CharField(default="", editable=False, max_length=255),
            preserve_default=False,
        ),
        migrations.RemoveIndex(model_name="image", name="orgkit_images_by_title"),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["organization", "title_sort", "id"], name="orgkit_images_by_title"),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop, elidable=True),
    ]
