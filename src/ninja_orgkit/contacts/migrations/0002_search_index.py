"""The index behind the search, where the database can have it: trigrams on PostgreSQL.

It is not part of the models' state, so no other database ever hears of it.
"""

from django.db import DatabaseError, migrations, transaction

NAME = "orgkit_contacts_search"

# The organization in the index spares a tenant the matches of all the others; that takes btree_gin.
ATTEMPTS = (
    (("pg_trgm", "btree_gin"), "organization_id, search_text"),
    (("pg_trgm",), "search_text"),
)


def create(apps, schema_editor):
    """Create the best index that this role may create; searches work without one too, only slower."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    table = schema_editor.quote_name(apps.get_model("orgkit_contacts", "Contact")._meta.db_table)
    for extensions, columns in ATTEMPTS:
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                for extension in extensions:
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
                cursor.execute(f"CREATE INDEX {NAME} ON {table} USING gin ({columns} gin_trgm_ops)")
            return
        except DatabaseError:
            # The server lacks the extension, or this role the right to create it.
            continue


def drop(apps, schema_editor):
    """Drop the index."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("orgkit_contacts", "0001_initial")]

    operations = [migrations.RunPython(create, drop, elidable=False)]
