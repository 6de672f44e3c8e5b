"""The one place where parts meet: ``build(settings)`` gives the assembled cockpit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy.exc import OperationalError

from cockpit.acts.cockpit import Cockpit
from cockpit.archive.decisions import Recorder
from cockpit.consent.cedar.oracle import Oracle
from cockpit.consent.policy_set import PolicySet
from cockpit.consent.record.build import KindTerms, Published
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import Kind
from cockpit.policies import load_policies
from cockpit.registry import Registry, load_registry
from cockpit.sealing.files import make_folder
from cockpit.sealing.master import MasterKey
from cockpit.sealing.operator import OperatorKeys, load_or_create, open_master
from cockpit.sealing.succession import succeed
from cockpit.search.open_indexes import OpenIndexes
from cockpit.settings import Settings
from cockpit.sources.shelf import Shelf
from cockpit.store import policy_sets
from cockpit.store.engine import Database, open_database
from cockpit.store.files import Files
from cockpit.store.keyrings import Keyrings, open_keyrings
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
        make_folder(settings.data)
        database = open_database(settings.database_url)
        operator, keyrings = _keys_of(database, settings)
        objects = open_objects(settings.objects, settings.data / "objects")
    except (OSError, OperationalError) as error:
        raise OperatorMustAct(f"the data directory {settings.data} cannot be used", code="data") from error
    shelf, registry, policies = _shipped()
    ledger = Ledger(settings.origin, operator, keyrings, policies.sha256)
    _keep_policies(database, policies)
    return Cockpit(
        settings=settings,
        database=database,
        spaces=Spaces(database, keyrings, registry.versions, Files(objects, settings.quota_bytes, clock)),
        ledger=ledger,
        recorder=_recorder(settings, registry, shelf, ledger, operator),
        operator=operator,
        keyrings=keyrings,
        shelf=shelf,
        registry=registry,
        policies=policies,
        oracle=Oracle(policies.exported, policies.entity_json, policies.sha256),
        clock=clock,
        indexes=OpenIndexes(clock, timedelta(minutes=settings.idle_minutes)),
    )


def _keep_policies(database: Database, policies: PolicySet) -> None:
    """Entries name the set they were decided under: it must still be there when somebody asks again."""
    with database.read() as connection:
        known = policy_sets.find(connection, policies.sha256)
    if known is None:
        with database.write() as connection:
            policy_sets.put(connection, policies.sha256, policies.document)


@cache
def _shipped() -> tuple[Shelf, Registry, PolicySet]:
    """What is installed beside the program: it does not change while it runs."""
    registry = load_registry()
    return Shelf.from_entry_points(), registry, load_policies(registry)


def _recorder(settings: Settings, registry: Registry, shelf: Shelf, ledger: Ledger, operator: OperatorKeys) -> Recorder:
    """What writes down the changes of consents, with the words of the vocabulary."""
    sources: dict[Kind, list[str]] = {}
    for manifest in shelf.manifests():
        for kind in manifest.produces:
            sources.setdefault(kind, []).append(manifest.id)
    kinds = KindTerms(
        words={kind: (sheet.title, sheet.fields) for kind, sheet in registry.kinds.items()},
        dpv={kind: sheet.dpv for kind, sheet in registry.kinds.items()},
        special=registry.special,
        sources={kind: tuple(sorted(names)) for kind, names in sources.items()},
    )
    obligations = {reference: use.obligations for reference, use in registry.uses.items()}
    return Recorder(ledger, operator, kinds, Published(withdrawal=f"{settings.issuer}/partages"), obligations)


def operator_keys(settings: Settings) -> OperatorKeys:
    """The operator's keys alone, for what needs no database: restoring a backup. Raises ``OperatorMustAct``."""
    return load_or_create(settings.keys_folder, _master(settings), new=False)


def _master(settings: Settings) -> MasterKey:
    master = open_master(settings.master, settings.keys_folder, settings.master_options)
    if not settings.former_master:
        return master
    return succeed(master, open_master(settings.former_master, settings.keys_folder, settings.former_master_options))


def _keys_of(database: Database, settings: Settings) -> tuple[OperatorKeys, Keyrings]:
    try:
        inhabited = database.inhabited()
        if inhabited and not settings.keys_folder.exists():
            raise OperatorMustAct("the keys of this database are missing; restore them from their backup", code="keys")
        if inhabited and settings.keyring_file and not settings.keyring_file.exists():
            raise OperatorMustAct("keyring.sqlite is missing; restore it from its backup", code="keys")
        operator = load_or_create(settings.keys_folder, _master(settings), new=not inhabited)
        keyrings = open_keyrings(settings.keyring_url, operator)
        keyrings.check()
        return operator, keyrings
    except BaseException:
        database.close()
        raise
