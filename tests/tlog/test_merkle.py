"""The tree against the public vectors of RFC 6962 implementations, and against its own definition."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.tlog.merkle import (
    Edge,
    Node,
    ProofInvalid,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
    whole_tree,
)
from cockpit.verifier.verify import Refuted, root_from_proof

VECTORS = Path(__file__).parent.parent / "vectors" / "rfc6962-proofs"


def cases(kind: str) -> list[Path]:
    return sorted((VECTORS / kind).rglob("*.json"))


def raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_the_vectors_are_all_there() -> None:
    assert len(cases("inclusion")) + len(cases("consistency")) == 196


@pytest.mark.parametrize("path", cases("inclusion"), ids=lambda path: "/".join(path.parts[-3:]))
def test_public_inclusion_vector(path: Path) -> None:
    case = json.loads(path.read_text())
    proof = [raw(digest) for digest in case["proof"] or []]
    arguments = (raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof)
    if case["wantErr"]:
        with pytest.raises(ProofInvalid):
            verify_inclusion(*arguments, raw(case["root"]))
    else:
        verify_inclusion(*arguments, raw(case["root"]))


@pytest.mark.parametrize("path", cases("inclusion"), ids=lambda path: "/".join(path.parts[-3:]))
def test_public_inclusion_vector_by_the_independent_verifier(path: Path) -> None:
    case = json.loads(path.read_text())
    try:
        found = root_from_proof(
            raw(case["leafHash"]), case["leafIdx"], case["treeSize"], [raw(digest) for digest in case["proof"] or []]
        )
    except Refuted:
        found = b""
    assert (found == raw(case["root"]) and len(found) == 32) is not case["wantErr"]


@pytest.mark.parametrize("path", cases("consistency"), ids=lambda path: "/".join(path.parts[-3:]))
def test_public_consistency_vector(path: Path) -> None:
    case = json.loads(path.read_text())
    proof = [raw(digest) for digest in case["proof"] or []]
    arguments = (case["size1"], case["size2"], proof, raw(case["root1"]), raw(case["root2"]))
    if case["wantErr"]:
        with pytest.raises(ProofInvalid):
            verify_consistency(*arguments)
    else:
        verify_consistency(*arguments)


class Tree:
    """A log that keeps every complete subtree, as the store does."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.nodes: dict[Node, bytes] = {}
        self.edge = Edge()
        for index, leaf in enumerate(leaves):
            for level, digest in enumerate(self.edge.append(leaf_hash(leaf))):
                self.nodes[Node(level, index >> level)] = digest

    def read(self, nodes: Sequence[Node]) -> list[bytes]:
        return [self.nodes[node] for node in nodes]


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node_hash(by_definition(leaves[:half]), by_definition(leaves[half:]))


several = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


