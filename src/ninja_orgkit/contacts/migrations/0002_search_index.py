"""The index behind the search of contacts, where the database can have it."""

from django.db import migrations

from ninja_orgkit.database.search_index import create_search_index, drop_search_index

NAME = "orgkit_contacts_search"


def create(apps, schema_editor):
    """Create the index."""
    create_search_index(schema_editor, table=apps.get_model("orgkit_contacts", "Contact")._meta.db_table, name=NAME)


def drop(apps, schema_editor):
    """Drop the index."""
    drop_search_index(schema_editor, name=NAME)


class Migration(migrations.Migration):
    dependencies = [("orgkit_contacts", "0001_initial")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
