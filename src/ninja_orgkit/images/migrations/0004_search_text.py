"""Let images be searched, and be found by their tags as fast as contacts are."""

from django.db import migrations, models

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.search_index import create_search_index, drop_search_index
from ninja_orgkit.database.searching import searched_text

SEARCH = "orgkit_images_search"
# Leads from a rare tag to its images: assignments store keys as text. No other database makes use of one.
KEYS = "orgkit_images_by_key_text"
SEARCHED = ("title", "description", "alt_text", "filename")


def fill(apps, schema_editor):
    """Set the texts of existing images."""
    images = apps.get_model("orgkit_images", "Image").objects.using(schema_editor.connection.alias)
    text = {"search_text": lambda image: searched_text(getattr(image, field) for field in SEARCHED)}
    derive_anew(images.exclude(title="", description="", alt_text="", filename=""), text)


def create(apps, schema_editor):
    """Create the indexes."""
    table = apps.get_model("orgkit_images", "Image")._meta.db_table
    create_search_index(schema_editor, table=table, name=SEARCH)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"CREATE INDEX {KEYS} ON {schema_editor.quote_name(table)} ((id::text))")


def drop(apps, schema_editor):
    """Drop the indexes."""
    drop_search_index(schema_editor, name=SEARCH)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {KEYS}")


class Migration(migrations.Migration):
    dependencies = [("orgkit_images", "0003_title_sort")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="search_text",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(create, drop, elidable=False),
    ]
