"""The vault is rewritten: new pieces are sealed first, then one short transaction puts them in the place of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, insert

from cockpit.store import heads, manifest, tables
from cockpit.store.heads import Moved
from cockpit.store.lines import split
from cockpit.store.manifest import Manifest, Piece
from cockpit.store.pieces import Item, body
from cockpit.store.streams import INBOX, VAULT, Opened

_SEGMENT = tables.segment
_MANY = 500
"""How many numbers one statement names: engines have limits."""


@dataclass(slots=True)
class Work:
    """What is about to be written: new pieces as sealed rows, and the pieces they replace."""

    opened: Opened
    next_seq: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    replaced: list[int] = field(default_factory=list)

    def put(self, groups: Iterable[Sequence[Item]]) -> list[Piece]:
        """Seal groups of items as pieces."""
        made = []
        for group in groups:
            days = [one.day for one in group]
            piece = Piece(self.next_seq, min(days), max(days), max(one.until for one in group), len(group))
            self.rows.append(self.opened.seal_piece(body(group), piece))
            made.append(piece)
            self.next_seq += 1
        return made

    def again(self, piece: Piece, content: bytes) -> Piece:
        """Seal the body of a piece once more, under the current key, and give the piece it then is."""
        moved = replace(piece, seq=self.next_seq)
        self.rows.append(self.opened.seal_piece(content, moved))
        self.replaced.append(piece.seq)
        self.next_seq += 1
        return moved

    def take(self, pieces: list[Piece]) -> Iterator[bytes]:
        """The lines of pieces that will be replaced."""
        self.replaced += [piece.seq for piece in pieces]
        for content in self.opened.pieces(pieces):
            yield from split(content)


def commit(connection: Connection, work: Work, mac_key: bytes, new: Manifest) -> None:
    """Put the work in place, with the manifest that lists it. Raises ``Moved`` when another rewriting came first."""
    opened = work.opened
    was = heads.verify(heads.find(connection, opened.person, opened.collection), mac_key)
    # Writers may have added meanwhile, behind what was taken; a compaction or a rotation may not.
    if (was.fence, was.epoch) != (opened.head.fence, opened.head.epoch):
        raise Moved("another rewriting came first; nothing was changed")
    to = replace(was, fence=was.fence + 1)
    heads.move(connection, mac_key, was, to)
    here = (_SEGMENT.c.person_id == opened.person, _SEGMENT.c.collection == opened.collection)
    connection.execute(delete(_SEGMENT).where(*here, _SEGMENT.c.stream == INBOX, _SEGMENT.c.seq <= new.base_seq))
    for start in range(0, len(work.replaced), _MANY):
        gone = work.replaced[start : start + _MANY]
        connection.execute(delete(_SEGMENT).where(*here, _SEGMENT.c.stream == VAULT, _SEGMENT.c.seq.in_(gone)))
    if work.rows:
        connection.execute(insert(_SEGMENT), work.rows)
    key = opened.key(to.epoch)
    manifest.save(connection, key, new, opened.person, opened.collection, to.epoch, to.fence)
