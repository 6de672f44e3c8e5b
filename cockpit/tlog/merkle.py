"""The Merkle tree of RFC 9162, section 2: roots and proofs from stored subtree hashes, and their verification."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Node:
    """A complete subtree: 2**level leaves, the ``index``-th of that size. Level 0 are leaves."""

    level: int
    index: int


ReadHashes = Callable[[Sequence[Node]], list[bytes]]
"""Gives the stored hashes of nodes, in the order asked."""


class ProofInvalid(Exception):
    """A proof does not lead from the leaf (or the old root) to the root."""


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162 section 2.1.1: a leaf is hashed after one zero byte."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 section 2.1.1: two subtrees are hashed after one byte of value one."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Edge:
    """The right edge of a growing tree: the roots of the complete subtrees that make its ``size`` leaves, from left.

    It is all that growing and the root need, however long the log: a hash for each one-bit of the size.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[bytes]:
        """Take in a leaf hash; gives it, and the root of each subtree it completes: at place l, of 2**l leaves.

        That subtree is ``Node(l, index >> l)``, when ``index`` is the leaf's.
        """
        completed, hashes, size = [leaf], self.hashes, self.size
        # Each trailing one-bit of the size is a complete subtree on the left, waiting for this leaf to double it.
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            completed.append(leaf)
            size >>= 1
        hashes.append(leaf)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root of all leaves; of none, the hash of nothing."""
        return _folded(self.hashes) if self.hashes else sha256(b"").digest()

    def to_bytes(self) -> bytes:
        """The hashes one after another: with the size, all there is to store."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, stored: bytes) -> Edge:
        """Undo ``to_bytes``. Raises ``ValueError`` when it is not the edge of so many leaves."""
        if len(stored) != HASH_BYTES * size.bit_count():
            raise ValueError("not the edge of a tree of this size")
        return cls(size, [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)])


def whole_tree(leaves: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The root of these leaf hashes (at least one), and each one's inclusion proof, its hashes one after another.

    For a tree that is made at once: the same as leaf by leaf, faster.
    """
    level, count, columns = list(leaves), len(leaves), list[list[bytes]]()
    while len(level) > 1:
        siblings = [b""] * len(level)
        siblings[: len(level) & ~1 : 2], siblings[1::2] = level[1::2], level[: len(level) & ~1 : 2]
        width = 1 << len(columns)
        columns.append([sibling for sibling in siblings for _ in range(width)][:count])
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        # A last one without a sibling is a subtree of its own, and goes up as it is (RFC 9162 section 2.1.1).
        level = above + level[len(level) & ~1 :]
    return level[0], [b"".join(path) for path in zip(*columns, strict=True)] or [b""]


def root(read: ReadHashes, size: int) -> bytes:
    """The root of the first ``size`` leaves; of none, the hash of nothing."""
    return _subtrees(read, [(0, size)])[0] if size else sha256(b"").digest()


def inclusion_proof(read: ReadHashes, index: int, size: int) -> list[bytes]:
    """RFC 9162 section 2.1.3.1. Raises ``ValueError`` when the index is not in the tree."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    spans: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return _subtrees(read, spans[::-1])


def consistency_proof(read: ReadHashes, old: int, new: int) -> list[bytes]:
    """RFC 9162 section 2.1.4.1. Raises ``ValueError`` unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError("sizes must be 0 < old <= new")
    spans: list[tuple[int, int]] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    return _subtrees(read, spans[::-1])


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root_hash: bytes) -> None:
    """RFC 9162 section 2.1.3.2. Raises ``ProofInvalid``."""
    _check_lengths([root_hash])
    if root_of_proof(leaf, index, size, proof) != root_hash:
        raise ProofInvalid("the proof does not lead to the root")


def root_of_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to. Raises ``ProofInvalid`` for one of another shape."""
    if not 0 <= index < size:
        raise ProofInvalid("the leaf is not in the tree")
    _check_lengths([leaf, *proof])
    position, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if position % 2 == 1 or position == last:
            current = node_hash(sibling, current)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            current = node_hash(current, sibling)
        position, last = position // 2, last // 2
    if last != 0:
        raise ProofInvalid("the proof is too short")
    return current


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """RFC 9162 section 2.1.4.2. Raises ``ProofInvalid``."""
    if not 0 < old <= new:
        raise ProofInvalid("sizes must be 0 < old <= new")
    if old == new:
        if proof or old_root != new_root:
            raise ProofInvalid("the same size wants an empty proof and equal roots")
        return
    _check_lengths([old_root, new_root, *proof])
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        raise ProofInvalid("the proof is empty")
    position, last = old - 1, new - 1
    while position % 2 == 1:
        position, last = position // 2, last // 2
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("the proof is too long")
        if position % 2 == 1 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            second = node_hash(second, sibling)
        position, last = position // 2, last // 2
    if last != 0 or first != old_root or second != new_root:
        raise ProofInvalid("the proof does not lead from the old root to the new one")


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _subtrees(read: ReadHashes, spans: Sequence[tuple[int, int]]) -> list[bytes]:
    """The root of each span of leaves (start, end). All their hashes are read at once: a store answers one question."""
    parts = [_complete(start, end) for start, end in spans]
    wanted = [node for nodes in parts for node in nodes]
    hashes = iter(read(wanted) if wanted else [])
    return [_folded([next(hashes) for _ in nodes]) for nodes in parts]


def _complete(start: int, end: int) -> list[Node]:
    """The complete subtrees, left to right, that make the leaves ``start`` to ``end``."""
    nodes: list[Node] = []
    while start < end:
        level = min((end - start).bit_length() - 1, (start & -start).bit_length() - 1 if start else 64)
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def _folded(hashes: list[bytes]) -> bytes:
    """The root above complete subtrees, from right to left."""
    *rest, current = hashes
    for left in reversed(rest):
        current = node_hash(left, current)
    return current


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(digest) != HASH_BYTES for digest in hashes):
        raise ProofInvalid("a hash has the wrong length")
