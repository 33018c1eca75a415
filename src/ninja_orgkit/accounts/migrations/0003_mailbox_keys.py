"""Compare addresses by the mailbox that they mean."""

from django.db import migrations

from ninja_orgkit.database.addresses import email_key


def rekey(apps, schema_editor):
    """Set the keys of addresses anew. Of accounts that get the same key, the oldest has it."""
    accounts = apps.get_model("orgkit_accounts", "Account").objects.using(schema_editor.connection.alias)
    rows = accounts.exclude(email="").order_by("created_at", "pk").values_list("pk", "email", "email_key")
    changed = [(pk, email_key(email)) for pk, email, key in rows.iterator() if key != email_key(email)]
    for pk, _ in changed:
        accounts.filter(pk=pk).update(email_key=None)
    for pk, key in changed:
        if key and len(key) <= 254 and not accounts.filter(email_key=key).exists():
            accounts.filter(pk=pk).update(email_key=key)


class Migration(migrations.Migration):
    dependencies = [("orgkit_accounts", "0002_password_changes")]

    operations = [migrations.RunPython(rekey, migrations.RunPython.noop, elidable=True)]
