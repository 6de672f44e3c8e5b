"""The registry: the uses and kinds of data published in ``policies/``, read once, refused when malformed."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

from cockpit.domain.consent import Clause
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Collection, Kind, collection_of
from cockpit.domain.record import Versions
from cockpit.domain.use import Grain, Use, Words
from cockpit.sealing.canonical import canonical

T = TypeVar("T")

WIDE_PURPOSES = frozenset({"https://w3id.org/dpv#Purpose", "https://w3id.org/dpv#ServiceManagement"})
"""Nodes of the vocabulary that say nothing specific (GDPR art. 5(1)(b)): no use may name them."""


@dataclass(frozen=True, slots=True)
class KindSheet:
    """What the vocabulary says of one kind of data.

    ``joint_when`` are fields that, when they say something, show that the record speaks of another adult too.
    """

    id: Kind
    title: Words
    meaning: Words
    dpv: str
    sensitivity: str
    natural_key: str
    grains: tuple[Grain, ...]
    versions: Versions
    fields: dict[str, Words]
    joint_when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """Every published use and kind. ``sha256`` covers the whole set: it is the policy hash of each log entry."""

    uses: dict[str, Use]
    kinds: dict[Kind, KindSheet]
    hashes: dict[str, str]
    sha256: str

    def use(self, reference: str) -> Use | None:
        """The use a service asks by, ``energy-advice-v1``, or None when it was never published."""
        return self.uses.get(reference)

    def use_of(self, clause: Clause) -> Use | None:
        """The use that a clause is about, or None when it is no longer published."""
        return self.uses.get(f"{clause.use}-v{clause.use_version}")

    def use_sha256(self, use: Use) -> str:
        """The hash of this version of the use, quoted in every clause about it."""
        return self.hashes[use.reference]

    @property
    def special(self) -> frozenset[Kind]:
        """The kinds of special categories (GDPR art. 9): by their own term of the DPV or a broader one."""
        terms = vocabulary()
        return frozenset(kind for kind, sheet in self.kinds.items() if _special(sheet.dpv, terms))

    @property
    def joint_when(self) -> dict[Kind, tuple[str, ...]]:
        """The fields that show, for the kinds that have some, that a record speaks of another adult too."""
        return {kind: sheet.joint_when for kind, sheet in self.kinds.items() if sheet.joint_when}

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The families of data there are, each with a key of its own in every space."""
        return tuple(sorted({collection_of(kind) for kind in self.kinds}))

    @property
    def versions(self) -> dict[Kind, Versions]:
        """What a further version does, for every kind."""
        return {kind: sheet.versions for kind, sheet in self.kinds.items()}


def load_registry() -> Registry:
    """Read the documents shipped in ``cockpit_policies``. Raises ``WeMustFix`` naming the document that is wrong."""
    root = files("cockpit_policies")
    kinds: dict[Kind, KindSheet] = {}
    for document in sorted(root.joinpath("kinds").iterdir(), key=lambda entry: entry.name):
        if document.name.endswith(".toml"):
            for sheet in _parse(document.read_text("utf-8"), document.name, _KindFile).kind:
                kinds[sheet.id] = sheet
    uses: dict[str, Use] = {}
    for document in sorted(root.joinpath("uses").iterdir(), key=lambda entry: entry.name):
        if document.name.endswith(".toml"):
            use = _parse(document.read_text("utf-8"), document.name, Use)
            _check(use, kinds, document.name)
            uses[use.reference] = use
    hashes = {ref: hashlib.sha256(canonical(msgspec.to_builtins(use))).hexdigest() for ref, use in uses.items()}
    whole = {"uses": hashes, "kinds": {kind: msgspec.to_builtins(sheet) for kind, sheet in kinds.items()}}
    return Registry(uses, kinds, hashes, hashlib.sha256(canonical(whole)).hexdigest())


@dataclass(frozen=True, slots=True)
class _KindFile:
    kind: tuple[KindSheet, ...]


def _parse(text: str, name: str, shape: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(text), shape)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WeMustFix(f"policies: {name} is malformed: {error}") from error


@cache
def vocabulary() -> dict[str, dict[str, Any]]:
    """The terms of the vocabulary (W3C DPV) by IRI: scheme, labels, broader terms, and whether special."""
    text = files("cockpit_policies").joinpath("dpv", "dpv-2.3-subset.fr.json").read_text("utf-8")
    terms: dict[str, dict[str, Any]] = json.loads(text)["terms"]
    return terms


def _special(iri: str, terms: dict[str, dict[str, Any]]) -> bool:
    term = terms.get(iri)
    return term is not None and (term["special"] or any(_special(broader, terms) for broader in term["broader"]))


def _of_scheme(scheme: str) -> frozenset[str]:
    return frozenset(iri for iri, term in vocabulary().items() if term["scheme"] == scheme)


def _check(use: Use, kinds: dict[Kind, KindSheet], name: str) -> None:
    if not use.operations or not set(use.operations) <= _of_scheme("processing"):
        raise WeMustFix(f"policies: {name} must name operations of the vocabulary")
    if not use.purposes or not set(use.purposes) <= _of_scheme("purposes") - WIDE_PURPOSES:
        raise WeMustFix(f"policies: {name} must name purposes of the vocabulary, and none that says nothing specific")
    for part in use.inputs:
        sheet = kinds.get(part.kind)
        if sheet is None or not set(part.fields) <= set(sheet.fields) or part.grain not in sheet.grains:
            raise WeMustFix(f"policies: {name} asks for something the vocabulary does not have: {part.kind}")
