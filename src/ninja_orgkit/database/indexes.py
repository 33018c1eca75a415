"""An index that not every database can have."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class KeyTextIndex(models.Index):
    """Index a primary key as text, which links to objects of any model store.

    MariaDB has no indexes on expressions, and MySQL none on an expression of a column that it counts up itself. There
    the index is left out.
    """

    def create_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Any:
        """Return the statement that creates the index, or one that does nothing."""
        if _is_mysql(schema_editor):
            return Statement("DO 0")
        return super().create_sql(model, schema_editor, using=using, **kwargs)

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any) -> Any:
        """Return the statement that removes the index, or one that does nothing."""
        if _is_mysql(schema_editor):
            return Statement("DO 0")
        return super().remove_sql(model, schema_editor, **kwargs)


def _is_mysql(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    return schema_editor.connection.vendor == "mysql"
