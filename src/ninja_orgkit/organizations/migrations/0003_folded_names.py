"""Fold the sort keys of organizations as searches now do."""

from django.db import migrations

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import search_key


def fold(apps, schema_editor):
    """Fold the texts of all rows again."""
    rows = apps.get_model("orgkit_organizations", "Organization").objects.using(schema_editor.connection.alias)
    derive_anew(rows.all(), {"sort_key": lambda row: search_key(row.name)[:255]})


class Migration(migrations.Migration):
    dependencies = [("orgkit_organizations", "0002_invitation_membership")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop, elidable=True)]
