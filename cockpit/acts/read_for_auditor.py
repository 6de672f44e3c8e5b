"""Read for an auditor: what the mandate opens, logged before it leaves. Never a person, never a subject opening."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.audit import wire
from cockpit.domain.audit_mandate import AuditorMandate, Scope
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.moment import instant
from cockpit.domain.record import Json
from cockpit.store import audited, services
from cockpit.store.audited import Audited, Said


class OutOfScope(ServiceMustAct):
    """The mandate does not open this."""

    code = "out_of_scope"


def state(cockpit: Cockpit, mandate: AuditorMandate) -> wire.State:
    """The mandate, the keys, and every log's newest checkpoint: public but for the mandate, so no entry."""
    with cockpit.database.read() as connection:
        heads = audited.heads(cockpit.ledger, connection)
    return wire.State(
        issuer=cockpit.settings.issuer,
        at=instant(cockpit.clock()),
        mandate=wire.MandateSheet(mandate.id, mandate.name, tuple(mandate.scopes), mandate.until, mandate.thumbprint),
        logs=tuple(wire.LogHead(head.log, head.origin, head.checkpoint.decode()) for head in heads),
        log_key=cockpit.operator.log.verify_key().raw,
        receipts_key=cockpit.operator.receipts.verify_key().raw,
    )


def entries(cockpit: Cockpit, mandate: AuditorMandate, log: str, first: int, count: int) -> wire.Page:
    """A page of a log: leaves, with the audit openings that the mandate's scope covers. None beyond the end.

    Raises ``NotFound`` for a log that is not, ``ServiceMustAct`` for a page that cannot be.
    """
    if first < 0 or not 1 <= count <= wire.MOST_ENTRIES:
        raise ServiceMustAct(f"first is 0 or more; count is 1 to {wire.MOST_ENTRIES}", code="bad_page")
    with cockpit.database.write() as connection:
        leaves = audited.page(cockpit.ledger, connection, log, first, count)
        if leaves:
            _log_reading(cockpit, connection, mandate, {"log": log, "first": first, "count": len(leaves)})
    return wire.Page(log, first, tuple(_entry(mandate, leaf) for leaf in leaves))


def register(cockpit: Cockpit, mandate: AuditorMandate) -> wire.Register:
    """The published uses and the recipients. Raises ``OutOfScope`` for a mandate without ``recipients``."""
    if Scope.RECIPIENTS not in mandate.scopes:
        raise OutOfScope("this mandate does not cover the register of uses and recipients")
    registry = cockpit.registry
    with cockpit.database.write() as connection:
        found = services.every(connection)
        _log_reading(cockpit, connection, mandate, {"log": "register", "first": 0, "count": len(found)})
    return wire.Register(
        policy=cockpit.ledger.policy,
        uses={name: msgspec.to_builtins(use) for name, use in registry.uses.items()},
        kinds={kind: msgspec.to_builtins(sheet) for kind, sheet in registry.kinds.items()},
        special=tuple(sorted(registry.special)),
        recipients=tuple(msgspec.to_builtins(service) for service in found),
    )


def consistency(cockpit: Cockpit, log: str, old: int, new: int) -> wire.Proof:
    """The proof that a log only grew, between two sizes. Public, so no entry. Raises ``NotFound``."""
    with cockpit.database.read() as connection:
        return wire.Proof(tuple(audited.consistency(cockpit.ledger, connection, log, old, new)))


def inclusion(cockpit: Cockpit, log: str, index: int, size: int) -> wire.Proof:
    """The proof that an entry is in the log of a size. Public, so no entry. Raises ``NotFound``."""
    with cockpit.database.read() as connection:
        return wire.Proof(tuple(audited.inclusion(cockpit.ledger, connection, log, index, size)))


def exported(cockpit: Cockpit, mandate: AuditorMandate, manifest_sha256: str) -> None:
    """Note that the house signed a bundle. Raises ``ServiceMustAct`` for what is no hash."""
    if len(manifest_sha256) != 64 or set(manifest_sha256) - set("0123456789abcdef"):
        raise ServiceMustAct("manifest_sha256 must be 64 hexadecimal digits", code="bad_export")
    said: dict[str, Json] = {"mandate": mandate.id, "manifest_sha256": manifest_sha256}
    with cockpit.database.write() as connection:
        cockpit.ledger.append(connection, Event(EventType.AUDITOR_EXPORTED, said), cockpit.clock())


def _log_reading(cockpit: Cockpit, connection: Connection, mandate: AuditorMandate, what: dict[str, Json]) -> None:
    event = Event(EventType.AUDITOR_READ, {"mandate": mandate.id, **what})
    cockpit.ledger.append(connection, event, cockpit.clock())


def _entry(mandate: AuditorMandate, entry: Audited) -> wire.Entry:
    opening = _opening(mandate, entry.said) if entry.said else None
    records = tuple(wire.BatchRecord(said.content, _opening(mandate, said)) for said in entry.records)
    return wire.Entry(entry.index, entry.leaf, opening, records)


def _opening(mandate: AuditorMandate, said: Said) -> wire.Opening | None:
    return wire.Opening(said.salt, said.part) if mandate.opens(str(said.fields["type"])) else None
