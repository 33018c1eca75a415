"""Fold the sort keys of tags as searches now do."""

from django.db import migrations

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import search_key


def fold(apps, schema_editor):
    """Fold the texts of all rows again."""
    rows = apps.get_model("orgkit_tags", "Tag").objects.using(schema_editor.connection.alias)
    derive_anew(rows.all(), {"sort_key": lambda row: search_key(row.name)[:255]})


class Migration(migrations.Migration):
    dependencies = [("orgkit_tags", "0001_initial")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop, elidable=True)]
