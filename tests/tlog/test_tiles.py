"""Tiles against the format's sample log, its own examples, and the tree they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.tlog.merkle import HASH_BYTES, Edge, Node, consistency_proof, inclusion_proof, leaf_hash, root
from cockpit.tlog.tiles import (
    MOST_LEAF_BYTES,
    WIDTH,
    Tile,
    Wanted,
    bundle,
    hashes_from,
    parse_path,
    placed,
    tile_path,
    unbundle,
)

LOG = Path(__file__).parent.parent / "vectors" / "tlog-tiles" / "log"


class TiledLog:
    """A log kept as tiles in memory, and beside it every node of its tree."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.nodes: dict[Node, bytes] = {}
        self.edge = Edge()
        self.asked = 0

    def grow(self, leaf: bytes) -> None:
        index = self.edge.size
        completed = self.edge.append(leaf_hash(leaf))
        for tile, digest in placed(index, completed):
            self.tiles[tile] = self.tiles.get(tile, b"") + digest
        self.nodes |= {Node(level, index >> level): digest for level, digest in enumerate(completed)}

    def read(self, wanted: Sequence[Tile]) -> Mapping[Tile, bytes]:
        self.asked += len(wanted)
        return {tile: self.tiles[tile] for tile in wanted}

    def by_nodes(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self.nodes[node] for node in nodes]


def grown(count: int) -> TiledLog:
    log = TiledLog()
    for number in range(count):
        log.grow(b"%d" % number)
    return log


BIG = grown(70_000)


@pytest.mark.parametrize("size", range(1, 16))
def test_the_sample_logs_tiles_and_entries_are_ours(size: int) -> None:
    content = (LOG / "tile" / "entries" / "000.p" / str(size)).read_bytes()
    leaves = unbundle(content)
    assert len(leaves) == size
    assert bundle(leaves) == content
    log = TiledLog()
    for leaf in leaves:
        log.grow(leaf)
    assert log.tiles == {Tile(0, 0): (LOG / "tile" / "0" / "000.p" / str(size)).read_bytes()}


def test_a_log_of_the_formats_example_has_the_tiles_it_says() -> None:
    """C2SP tlog-tiles, "Partial Tiles": a tree of 70,000."""
    widths = {tile: len(hashes) // HASH_BYTES for tile, hashes in BIG.tiles.items()}
    expected = {Tile(0, index): WIDTH for index in range(273)} | {Tile(0, 273): 112}
    expected |= {Tile(1, 0): WIDTH, Tile(1, 1): 17, Tile(2, 0): 1}
    assert widths == expected


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("0/x001/x234/067", Wanted(0, 1_234_067, 256)),
        ("2/000.p/1", Wanted(2, 0, 1)),
        ("entries/x001/000.p/255", Wanted(None, 1000, 255)),
        ("63/999", Wanted(63, 999, 256)),
    ],
)
def test_a_path_is_the_formats(path: str, wanted: Wanted) -> None:
    assert parse_path(path) == wanted
    assert tile_path(wanted) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "0/", "00/000", "64/000", "-1/000", "0/0", "0/0000", "0/001/002", "0/x000/001", "0/x001/x002",
        "0/x001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p/1/", "entries/abc", "../000", "0/000 ",
        "٠/000", "0/٠٠٠", "0/000\n",
    ],
)  # fmt: skip
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(path)


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_read_back_is_the_same(level: int | None, index: int, width: int) -> None:
    assert parse_path(tile_path(Wanted(level, index, width))) == Wanted(level, index, width)


@pytest.mark.parametrize(
    ("wanted", "size", "there"),
    [
        (Wanted(0, 0, 1), 0, False),
        (Wanted(0, 0, 1), 1, True),
        (Wanted(0, 0, 256), 255, False),
        (Wanted(None, 1, 5), 261, True),
        (Wanted(None, 1, 6), 261, False),
        (Wanted(1, 0, 1), 255, False),
        (Wanted(1, 0, 1), 256, True),
        (Wanted(2, 0, 1), 65_535, False),
        (Wanted(2, 0, 1), 65_536, True),
    ],
)
def test_a_log_has_the_tiles_of_its_size(wanted: Wanted, size: int, there: bool) -> None:
    assert wanted.available(size) is there


@settings(max_examples=30)
@given(st.data())
def test_proofs_from_tiles_are_those_of_the_tree_and_need_few_tiles(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, BIG.edge.size))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    read = hashes_from(BIG.read)
    BIG.asked = 0
    assert inclusion_proof(read, index, size) == inclusion_proof(BIG.by_nodes, index, size)
    # On each of three levels: the tile above the leaf, and the one at the right edge.
    assert BIG.asked <= 6
    assert consistency_proof(read, old, size) == consistency_proof(BIG.by_nodes, old, size)
    assert root(read, size) == root(BIG.by_nodes, size)


def test_a_node_beyond_a_tile_is_missing() -> None:
    log = grown(5)
    for node in (Node(0, 5), Node(2, 1), Node(3, 0)):
        with pytest.raises(KeyError):
            hashes_from(log.read)([node])


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_a_bundle_read_back_is_the_same(leaves: list[bytes]) -> None:
    assert unbundle(bundle(leaves)) == leaves


def test_bundles_that_are_none_are_refused() -> None:
    for content in (b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01ab"):
        with pytest.raises(ValueError, match="cut"):
            unbundle(content)
    with pytest.raises(ValueError, match="65535"):
        bundle([bytes(MOST_LEAF_BYTES + 1)])
    assert unbundle(bundle([bytes(MOST_LEAF_BYTES)])) == [bytes(MOST_LEAF_BYTES)]
