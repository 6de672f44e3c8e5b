"""Spreading a PostgreSQL database over the machines of a Citus cluster: each person's rows together, on one of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, MetaData, text

from cockpit.domain.errors import OperatorMustAct
from cockpit.store.directories import person_tables

SPREAD: Final = {
    "login": "handle_tag",
    "session": "session_hash",
    "token": "token_hash",
    "par": "request_hash",
    "joint_request": "code_hash",
    "seen_assertion": "assertion_hash",
    "audit_case": "case_id",
    "duty": "duty_hash",
}
"""Directories that grow with the number of persons, and the hash by which alone they are looked up."""

COPIED: Final = ("service", "auditor_mandate", "policy_set")
"""Small directories that are often read and seldom written: whole on every machine."""

KEPT: Final = ("log_cosigned", "log_head", "log_leaf", "log_tile", "log_batch")
"""The logs: their writers take turns anyway, so they stay on the coordinator."""


def distribution(metadata: MetaData) -> tuple[str, ...]:
    """The statements that spread the tables, in their order. Each is run once, by the tables' owner."""
    names = [table.name for table in person_tables(metadata)]
    first, others = names[0], names[1:]
    return (
        # Without this, the person named in a transaction is unknown on the machines that hold the rows, and
        # row-level security shows nothing there.
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands TO ''local''',"
        " current_database()); END $$",
        "SET LOCAL citus.propagate_set_commands TO 'local'",
        "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'",
        # Rows that are there already are moved by COPY, which PostgreSQL refuses under row-level security; nobody else
        # sees the tables before this transaction ends, and at its end their owner is held again.
        *(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY' for name in names),
        f"SELECT create_distributed_table('{first}', 'person_id', colocate_with => 'none')",
        *(f"SELECT create_distributed_table('{name}', 'person_id', colocate_with => '{first}')" for name in others),
        *(f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY' for name in names),
        *(f"SELECT create_distributed_table('{name}', '{by}', colocate_with => 'none')" for name, by in SPREAD.items()),
        *(f"SELECT create_reference_table('{name}')" for name in COPIED),
        *(f"SELECT citus_add_local_table_to_metadata('{name}')" for name in KEPT),
    )


def distribute(connection: Connection, metadata: MetaData) -> None:
    """Spread the tables, in the open transaction. Raises ``OperatorMustAct`` where Citus is not installed."""
    if not has_citus(connection):
        raise OperatorMustAct(
            "this database has no Citus; on each machine install it, then run: CREATE EXTENSION citus", code="citus"
        )
    for statement in distribution(metadata):
        connection.execute(text(statement))


def has_citus(connection: Connection) -> bool:
    """Whether the database can be spread. PostgreSQL only."""
    found = connection.execute(text("SELECT count(*) FROM pg_extension WHERE extname = 'citus'"))
    return bool(found.scalar_one())
