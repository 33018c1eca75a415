"""Tell display names that were made of the first and last name from those that somebody chose."""

from django.db import migrations, models
from django.db.models import F, Value
from django.db.models.functions import Concat, Trim


def recognise(apps, schema_editor):
    """Let existing display names follow the names that they equal: so far they were stored like chosen ones."""
    contacts = apps.get_model("orgkit_contacts", "Contact").objects.using(schema_editor.connection.alias)
    full = Trim(Concat("first_name", Value(" "), "last_name"))
    contacts.filter(display_name=full).update(derived_name=F("display_name"))


class Migration(migrations.Migration):
    dependencies = [("orgkit_contacts", "0003_any_address")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="derived_name",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
        ),
        migrations.RunPython(recognise, migrations.RunPython.noop, elidable=True),
    ]
