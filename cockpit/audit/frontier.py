"""A tree's right edge: the roots of its complete subtrees, enough to add leaves and say the root (RFC 9162)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cockpit.tlog.merkle import leaf_hash, node_hash


@dataclass(slots=True)
class Frontier:
    """``size`` leaves so far; ``edge`` holds (level, hash) of the complete subtrees, the largest first."""

    size: int = 0
    edge: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """Add one leaf's bytes."""
        level, digest = 0, leaf_hash(leaf)
        while self.edge and self.edge[-1][0] == level:
            digest = node_hash(self.edge.pop()[1], digest)
            level += 1
        self.edge.append((level, digest))
        self.size += 1

    def root(self) -> bytes:
        """The root of what was added; of nothing, the hash of nothing (RFC 9162 section 2.1.1)."""
        if not self.edge:
            return hashlib.sha256(b"").digest()
        digest = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            digest = node_hash(left, digest)
        return digest
