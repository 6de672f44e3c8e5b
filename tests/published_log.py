"""A log as others see it: leaves, checkpoints, proofs. The tests of witnesses and of other programs ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.sealing.signing import SigningKey
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import Leaf
from cockpit.tlog.merkle import Edge, Node, consistency_proof, inclusion_proof, leaf_hash, root
from cockpit.tlog.note import Verifier

ORIGIN = "cockpit.example/log"
SIZES = (1, 2, 3, 7, 255, 256, 257, 1000)
"""Around the edges of the tree and of the tiles, which hold 256 hashes."""


@dataclass
class PublishedLog:
    """What a log gives out. Whoever has a real ledger fills ``leaves`` from it, and hands in its key and origin."""

    leaves: Sequence[bytes]
    key: SigningKey = field(default_factory=SigningKey.generate)
    origin: str = ORIGIN
    nodes: dict[Node, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edge = Edge()
        for index, leaf in enumerate(self.leaves):
            for level, digest in enumerate(edge.append(leaf_hash(leaf))):
                self.nodes[Node(level, index >> level)] = digest

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.origin, self.key.verify_key())

    def root(self, size: int) -> bytes:
        return root(self._read, size)

    def note(self, size: int) -> bytes:
        """The signed checkpoint at ``size``."""
        return sign_checkpoint(Checkpoint(self.origin, size, self.root(size)), self.key)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return inclusion_proof(self._read, index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(self._read, old, new) if 0 < old < new else []

    def tiles(self, size: int) -> dict[str, bytes]:
        """The files of C2SP tlog-tiles at ``size``, by path: hashes by 256, and bundles of entries."""
        files: dict[str, bytes] = {}
        level = 0
        while count := size >> 8 * level:
            for number, width in _tiles(count):
                nodes = [Node(8 * level, 256 * number + place) for place in range(width)]
                files[f"tile/{level}/{_name(number, width)}"] = b"".join(self._read(nodes))
            level += 1
        for number, width in _tiles(size):
            leaves = self.leaves[256 * number : 256 * number + width]
            bundle = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
            files[f"tile/entries/{_name(number, width)}"] = bundle
        return files | {"checkpoint": self.note(size)}

    def _read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self.nodes[node] for node in nodes]


def _tiles(count: int) -> list[tuple[int, int]]:
    """The tiles that hold ``count`` entries: their numbers and widths."""
    return [(number, min(256, count - 256 * number)) for number in range(-(-count // 256))]


def _name(number: int, width: int) -> str:
    return f"{number:03}" if width == 256 else f"{number:03}.p/{width}"


def events(count: int, word: str = "0") -> list[bytes]:
    """Leaves as the cockpit writes them. ``word``: one hexadecimal digit, by which two histories differ."""
    kinds = ("consent.requested", "consent.given", "access.allowed", "consent.withdrawn")
    return [
        Leaf(
            kinds[number % 4], f"2026-11-{1 + number // 60 % 28:02}T09:{number % 60:02}Z", "a" * 64,
            f"{number:063x}{word}", "b" * 64, f"{number:032x}",
        ).to_bytes()
        for number in range(count)
    ]  # fmt: skip


def grown(count: int, word: str = "0", key: SigningKey | None = None, origin: str = ORIGIN) -> PublishedLog:
    """A log of ``count`` events."""
    return PublishedLog(events(count, word), key or SigningKey.generate(), origin)
