"""The registry: the uses and kinds of data published in ``policies/``, read once, refused when malformed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import msgspec

from cockpit.domain.consent import Clause
from cockpit.domain.errors import WeMustFix
from cockpit.domain.ids import Collection, Kind, collection_of
from cockpit.domain.record import Versions
from cockpit.domain.use import Use
from cockpit.registry.publication import changed, unpublished
from cockpit.registry.sheets import KindSheet
from cockpit.registry.shelf import Shelf, read_shelf
from cockpit.registry.vocabulary import is_special
from cockpit.sealing.canonical import canonical

__all__ = ["KindSheet", "Registry", "load_registry", "registry_of"]


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
        return frozenset(kind for kind, sheet in self.kinds.items() if is_special(sheet.dpv))

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
    """The registry shipped in ``cockpit_policies``. Raises ``WeMustFix`` naming every fault of every document."""
    return registry_of(read_shelf(files("cockpit_policies")))


def registry_of(shelf: Shelf) -> Registry:
    """The registry of these documents. Raises ``WeMustFix`` naming every fault, unpublished and changed uses too."""
    faults = [*shelf.faults, *changed(shelf.hashes, shelf.published), *unpublished(shelf.hashes, shelf.published)]
    if faults:
        raise WeMustFix("policies: " + "\n".join(str(fault) for fault in faults))
    kinds = {str(kind): msgspec.to_builtins(sheet) for kind, sheet in shelf.kinds.items()}
    whole = canonical({"uses": dict(shelf.hashes), "kinds": kinds})
    return Registry(shelf.uses, shelf.kinds, shelf.hashes, hashlib.sha256(whole).hexdigest())
