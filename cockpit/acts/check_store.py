"""Check this deployment's store: everything the server can see, and one space to its last byte when it is unlocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.acts.cockpit import Cockpit
from cockpit.sealing.keyring import Keyring
from cockpit.store import check_log
from cockpit.store.check_log import TellCovered
from cockpit.store.check_opened import Opening, check_opened
from cockpit.store.checking import Store, check
from cockpit.store.findings import Finding
from cockpit.store.walls import EVERYONE


def check_store(
    cockpit: Cockpit, walked: Callable[[int], None] = lambda _: None, tell_covered: TellCovered = lambda *_: None
) -> Iterator[Finding]:
    """Everything that is not as it must be; nothing when all is well. Raises ``OperatorMustAct``."""
    store = Store(cockpit.database, cockpit.keyrings, cockpit.spaces.files, cockpit.operator, cockpit.ledger.origin)
    return check(store, cockpit.clock(), walked, tell_covered)


def check_opened_space(cockpit: Cockpit, keyring: Keyring, counted: Opening) -> Iterator[Finding]:
    """What of an unlocked space does not open, or is not what its manifest says."""
    with cockpit.spaces.read(keyring) as reader:
        yield from check_opened(cockpit.spaces, reader.connection, keyring, counted)


def check_kept(cockpit: Cockpit, content: bytes) -> Iterator[Finding]:
    """Whether a receipt or checkpoint that somebody kept is still in the log. Raises ``OperatorMustAct``."""
    with cockpit.database.read(EVERYONE) as connection:
        yield from check_log.check_kept(connection, cockpit.operator, cockpit.ledger.origin, content)
