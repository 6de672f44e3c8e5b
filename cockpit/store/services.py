"""The rows of services: public declarations, and the assertions they may not send twice."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from cockpit.domain.ids import ServiceId
from cockpit.domain.service import Service
from cockpit.store import tables


def put(connection: Connection, service: Service) -> None:
    """Keep a service's declaration, in the place of its earlier one."""
    table = tables.service
    connection.execute(delete(table).where(table.c.service_id == service.id))
    connection.execute(insert(table).values(service_id=service.id, declaration=msgspec.json.encode(service)))


def find(connection: Connection, service: ServiceId) -> Service | None:
    """The service, or None."""
    table = tables.service
    found = connection.execute(select(table.c.declaration).where(table.c.service_id == service)).scalar_one_or_none()
    return found and msgspec.json.decode(found, type=Service)


def every(connection: Connection) -> list[Service]:
    """Every service, by id."""
    rows = connection.execute(select(tables.service.c.declaration).order_by(tables.service.c.service_id))
    return [msgspec.json.decode(row.declaration, type=Service) for row in rows]


def first_use_of_assertion(connection: Connection, assertion_hash: str, expires: str, now: str) -> bool:
    """Remember a client assertion until it expires; False when it was seen before (RFC 7523 section 3)."""
    table = tables.seen_assertion
    connection.execute(delete(table).where(table.c.expires < now))
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(assertion_hash=assertion_hash, expires=expires))
    except IntegrityError:
        return False
    return True
