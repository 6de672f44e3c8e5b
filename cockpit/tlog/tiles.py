"""Tiles: a log's tree and entries as small files that never change (C2SP tlog-tiles).

A tile of level L holds up to 256 hashes of complete subtrees of 256**L leaves; hashes of the levels between are
computed from them. An entry bundle holds the 256 leaves beneath a tile of level 0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cockpit.tlog.merkle import HASH_BYTES, Node, ReadHashes, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MOST_LEVELS = 63 // HEIGHT + 1
MOST_LEAF_BYTES = 0xFFFF

_PATH = re.compile(r"(0|[1-9]|[1-5][0-9]|6[0-3]|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Tile:
    """The ``index``-th tile of a level."""

    level: int
    index: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a path names: a tile of a level, or the entry bundle when ``level`` is None; its first ``width`` only."""

    level: int | None
    index: int
    width: int

    def available(self, size: int) -> bool:
        """Whether a log of ``size`` leaves has all of it."""
        return self.index * WIDTH + self.width <= size >> HEIGHT * (self.level or 0)


ReadTiles = Callable[[Sequence[Tile]], Mapping[Tile, bytes]]
"""Gives the stored hashes of tiles, full or partial."""


def tile_path(wanted: Wanted) -> str:
    """The path after ``tile/``: the index in groups of three digits, all but the last after an x."""
    groups = [f"{wanted.index % 1000:03}"]
    rest = wanted.index // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03}")
        rest //= 1000
    name = "entries" if wanted.level is None else str(wanted.level)
    partial = f".p/{wanted.width}" if wanted.width < WIDTH else ""
    return f"{name}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> Wanted:
    """What a path names. Raises ``ValueError`` for anything that ``tile_path`` would not have written."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError("not the path of a tile")
    level, groups, width = match.groups()
    wanted = Wanted(
        None if level == "entries" else int(level),
        int(groups.replace("x", "").replace("/", "")),
        int(width) if width else WIDTH,
    )
    if tile_path(wanted) != path:
        raise ValueError("not the path of a tile")
    return wanted


def placed(index: int, completed: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
    """Which tile each hash belongs to that leaf ``index`` brings: those of each eighth level that it completes.

    ``completed`` is what ``merkle.Edge.append`` gave. Each goes at the end of its tile.
    """
    return [
        (Tile(level // HEIGHT, index >> level + HEIGHT), completed[level]) for level in range(0, len(completed), HEIGHT)
    ]


def hashes_from(read: ReadTiles) -> ReadHashes:
    """Reads nodes of the tree from tiles: all that a proof needs, in one question of few tiles.

    What it gives raises ``KeyError`` for a node that the tiles do not have.
    """

    def hashes(nodes: Sequence[Node]) -> list[bytes]:
        tiles = read(list(dict.fromkeys(map(_tile_of, nodes))))
        return [_hash_in(tiles[_tile_of(node)], node) for node in nodes]

    return hashes


def bundle(leaves: Iterable[bytes]) -> bytes:
    """An entry bundle: each leaf after its length in two bytes. Raises ``ValueError`` for a leaf that is too long."""
    parts: list[bytes] = []
    for leaf in leaves:
        if len(leaf) > MOST_LEAF_BYTES:
            raise ValueError("a leaf is at most 65535 bytes")
        parts += (_LENGTH.pack(len(leaf)), leaf)
    return b"".join(parts)


def unbundle(content: bytes) -> list[bytes]:
    """The leaves of an entry bundle. Raises ``ValueError`` for bytes that are none."""
    leaves, at = [], 0
    while at < len(content):
        start = at + _LENGTH.size
        end = start + int.from_bytes(content[at:start], "big")
        if start > len(content) or end > len(content):
            raise ValueError("an entry bundle is cut short")
        leaves.append(content[start:end])
        at = end
    return leaves


def _tile_of(node: Node) -> Tile:
    level, above = divmod(node.level, HEIGHT)
    return Tile(level, node.index >> HEIGHT - above)


def _hash_in(tile: bytes, node: Node) -> bytes:
    above = node.level % HEIGHT
    start = (node.index << above) % WIDTH * HASH_BYTES
    found = tile[start : start + (HASH_BYTES << above)]
    if len(found) != HASH_BYTES << above:
        raise KeyError(node)
    row = [found[at : at + HASH_BYTES] for at in range(0, len(found), HASH_BYTES)]
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
