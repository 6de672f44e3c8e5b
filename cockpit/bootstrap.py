"""The one place where parts meet: ``build(settings)`` gives the assembled cockpit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.errors import OperatorMustAct
from cockpit.registry import load_registry
from cockpit.sealing.operator import OperatorKeys, load_or_create, open_master
from cockpit.sealing.succession import succeed
from cockpit.settings import Settings
from cockpit.sources.shelf import Shelf
from cockpit.store.engine import open_database
from cockpit.store.keyrings import open_keyrings
from cockpit.store.ledger import Ledger
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
        operator = _operator(settings)
        # The keyring first: a database that is there without its keyring is then always a loss, and said to be one.
        keyrings = open_keyrings(settings.keyring_url, operator)
        keyrings.check()
        database = open_database(settings.database_url)
    except (OSError, OperationalError) as error:
        raise OperatorMustAct(f"the data directory {settings.data} cannot be used", code="data") from error
    registry = load_registry()
    return Cockpit(
        settings=settings,
        database=database,
        spaces=Spaces(database, keyrings, registry.versions),
        ledger=Ledger(settings.origin, operator, keyrings, registry.sha256),
        operator=operator,
        keyrings=keyrings,
        shelf=Shelf.from_entry_points(),
        registry=registry,
        clock=clock,
    )


def _operator(settings: Settings) -> OperatorKeys:
    begun = settings.database_file.exists()
    if begun and not settings.keys_folder.exists():
        raise OperatorMustAct("the keys of this database are missing; restore them from their backup", code="keys")
    if begun and settings.keyring_file and not settings.keyring_file.exists():
        raise OperatorMustAct("keyring.sqlite is missing; restore it from its backup", code="keys")
    master = open_master(settings.master, settings.keys_folder, settings.master_options)
    if settings.former_master:
        former = open_master(settings.former_master, settings.keys_folder, settings.former_master_options)
        master = succeed(master, former)
    return load_or_create(settings.keys_folder, master, new=not begun)
