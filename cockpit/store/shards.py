"""The access logs of past months, without their leaves and openings once these were kept long enough."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import add_months
from cockpit.store import log_rows, unsettled
from cockpit.store.ledger import Ledger
from cockpit.store.log_rows import LogState
from cockpit.tlog import logs
from cockpit.tlog.logs import LogName


def expire_shards(ledger: Ledger, connection: Connection, at: datetime, months: int) -> list[LogName]:
    """Remove leaves, openings and batches of closed logs whose month ended ``months`` ago or more; gives those logs.

    Their trees stay: proofs are still made, and checked against the head that the consent log holds. What covers the
    openings that are gone is an entry there too.
    """
    unsettled.settle(connection)
    # A month ends when the next one begins.
    newest = f"{add_months(at.astimezone(UTC).date().replace(day=1), -months - 1):%Y-%m}"
    closed = [head for head in log_rows.heads(connection) if head.state is LogState.CLOSED]
    past = [head for head in closed if logs.month_of(head.log) <= newest]
    for head in past:
        log_rows.forget_leaves(connection, head.log)
        log_rows.set_state(connection, head.log, LogState.EXPIRED)
        ledger.append(connection, Event(EventType.SHARD_EXPIRED, head.anchor()), at)
    return [head.log for head in past]
