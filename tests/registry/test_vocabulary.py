"""The vocabulary names nothing that its publisher does not."""

from __future__ import annotations

from pathlib import Path

from cockpit.registry.vocabulary import LEGAL_BASES, SPECIAL_BASES

PUBLISHED = Path(__file__).parents[1] / "vectors" / "dpv-2.2-legal-bases" / "terms.txt"


def test_every_legal_basis_is_one_the_vocabulary_published() -> None:
    published = set(PUBLISHED.read_text("utf-8").split())
    assert published >= LEGAL_BASES
    assert {term for term in published if "#A9-" in term} == SPECIAL_BASES
