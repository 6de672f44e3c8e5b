"""Tend an unlocked space: new key epochs where they are due, inboxes compacted, old keys destroyed.

Each step is a transaction of its own and may be the last: what was not done is done at the next unlock.
"""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.ids import Collection, PersonId
from cockpit.grants.keys import wrap_for_grant
from cockpit.sealing.keyring import Keyring
from cockpit.store import consents, heads
from cockpit.store.compaction import compact, waiting
from cockpit.store.epochs import begin, reseal, reseal_files, retire
from cockpit.store.heads import Moved
from cockpit.store.refreshing import refresh_index
from cockpit.store.space import FILES

WORTH_IT = 8
"""From so many inbox segments on a collection is compacted: fewer cost less to read than to move."""


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done, counted: collections compacted, epochs begun, epochs whose keys were destroyed."""

    compacted: int = 0
    begun: int = 0
    retired: int = 0


def tend_space(cockpit: Cockpit, keyring: Keyring, *, least: int = WORTH_IT) -> Tended:
    """Do what is due. Where another process tends the same collection at the same time, it is left to it.

    Raises ``Tampered`` for a damaged store.
    """
    person = PersonId(keyring.person)
    with cockpit.database.read(person) as connection:
        collections = sorted(heads.collections_of(connection, person))
        found = {collection: heads.find(connection, person, collection) for collection in collections}
        several = {name for name in collections if len(heads.keys_of(connection, person, name)) > 1}
        inboxes = waiting(connection, person)
    compacted = begun = retired = 0
    indexed = False
    for collection in collections:
        head = found[collection]
        try:
            if head.rotation_due:
                _begin_epoch(cockpit, keyring, person, collection)
                begun += 1
            moving = head.rotation_due or collection in several
            if inboxes.get(collection, 0) >= (1 if moving else least):
                if not indexed:
                    # The index reads what came from the inboxes: it must have it before they are emptied.
                    refresh_index(cockpit.spaces, keyring, cockpit.registry.kinds)
                    indexed = True
                while compact(cockpit.spaces, keyring, collection):
                    pass
                compacted += 1
            if moving:
                while reseal(cockpit.spaces, keyring, collection):
                    pass
                if collection == FILES:
                    reseal_files(cockpit.spaces, keyring)
                retired += _retire(cockpit, person, collection)
        except Moved:
            continue
    return Tended(compacted, begun, retired)


def _begin_epoch(cockpit: Cockpit, keyring: Keyring, person: PersonId, collection: Collection) -> None:
    """A new epoch; the grants that are still running are given its key."""
    with cockpit.database.write(person) as connection:
        epoch, key = begin(connection, cockpit.spaces, keyring, collection)
        for consent, public in consents.active(connection, person, collection):
            envelope = wrap_for_grant(public, key, person, consent, (collection, epoch))
            consents.put_wrap(connection, person, consent, collection, epoch, envelope)


def _retire(cockpit: Cockpit, person: PersonId, collection: Collection) -> int:
    with cockpit.database.write(person) as connection:
        ended = retire(connection, person, collection)
        for epoch in ended:
            consents.forget_epoch(connection, person, collection, epoch)
    return len(ended)
