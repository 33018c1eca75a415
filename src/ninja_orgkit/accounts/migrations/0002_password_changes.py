from django.db import migrations, models


def end_sessions(apps, schema_editor):
    """End every session: nothing tells which of them outlived a change of the password."""
    apps.get_model("orgkit_accounts", "Session").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ("orgkit_accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="password_changes",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(end_sessions, end_sessions),
        migrations.RemoveField(model_name="session", name="fingerprint"),
        migrations.AddField(
            model_name="session",
            name="password_changes",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
    ]
