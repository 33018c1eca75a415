"""Fold the sort keys and search texts of contacts as searches now do."""

from django.db import migrations

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.searching import searched_text

SORTED = {
    "display_sort": "display_name",
    "first_sort": "first_name",
    "last_sort": "last_name",
    "email_sort": "email",
}
SEARCHED = ("display_name", "first_name", "last_name", "email", "phone", "notes")


def fold(apps, schema_editor):
    """Fold the texts of all rows again."""
    contacts = apps.get_model("orgkit_contacts", "Contact").objects.using(schema_editor.connection.alias)
    columns = {key: lambda row, field=field: search_key(getattr(row, field))[:255] for key, field in SORTED.items()}
    columns["search_text"] = lambda row: searched_text(getattr(row, field) for field in SEARCHED)
    derive_anew(contacts.all(), columns)


class Migration(migrations.Migration):
    dependencies = [("orgkit_contacts", "0004_derived_names")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop, elidable=True)]
