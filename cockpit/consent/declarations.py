"""A service's declaration against what was granted: whether it still fits the terms, and whether it grew."""

from __future__ import annotations

from cockpit.domain.consent import Clause
from cockpit.domain.ids import UseId
from cockpit.domain.place import within
from cockpit.domain.service import DeclaredUse, Service


def covers(declared: DeclaredUse | None, clause: Clause) -> bool:
    """Whether the service still declares what these terms allow, and handles it in no other way than they say."""
    return (
        declared is not None
        and all(set(part.fields) <= set(declared.fields.get(part.kind, ())) for part in clause.inputs)
        and declared.retention_months <= int(clause.retention.strip("PM"))
        and within(declared.places, clause.places)
        and set(declared.onward) <= set(clause.onward)
        and declared.automation.weight <= clause.automation.weight
    )


def grew(old: Service, new: Service) -> frozenset[tuple[UseId, int]]:
    """The declared uses under which more would happen than before, or that are no longer declared.

    A service that changes its name is another one to the person: all its uses grew.
    """
    changed = old.name != new.name
    return frozenset(
        (before.use, before.version)
        for before in old.uses
        if changed or not _as_narrow(new.declared(before.use, before.version), before)
    )


def _as_narrow(new: DeclaredUse | None, old: DeclaredUse) -> bool:
    return (
        new is not None
        and all(set(fields) <= set(old.fields.get(kind, ())) for kind, fields in new.fields.items())
        and new.retention_months <= old.retention_months
        and within(new.places, old.places)
        and set(new.onward) <= set(old.onward)
        and new.automation.weight <= old.automation.weight
    )
