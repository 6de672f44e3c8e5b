"""Connections to SQLite and to PostgreSQL: set up alike, guarded, and with transactions that are begun by us alone."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, create_engine, event

from cockpit.store.guard import guard

BUSY_SECONDS: Final = 10
"""How long a transaction waits for the writer before it, for a lock, or for a free connection."""

CONNECTIONS: Final = 10
"""The most connections one process opens to PostgreSQL."""


def connect(url: str) -> Engine:
    """A guarded engine for ``url`` whose transactions are begun by us alone."""
    if url.startswith("postgresql"):
        engine = _postgresql(url)
    else:
        # Parameters are hidden: a failing statement must not print what it was about to store.
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _configure_sqlite)
    guard(engine)
    return engine


def _postgresql(url: str) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        # A server that restarted closes its connections: they are noticed before a transaction begins on one.
        pool_pre_ping=True,
        connect_args={"application_name": "cockpit", "connect_timeout": BUSY_SECONDS},
    )


def _configure_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by us: the driver's own implicit BEGIN would come too late to be IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        # First, so that even the change to WAL waits for its turn when two programs start together.
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
