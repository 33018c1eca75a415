"""On PostgreSQL, a trigger refuses whoever would change or delete an event."""

from django.db import migrations

from ninja_orgkit.audit.append_only import create_trigger, drop_trigger


def create(apps, schema_editor):
    """Create the trigger."""
    create_trigger(schema_editor, table=apps.get_model("orgkit_audit", "Event")._meta.db_table)


def drop(apps, schema_editor):
    """Drop the trigger."""
    drop_trigger(schema_editor, table=apps.get_model("orgkit_audit", "Event")._meta.db_table)


class Migration(migrations.Migration):
    dependencies = [("orgkit_audit", "0001_initial")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
