"""The published documents are whole, and a malformed one is refused by name."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.domain.errors import WeMustFix
from cockpit.registry import KindSheet, Registry, load_registry

REGISTRY: Registry = load_registry()


def test_uses_ask_only_for_what_the_vocabulary_has() -> None:
    for use in REGISTRY.uses.values():
        for part in use.inputs:
            assert set(part.fields) <= set(REGISTRY.kinds[part.kind].fields)


@pytest.mark.parametrize("reference", sorted(REGISTRY.uses))
def test_every_word_of_a_use_is_there_in_both_languages(reference: str) -> None:
    def words(value: object) -> list[dict[str, str]]:
        if isinstance(value, dict):
            return [value] if set(value) == {"fr", "en"} else [w for inner in value.values() for w in words(inner)]
        return [w for inner in value for w in words(inner)] if isinstance(value, list | tuple) else []

    found = words(msgspec.to_builtins(REGISTRY.uses[reference]))
    assert len(found) >= 7
    assert all(text["fr"].strip() and text["en"].strip() and text["fr"] != text["en"] for text in found)


def test_the_hash_of_the_set_changes_with_any_document(monkeypatch: pytest.MonkeyPatch) -> None:
    import cockpit.registry as module  # noqa: PLC0415 - the module is what is changed here

    original = module._parse

    def reworded(text: str, name: str, shape: type) -> object:
        return original(text.replace("Bank account", "Account of a bank"), name, shape)

    monkeypatch.setattr(module, "_parse", reworded)
    assert load_registry().sha256 != REGISTRY.sha256


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('purposes = ["', 'purposes = ["https://w3id.org/dpv#Purpose", "'),
        ("dpv#PublicPolicyMaking", "dpv#NoSuchPurpose"),
        ('"start", "values"', '"start", "salary"'),
        ("version = 1", 'version = "one"'),
        ("[title]", "[title"),
    ],
)
def test_a_malformed_use_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    import cockpit.registry as module  # noqa: PLC0415 - the module is what is changed here

    original = module._parse

    def broken(text: str, name: str, shape: type) -> object:
        return original(text.replace(old, new) if name.startswith("energy-study") else text, name, shape)

    monkeypatch.setattr(module, "_parse", broken)
    with pytest.raises(WeMustFix, match="energy-study"):
        load_registry()


def test_every_kind_has_labels_for_its_fields() -> None:
    sheet: KindSheet
    for sheet in REGISTRY.kinds.values():
        assert sheet.fields
        assert all(words.fr and words.en for words in sheet.fields.values())
