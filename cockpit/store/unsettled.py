"""What a write transaction still owes when it ends: done once, just before it is kept, however often it was asked for.

So a log is signed once a transaction, not once an entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection

from cockpit.domain.errors import WeMustFix

_OPTION: Final = "cockpit_unsettled"


class Debt(Protocol):
    """Something to do before the transaction is kept. Settled twice, the second time does nothing more."""

    def settle(self, connection: Connection) -> None:
        """Do it."""


_Owed = TypeVar("_Owed", bound=Debt)


def begin(connection: Connection) -> None:
    """Owe nothing yet: called at the beginning of each write transaction."""
    owed: dict[str, Debt] = {}
    connection.execution_options(**{_OPTION: owed})


def owed(connection: Connection, name: str, begun: Callable[[], _Owed]) -> _Owed:
    """The debt of this name, begun when there is none. Raises ``WeMustFix`` outside a write transaction."""
    debts = _debts(connection)
    if debts is None:
        raise WeMustFix("this can be done in a write transaction only", code="transaction")
    if name not in debts:
        debts[name] = begun()
    found: _Owed = debts[name]
    return found


def settle(connection: Connection) -> None:
    """Do what is owed: at the end of a write transaction, or earlier, for who must read it. Nothing in a read."""
    for debt in list((_debts(connection) or {}).values()):
        debt.settle(connection)


def _debts(connection: Connection) -> dict[str, Any] | None:
    found: dict[str, Any] | None = connection.get_execution_options().get(_OPTION)
    return found
