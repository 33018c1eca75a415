"""The trigger by which PostgreSQL keeps events as they are. Migrations create it.

A transaction that sets ``PURGING`` may delete, and nothing may change. Emptying the table (``TRUNCATE``) is left to
whoever owns it: Django does that after each test of a host that has real transactions.
"""

from __future__ import annotations

from typing import Any

PURGING = "orgkit.audit_purge"
"""The setting of a transaction for which the trigger looks."""

_NAME = "orgkit_audit_append_only"
_FUNCTION = f"""
    CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('{PURGING}', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'Events of the audit trail are never changed or deleted.' USING ERRCODE = 'restrict_violation';
    END $$
"""
_TRIGGER = "CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"


def create_trigger(schema_editor: Any, *, table: str) -> None:
    """Create the trigger of a table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_FUNCTION)
        schema_editor.execute(_TRIGGER.format(name=_NAME, table=schema_editor.quote_name(table)))


def drop_trigger(schema_editor: Any, *, table: str) -> None:
    """Drop the trigger of a table, and its function."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {_NAME} ON {schema_editor.quote_name(table)}")
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {_NAME}()")
