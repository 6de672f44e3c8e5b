"""The one place where parts meet: ``build(settings)`` gives the assembled cockpit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct
from cockpit.registry import load_registry
from cockpit.sealing.operator import load_or_create
from cockpit.settings import Settings
from cockpit.sources.shelf import Shelf
from cockpit.store.engine import open_database
from cockpit.store.files import Files
from cockpit.store.ledger import Ledger
from cockpit.store.objects import open_objects
from cockpit.store.space import Spaces


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def build(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Cockpit:
    """Open (or begin) the deployment in ``settings.data``.

    Raises ``OperatorMustAct`` when the directory, the keys or the database cannot be used.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if settings.database_file.exists() and not (settings.data / "keys").exists():
            raise OperatorMustAct("the keys of this database are missing; restore them from their backup", code="keys")
        operator = load_or_create(settings.data / "keys")
        database = open_database(settings.database_url)
        objects = open_objects(settings.objects, settings.data / "objects")
    except (OSError, OperationalError) as error:
        raise OperatorMustAct(f"the data directory {settings.data} cannot be used", code="data") from error
    registry = load_registry()
    return Cockpit(
        settings=settings,
        database=database,
        spaces=Spaces(database, operator, registry.versions, Files(objects, settings.quota_bytes, clock)),
        ledger=Ledger(settings.origin, operator, registry.sha256),
        operator=operator,
        shelf=Shelf.from_entry_points(),
        registry=registry,
        clock=clock,
    )
