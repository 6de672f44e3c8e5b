"""Erase a space for ever: its keys first, so that nothing is readable from then on, then all that is left of it."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import PersonId
from cockpit.store import walks
from cockpit.store.erasing import erase_rows


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows and sealed documents went. Both are 0 when nothing was left."""

    rows: int
    documents: int


def erase_space(cockpit: Cockpit, person: PersonId) -> Erased:
    """Shred the person's row of the keyring, remove their documents and rows, and log that a space was erased.

    Interrupted anywhere, doing it again finishes it; doing it twice changes nothing. The sign-in name goes last, so
    that it still leads here until all is done. The entry in the log names nobody. Raises ``OperatorMustAct``.
    """
    cockpit.keyrings.shred(person)
    cockpit.indexes.drop_person(person)
    documents = _remove_documents(cockpit, person)
    with cockpit.database.write(person) as connection:
        entries = walks.entries(connection, person)
        rows = erase_rows(connection, person)
        if rows:
            # What covers the openings that nobody has any more; whose they were is said nowhere.
            event = Event(EventType.SPACE_ERASED, {"entries": entries})
            cockpit.ledger.append(connection, event, cockpit.clock())
    # A write that had begun before the shredding may have brought a document meanwhile.
    documents += _remove_documents(cockpit, person)
    cockpit.keyrings.database.forget_past()
    cockpit.database.forget_past()
    return Erased(rows, documents)


def _remove_documents(cockpit: Cockpit, person: PersonId) -> int:
    objects, count = cockpit.spaces.files.objects, 0
    for found in objects.list(person):
        objects.discard(found)
        count += 1
    return count
