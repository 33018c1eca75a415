"""Let lists of members sort by a username that another account has in another spelling."""

from django.db import migrations, models

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import username_key


def derive(apps, schema_editor):
    """Set the column of all accounts."""
    accounts = apps.get_model("orgkit_accounts", "Account").objects.using(schema_editor.connection.alias)
    derive_anew(accounts.all(), {"username_sort": lambda row: (username_key(row.username) or "")[:255]})


class Migration(migrations.Migration):
    dependencies = [("orgkit_accounts", "0008_searched_names")]

    operations = [
        migrations.AddField("account", "username_sort", models.CharField(default="", editable=False, max_length=255)),
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
    ]
