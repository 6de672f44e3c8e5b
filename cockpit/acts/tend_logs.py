"""Tend the logs: close the months that are over, remove what has been kept long enough."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.store import shards
from cockpit.store.walls import EVERYONE
from cockpit.tlog.logs import LogName


@dataclass(frozen=True, slots=True)
class TendedLogs:
    """The access logs that were closed, and those whose leaves and openings were removed."""

    closed: tuple[LogName, ...] = ()
    expired: tuple[LogName, ...] = ()


def tend_logs(cockpit: Cockpit) -> TendedLogs:
    """Do what is due, in one transaction; doing it again does nothing more. Each is an entry of the consent log.

    Access logs are kept for ``Settings.access_months`` after their month. Raises ``OperatorMustAct``.
    """
    now = cockpit.clock()
    with cockpit.database.write(EVERYONE) as connection:
        closed = cockpit.ledger.close_shards(connection, now)
        expired = shards.expire_shards(cockpit.ledger, connection, now, cockpit.settings.access_months)
    if expired:
        cockpit.database.forget_past()
    return TendedLogs(tuple(closed), tuple(expired))
