"""What Alembic runs to apply or compare revisions: on the connection, and in the transaction, it was handed."""

from __future__ import annotations

from alembic import context

from cockpit.store.tables import metadata

connection = context.config.attributes["connection"]
# Batches copy a table where SQLite cannot alter it in place; PostgreSQL alters it.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
