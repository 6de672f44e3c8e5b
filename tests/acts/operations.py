"""What the tests of backups, checks and erasing share: a deployment that was lived in, and places to save it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cockpit.acts.back_up import BackedUp, back_up
from cockpit.acts.check_store import check_store
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.restore_backup import Backup
from cockpit.acts.visits import recognise
from cockpit.archive.backup import Repository, open_repository
from cockpit.archive.backup_files import DUTY
from cockpit.archive.keyring_backup import KeyringPlace, open_keyring_place
from cockpit.domain.ids import ConnectorId, Kind, PersonId, collection_of
from cockpit.domain.record import Basis, Method, Provenance, Record
from cockpit.sealing.keyring import Keyring
from cockpit.sealing.operator import OperatorKeys
from cockpit.store.compaction import compact
from cockpit.store.findings import Finding
from cockpit.store.space import JOURNAL

PASSPHRASE = "quatre mots faciles à retenir"
BANK = Kind("bank.transaction")
BANK_COLLECTION = collection_of(BANK)
ORIGIN = Provenance(ConnectorId("intl.ofx"), "1.0.0", Method.PARSED, Basis.OBSERVED)
AT = "2026-11-23T09:30:00Z"


def deposit(cockpit: Cockpit, person: PersonId, first: int, count: int = 1, label: str = "KANARIENVOGEL") -> None:
    """So many small records, and a document that they came from."""
    with cockpit.spaces.write(person) as writer:
        blob = writer.keep_file(f"{label} {first}".encode() * 50)
        records = [
            Record(BANK, f"t|{number}", f"2026-10-{number % 28 + 1:02}", {"amount": "-1.00", "label": label}, ORIGIN)
            for number in range(first, first + count)
        ]
        writer.deposit(ORIGIN.connector, records, AT, blob, "f.ofx")


def live(cockpit: Cockpit, name: str, deposits: int = 3) -> Keyring:
    """A space with records, compacted in part, and documents."""
    opened = open_space(cockpit, name, PASSPHRASE, name.title(), "fr")
    visit = recognise(cockpit, opened.cookie)
    assert visit is not None
    assert visit.keyring is not None
    for number in range(deposits):
        deposit(cockpit, opened.person, 10 * number, 5)
    compact(cockpit.spaces, visit.keyring, BANK_COLLECTION)
    compact(cockpit.spaces, visit.keyring, JOURNAL)
    deposit(cockpit, opened.person, 500, 2)
    return visit.keyring


@contextmanager
def places(cockpit: Cockpit, folder: Path) -> Iterator[tuple[Repository, KeyringPlace]]:
    """A repository and a place of the keyring, each in a folder of its own."""
    key = cockpit.operator.duty(DUTY)
    yield open_repository(str(folder / "backup"), key), open_keyring_place(str(folder / "apart"), key)


def saved(cockpit: Cockpit, folder: Path, keep: int | None = None) -> BackedUp:
    """Back up into ``folder``."""
    with places(cockpit, folder) as (repository, apart):
        return back_up(cockpit, repository, apart, keep)


def backup_in(folder: Path, operator: OperatorKeys) -> Backup:
    """The backup that ``saved`` made, as ``operator`` opens it."""
    key = operator.duty(DUTY)
    return Backup(
        open_repository(str(folder / "backup"), key), open_keyring_place(str(folder / "apart"), key), operator
    )


def codes(cockpit: Cockpit, checking: Callable[[Cockpit], Iterator[Finding]] = check_store) -> set[str]:
    """The codes of what a check finds."""
    return {found.code for found in checking(cockpit)}
