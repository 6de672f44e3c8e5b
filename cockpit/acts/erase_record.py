"""Erase one record for good: hidden at once, its bytes and its versions gone before this returns, its words too.

The original file goes with it when nothing else in the space was read from that file.
"""

from __future__ import annotations

from cockpit.accounts.sessions import Visit, only_the_person
from cockpit.accounts.slots import unlocked
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import BlobId, Kind, RecordUid, collection_of
from cockpit.domain.moment import instant
from cockpit.store import files, search
from cockpit.store.compaction import compact
from cockpit.store.heads import Moved
from cockpit.store.space import Reader


def erase_record(cockpit: Cockpit, visit: Visit, kind: Kind, uid: RecordUid) -> None:
    """Erase the record; bringing the same file again does not bring it back. Raises ``SpaceLocked`` or ``NotFound``."""
    only_the_person(visit)
    keyring, now = unlocked(visit), cockpit.clock()
    with cockpit.spaces.read(keyring) as reader:
        blob = reader.record(kind, uid).blob
        alone = blob is not None and not _used_elsewhere(cockpit, reader, blob, uid)
    objects: tuple[str, ...] = ()
    with cockpit.spaces.write(visit.person) as writer:
        writer.erase(kind, [uid], instant(now))
        if blob is not None and alone:
            objects = files.remove(writer.connection, visit.person, blob)
        # What was erased must not be found in an index either: it is made again from what is left.
        search.forget(writer.connection, visit.person)
        event = Event(
            EventType.RECORD_ERASED,
            audit={"collections": [str(collection_of(kind))]},
            subject={"kinds": [str(kind)], "count": 1},
        )
        cockpit.ledger.append(writer.connection, event, now, visit.person)
    cockpit.indexes.drop_person(visit.person)
    cockpit.spaces.files.objects.delete(objects)
    try:
        while compact(cockpit.spaces, keyring, collection_of(kind)):
            pass
    except Moved:
        # Somebody else is compacting the same collection, and takes the tombstone in with the rest.
        return


def _used_elsewhere(cockpit: Cockpit, reader: Reader, blob: BlobId, uid: RecordUid) -> bool:
    return any(
        stored.blob == blob and stored.uid != uid
        for kind in cockpit.registry.kinds
        for stored in reader.stream(Kind(kind))
    )
