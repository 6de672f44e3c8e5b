"""Rotate the operator's master key while the cockpit runs: a new version, everything re-wrapped, the old retired."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.sealing.master import version_of
from cockpit.sealing.operator import rewrap_files, wrapped_files
from cockpit.store import master_versions
from cockpit.store.walls import EVERYONE

BATCH = 32
"""Rows of the keyring re-wrapped in one transaction."""


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """Where the wrapped values stand: how many of the keyring's, and which files, each version of the master made."""

    newest: str
    keyring: Counter[str]
    files: dict[str, str]

    @property
    def behind(self) -> bool:
        """Whether something needs an older version than the newest."""
        return {*self.keyring, *self.files.values()} - {self.newest} != set()


@dataclass(frozen=True, slots=True)
class Rotated:
    """What one run did. ``resumed``: it finished an earlier rotation and began no version."""

    version: str
    rows: int
    files: int
    resumed: bool


def key_status(cockpit: Cockpit) -> KeyStatus:
    """Count the wrapped values by version. Raises ``OperatorMustAct`` when the master cannot be asked."""
    files = {name: version_of(wrapped) for name, wrapped in wrapped_files(cockpit.settings.keys_folder).items()}
    return KeyStatus(cockpit.operator.master.newest(), master_versions.versions(cockpit.keyrings), files)


def rotate_operator_key(cockpit: Cockpit, batch: int = BATCH) -> Rotated:
    """Begin a version and re-wrap everything, in small transactions; spaces are read and written meanwhile.

    A rotation that was interrupted is finished first: then no version is begun. Raises ``OperatorMustAct``.
    """
    status = key_status(cockpit)
    newest = status.newest if status.behind else _begin_version(cockpit)
    files = rewrap_files(cockpit.settings.keys_folder, cockpit.operator.master)
    rows = sum(master_versions.rewrap(cockpit.keyrings, newest, batch))
    return Rotated(newest, rows, files, status.behind)


def retire_operator_keys(cockpit: Cockpit) -> str:
    """Destroy every version of the master but the newest, whose name is returned.

    Raises ``OperatorMustAct`` while anything still needs an older one.
    """
    folder = cockpit.settings.keys_folder
    needing = master_versions.retire_versions(cockpit.keyrings, lambda: wrapped_files(folder).values())
    if needing:
        told = ", ".join(f"{count} by {version}" for version, count in sorted(needing.items()))
        raise OperatorMustAct(
            f"older versions still wrap values ({told}); run: cockpit keys rotate --master", code="master_needed"
        )
    newest = cockpit.operator.master.newest()
    _log(cockpit, EventType.KEY_RETIRED, newest)
    return newest


def _begin_version(cockpit: Cockpit) -> str:
    newest = master_versions.begin_version(cockpit.keyrings)
    _log(cockpit, EventType.KEY_ROTATED, newest)
    return newest


def _log(cockpit: Cockpit, event: EventType, newest: str) -> None:
    with cockpit.database.write(EVERYONE) as connection:
        cockpit.ledger.append(connection, Event(event, {"version": newest}), cockpit.clock())