@given(several)
def test_a_tree_grown_leaf_by_leaf_is_the_tree_of_the_definition(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    for size in range(1, len(leaves) + 1):
        assert root(tree.read, size) == by_definition(leaves[:size])
    assert tree.edge.root() == by_definition(leaves)
    assert Edge.from_bytes(len(leaves), tree.edge.to_bytes()) == tree.edge


@given(several)
def test_a_tree_made_at_once_is_the_same_with_the_same_proofs(leaves: list[bytes]) -> None:
    tree, hashes = Tree(leaves), [leaf_hash(leaf) for leaf in leaves]
    head, paths = whole_tree(hashes)
    assert head == tree.edge.root()
    assert paths == [b"".join(inclusion_proof(tree.read, index, len(leaves))) for index in range(len(leaves))]


@pytest.mark.parametrize(("size", "stored"), [(0, bytes(32)), (1, b""), (2, bytes(64)), (3, bytes(63))])
def test_an_edge_of_another_size_is_refused(size: int, stored: bytes) -> None:
    with pytest.raises(ValueError, match="edge"):
        Edge.from_bytes(size, stored)


@given(several, st.data())
def test_every_inclusion_proof_verifies_and_none_for_another_leaf(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = Tree(leaves), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(tree.read, index, size)
    verify_inclusion(leaf_hash(leaves[index]), index, size, proof, root(tree.read, size))
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf_hash(leaves[index] + b"x"), index, size, proof, root(tree.read, size))


@given(several, st.data())
def test_every_consistency_proof_verifies_and_none_for_another_past(leaves: list[bytes], data: st.DataObject) -> None:
    tree, new = Tree(leaves), len(leaves)
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(tree.read, old, new)
    verify_consistency(old, new, proof, root(tree.read, old), root(tree.read, new))
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, proof, leaf_hash(b"another past"), root(tree.read, new))


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40), st.data())
def test_a_proof_with_one_bit_changed_does_not_verify(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = Tree(leaves), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(tree.read, index, size)
    place = data.draw(st.integers(0, len(proof) - 1))
    changed = bytearray(proof[place])
    changed[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ProofInvalid):
        verify_inclusion(
            leaf_hash(leaves[index]),
            index,
            size,
            [*proof[:place], bytes(changed), *proof[place + 1 :]],
            root(tree.read, size),
        )


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=4), min_size=3, max_size=40), st.data())
def test_a_consistency_proof_bent_in_any_way_does_not_verify(leaves: list[bytes], data: st.DataObject) -> None:
    tree, new = Tree(leaves), len(leaves)
    old = data.draw(st.integers(1, new - 1))
    proof = consistency_proof(tree.read, old, new)
    roots = root(tree.read, old), root(tree.read, new)
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytearray(proof[place])
    flipped[data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))
    for bent in (
        [*proof[:place], bytes(flipped), *proof[place + 1 :]],
        [*proof[:place], *proof[place + 1 :]],
        [*proof[:place], proof[place], *proof[place:]],
        [*proof, bytes(32)],
        [*proof[:place], proof[place][:-1], *proof[place + 1 :]],
    ):
        with pytest.raises(ProofInvalid):
            verify_consistency(old, new, bent, *roots)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, proof, *roots[::-1])


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), st.data())
def test_an_inclusion_proof_holds_for_no_other_place(leaves: list[bytes], data: st.DataObject) -> None:
    tree, size = Tree(leaves), len(leaves)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof, head = inclusion_proof(tree.read, index, size), root(tree.read, size)
    for bent in (proof[:-1], [*proof, bytes(32)], [*proof, proof[0]]):
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf_hash(leaves[index]), index, size, bent, head)
    if other != index:
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf_hash(leaves[index]), other, size, proof, head)


@given(st.integers(1, 10**12), st.data())
def test_a_store_is_asked_once_whatever_the_size(size: int, data: st.DataObject) -> None:
    asked: list[int] = []

    def read(nodes: Sequence[Node]) -> list[bytes]:
        asked.append(len(nodes))
        return [bytes(32) for _ in nodes]

    inclusion_proof(read, data.draw(st.integers(0, size - 1)), size)
    consistency_proof(read, data.draw(st.integers(1, size)), size)
    root(read, size)
    assert len(asked) <= 4
    assert max(asked) <= 2 * size.bit_length()


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 4), (5, 4), (-1, 4)])
def test_no_consistency_between_sizes_that_are_none(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="sizes"):
        consistency_proof(Tree([b"a"] * 4).read, old, new)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, new, [], bytes(32), bytes(32))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4)])
def test_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        inclusion_proof(Tree([b"a"] * 4).read, index, size)


def test_growth_between_any_two_small_sizes_is_proved() -> None:
    """Every shape of both trees: sizes of one power of two and the next take each turn of the algorithm."""
    tree = Tree([bytes([n]) for n in range(70)])
    roots = {size: root(tree.read, size) for size in range(1, 71)}
    for new in range(1, 71):
        for old in range(1, new + 1):
            proof = consistency_proof(tree.read, old, new)
            verify_consistency(old, new, proof, roots[old], roots[new])
