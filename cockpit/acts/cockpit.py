"""The assembled parts that every act receives; put together in ``cockpit.bootstrap``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cockpit.archive.decisions import Recorder
from cockpit.consent.cedar.oracle import Oracle
from cockpit.consent.notice import KindWords
from cockpit.consent.policy_set import PolicySet
from cockpit.registry import Registry
from cockpit.sealing.operator import OperatorKeys
from cockpit.search.open_indexes import OpenIndexes
from cockpit.settings import Settings
from cockpit.sources.shelf import Shelf
from cockpit.store.engine import Database
from cockpit.store.keyrings import Keyrings
from cockpit.store.ledger import Ledger
from cockpit.store.search import Snapshot
from cockpit.store.space import Spaces


@dataclass(frozen=True, slots=True)
class Cockpit:
    """One running deployment. ``clock`` gives the present as an aware datetime."""

    settings: Settings
    database: Database
    spaces: Spaces
    ledger: Ledger
    recorder: Recorder
    operator: OperatorKeys = field(repr=False)
    keyrings: Keyrings = field(repr=False)
    shelf: Shelf
    registry: Registry
    policies: PolicySet
    oracle: Oracle
    clock: Callable[[], datetime]
    indexes: OpenIndexes[Snapshot]

    def close(self) -> None:
        """Let go of both databases' connections."""
        self.database.engine.dispose()
        self.keyrings.database.engine.dispose()

    @property
    def kind_words(self) -> KindWords:
        """Titles and field labels of every kind, as notices need them."""
        return {kind: (sheet.title, sheet.fields) for kind, sheet in self.registry.kinds.items()}
