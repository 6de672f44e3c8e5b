"""Key epochs of a collection: a new one is begun, what is sealed under old ones is sealed anew, old keys are destroyed.

A withdrawn consent, or the person, asks for a new epoch; it begins at the next unlock. What comes from then on is out
of reach of every key handed out before, and compaction brings the rest along little by little.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, select

from cockpit.domain.ids import Collection, PersonId
from cockpit.sealing.keyring import Keyring, new_collection
from cockpit.store import files, heads, tables
from cockpit.store.files import SealingKey
from cockpit.store.manifest import Run
from cockpit.store.rewriting import Work, commit
from cockpit.store.space import FILES, Spaces
from cockpit.store.streams import VAULT

BATCH = 64
"""How many pieces are sealed anew at a time."""

_SEGMENT, _MANIFEST, _KEYS, _BLOB = tables.segment, tables.manifest, tables.collection_key, tables.blob


def begin(connection: Connection, spaces: Spaces, keyring: Keyring, collection: Collection) -> tuple[int, bytes]:
    """Move a collection to a new epoch, inside a transaction: its number and its collection key.

    Raises ``Moved``, ``NotFound`` or ``Tampered``.
    """
    person = PersonId(keyring.person)
    mac_key = spaces.mac_key(person)
    head = heads.verify(heads.find(connection, person, collection), mac_key)
    keys = new_collection(keyring.vault_key, person, collection, head.epoch + 1)
    heads.enter_epoch(connection, mac_key, head, keys)
    return keys.epoch, keyring.collection_key(collection, keys)


def reseal(spaces: Spaces, keyring: Keyring, collection: Collection) -> bool:
    """Seal a batch of pieces of older epochs under the current key; True when there may be more.

    Raises ``Moved`` when another rewriting came first, ``Tampered`` or ``NotFound``.
    """
    with spaces.read(keyring) as reader:
        opened = reader.opened(collection)
        old = _old_pieces(reader.connection, opened.person, collection, opened.head.epoch)
        stale = _manifest_epoch(reader.connection, opened.person, collection) not in {None, opened.head.epoch}
        if not old and not stale:
            return False
        work = Work(opened, opened.manifest.next_seq)
        runs = {kind: _moved(work, run, old) for kind, run in opened.manifest.runs.items()}
        histories = {kind: _moved(work, run, old) for kind, run in opened.manifest.histories.items()}
        new = replace(opened.manifest, next_seq=work.next_seq, runs=runs, histories=histories)
    with spaces.database.write(opened.person) as connection:
        commit(connection, work, spaces.mac_key(opened.person), new)
    return len(old) == BATCH


def reseal_files(spaces: Spaces, keyring: Keyring) -> int:
    """Seal the headers of every document under the current key; no object is touched. Gives how many moved."""
    person = PersonId(keyring.person)
    with spaces.database.write(person) as connection:
        opened = spaces.reader(connection, keyring).opened(FILES)
        keys = heads.verify(opened.head, spaces.mac_key(person)).keys
        return files.reseal(connection, SealingKey(person, keys.public, keys.epoch), opened.private)


def retire(connection: Connection, person: PersonId, collection: Collection) -> tuple[int, ...]:
    """Destroy the keys of epochs that nothing is sealed in any more, and name those epochs."""
    current = heads.find(connection, person, collection).epoch
    used = {current, _manifest_epoch(connection, person, collection)}
    where = (_SEGMENT.c.person_id == person, _SEGMENT.c.collection == collection)
    used |= set(connection.execute(select(_SEGMENT.c.epoch).where(*where).distinct()).scalars())
    if collection == FILES:
        used |= set(connection.execute(select(_BLOB.c.epoch).where(_BLOB.c.person_id == person).distinct()).scalars())
    ended = tuple(sorted(set(heads.keys_of(connection, person, collection)) - used))
    for epoch in ended:
        connection.execute(
            delete(_KEYS).where(_KEYS.c.person_id == person, _KEYS.c.collection == collection, _KEYS.c.epoch == epoch)
        )
    return ended


def _moved(work: Work, run: Run, old: set[int]) -> Run:
    pieces = []
    for piece in run:
        if piece.seq in old:
            (content,) = work.opened.pieces([piece])
            pieces.append(work.again(piece, content))
        else:
            pieces.append(piece)
    return Run.of(pieces)


def _old_pieces(connection: Connection, person: PersonId, collection: Collection, epoch: int) -> set[int]:
    where = (_SEGMENT.c.person_id == person, _SEGMENT.c.collection == collection, _SEGMENT.c.stream == VAULT)
    rows = connection.execute(select(_SEGMENT.c.seq).where(*where, _SEGMENT.c.epoch < epoch).limit(BATCH))
    return set(rows.scalars())


def _manifest_epoch(connection: Connection, person: PersonId, collection: Collection) -> int | None:
    where = (_MANIFEST.c.person_id == person, _MANIFEST.c.collection == collection)
    found: int | None = connection.execute(select(_MANIFEST.c.epoch).where(*where)).scalar_one_or_none()
    return found
