"""List what a service has still to do for persons, so that it can do it: nothing else tells it of a withdrawal."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import service_tag
from cockpit.domain.ids import ConsentId
from cockpit.domain.service import Service
from cockpit.store import duties

MOST = 500
"""How many are told at once, the most urgent first."""


@dataclass(frozen=True, slots=True)
class Owed:
    """One duty: ``action`` (``acknowledge``, ``erase``) about a version of a consent's record, until ``due``.

    ``consent`` is the id that the service was given with its grant; ``state`` is that of the version.
    """

    consent: ConsentId
    state: str
    record_sha256: str
    action: str
    made_at: str
    due: str


def list_duties(cockpit: Cockpit, service: Service) -> tuple[Owed, ...]:
    """The most urgent duties of a service that it has not stated done, at most ``MOST``."""
    with cockpit.database.read() as connection:
        rows = duties.undone(connection, service_tag(cockpit.operator, service.id), MOST)
    return tuple(
        Owed(row.consent, row.state.value, row.record_sha256, row.action, row.made_at, row.due) for row in rows
    )
