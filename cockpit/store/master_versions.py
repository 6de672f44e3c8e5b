"""Which version of the master key each row of the keyring needs; re-wrapping the rows, and retiring old versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection, Row, select, update

from cockpit.sealing.master import version_of
from cockpit.store.keyrings import PAGE, WRAPPED, Keyrings, keyring
from cockpit.store.walls import EVERYONE

KeyringRow = Row[tuple[object, ...]]


def versions(keyrings: Keyrings) -> Counter[str]:
    """How many wrapped values each version of the master has made."""
    with keyrings.database.read(EVERYONE) as connection:
        return _versions(connection)


def begin_version(keyrings: Keyrings) -> str:
    """Begin a new version of the master, under the writer's lock: of two operators the second waits."""
    with keyrings.database.write(EVERYONE):
        return keyrings.operator.master.rotate()


def rewrap(keyrings: Keyrings, newest: str, batch: int) -> Iterator[int]:
    """Re-wrap the rows that ``newest`` did not make, ``batch`` rows a transaction; yields how many each time.

    The master is asked between transactions, so that nobody waits for it. A row that somebody changed or shredded
    meanwhile stays as they left it.
    """
    after = ""
    while True:
        rows, after = _outdated(keyrings, newest, after, batch)
        if rows:
            yield _replace(keyrings, [(row, _rewrapped(keyrings, row)) for row in rows])
        if not after:
            return


def retire_versions(keyrings: Keyrings, elsewhere: Callable[[], Iterable[bytes]]) -> Counter[str]:
    """Destroy the older versions when nothing needs them; else return how many wrapped values still do.

    ``elsewhere`` gives the wrapped values kept outside the keyring. Rows are put, counted, and versions begun and
    destroyed under the same writer's lock: a space that is being opened meanwhile either is counted here, or wraps
    under the newest version.
    """
    with keyrings.database.write(EVERYONE) as connection:
        master = keyrings.operator.master
        newest = master.newest()
        needing = _versions(connection) + Counter(version_of(wrapped) for wrapped in elsewhere())
        del needing[newest]
        if not needing:
            master.retire()
        return needing


def _outdated(keyrings: Keyrings, newest: str, after: str, batch: int) -> tuple[list[KeyringRow], str]:
    """Up to ``batch`` rows to re-wrap after the person ``after``, and where to go on (empty at the end)."""
    found: list[KeyringRow] = []
    with keyrings.database.read(EVERYONE) as connection:
        while rows := _page(connection, after):
            for row in rows:
                after = row.person_id
                if any(version != newest for version in _versions_of(row)):
                    found.append(row)
                    if len(found) == batch:
                        return found, after
    return found, ""


def _rewrapped(keyrings: Keyrings, row: KeyringRow) -> dict[str, bytes]:
    return {
        column.name: keyrings.operator.rewrap(bytes(getattr(row, column.name)), label, row.person_id)
        for label, column in WRAPPED.items()
    }


def _replace(keyrings: Keyrings, changes: list[tuple[KeyringRow, dict[str, bytes]]]) -> int:
    with keyrings.database.write(EVERYONE) as connection:
        return sum(
            connection.execute(
                update(keyring)
                .where(
                    keyring.c.person_id == row.person_id,
                    *(column == getattr(row, column.name) for column in WRAPPED.values()),
                )
                .values(**values)
            ).rowcount
            for row, values in changes
        )


def _versions(connection: Connection) -> Counter[str]:
    found: Counter[str] = Counter()
    after = ""
    while rows := _page(connection, after):
        after = rows[-1].person_id
        for row in rows:
            found.update(_versions_of(row))
    return found


def _versions_of(row: KeyringRow) -> list[str]:
    return [version_of(bytes(getattr(row, column.name))) for column in WRAPPED.values()]


def _page(connection: Connection, after: str) -> list[KeyringRow]:
    found = select(keyring).where(keyring.c.person_id > after).order_by(keyring.c.person_id).limit(PAGE)
    return list(connection.execute(found))
