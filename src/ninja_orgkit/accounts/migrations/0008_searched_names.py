"""Let lists of members sort by the name that people see, and be searched."""

from django.db import migrations, models

from ninja_orgkit.database.derived import derive_anew
from ninja_orgkit.database.keys import search_key
from ninja_orgkit.database.searching import searched_text
from ninja_orgkit.database.visible import visible


def _shown_name(row):
    full_name = f"{row.first_name} {row.last_name}".strip()
    return visible(row.display_name) or visible(full_name) or row.username


def derive(apps, schema_editor):
    """Set the columns of all accounts."""
    accounts = apps.get_model("orgkit_accounts", "Account").objects.using(schema_editor.connection.alias)
    columns = {
        "display_sort": lambda row: search_key(_shown_name(row))[:255],
        "search_text": lambda row: searched_text((row.display_name, row.first_name, row.last_name, row.username)),
        "address_text": lambda row: searched_text((row.email,)),
    }
    derive_anew(accounts.all(), columns)


class Migration(migrations.Migration):
    dependencies = [("orgkit_accounts", "0007_email_changes")]

    operations = [
        migrations.AddField("account", "display_sort", models.CharField(default="", editable=False, max_length=255)),
        migrations.AddField("account", "search_text", models.TextField(default="", editable=False)),
        migrations.AddField("account", "address_text", models.TextField(default="", editable=False)),
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
    ]
