"""The rows of pushed requests, codes and tokens: hashes, and a grant key that only the presented secret unwraps."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.ids import ConsentId, PersonId, ServiceId
from cockpit.store import tables


class TokenType(StrEnum):
    """The three secrets that carry a grant's key."""

    CODE = "code"
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A code or token as stored. ``sealed_binding`` holds what it is bound to, sealed under the operator's key."""

    token_hash: str
    type: TokenType
    person: PersonId
    consent: ConsentId
    epoch: int
    expires: str
    sealed_binding: bytes = field(repr=False)
    wrapped_grant_key: bytes = field(repr=False)
    used: bool = False


@dataclass(frozen=True, slots=True)
class PushedRow:
    """A pushed authorization request as stored (RFC 9126)."""

    request_hash: str
    service: ServiceId
    sealed_request: bytes = field(repr=False)
    expires: str
    used: bool = False


def put(connection: Connection, row: TokenRow) -> None:
    """Keep a new code or token."""
    connection.execute(
        insert(tables.token).values(
            token_hash=row.token_hash,
            type=row.type,
            person_id=row.person,
            consent_id=row.consent,
            epoch=row.epoch,
            expires=row.expires,
            sealed_binding=row.sealed_binding,
            wrapped_grant_key=row.wrapped_grant_key,
            used=int(row.used),
        )
    )


def find(connection: Connection, token_hash: str, token_type: TokenType) -> TokenRow | None:
    """The code or token with this hash, of this type, or None."""
    table = tables.token
    row = connection.execute(
        select(table).where(table.c.token_hash == token_hash, table.c.type == token_type)
    ).one_or_none()
    if row is None:
        return None
    return TokenRow(
        row.token_hash,
        TokenType(row.type),
        PersonId(row.person_id),
        ConsentId(row.consent_id),
        row.epoch,
        row.expires,
        row.sealed_binding,
        row.wrapped_grant_key,
        bool(row.used),
    )


def spend(connection: Connection, token_hash: str) -> bool:
    """Mark a code as used; False when it already was: of two redeemers only one wins."""
    table = tables.token
    spent = connection.execute(update(table).where(table.c.token_hash == token_hash, table.c.used == 0).values(used=1))
    return spent.rowcount == 1


def remove(connection: Connection, token_hash: str) -> None:
    """Destroy one code or token."""
    connection.execute(delete(tables.token).where(tables.token.c.token_hash == token_hash))


def remove_of_consent(connection: Connection, person: PersonId, consent: ConsentId) -> None:
    """Destroy every code and token of a consent, and with them the copies of its grant key."""
    table = tables.token
    connection.execute(delete(table).where(table.c.person_id == person, table.c.consent_id == consent))


def remove_expired(connection: Connection, now: str) -> None:
    """Forget what can no longer be presented."""
    connection.execute(delete(tables.token).where(tables.token.c.expires < now))
    connection.execute(delete(tables.par).where(tables.par.c.expires < now))


def put_pushed(connection: Connection, row: PushedRow) -> None:
    """Keep a pushed authorization request."""
    connection.execute(
        insert(tables.par).values(
            request_hash=row.request_hash,
            service_id=row.service,
            sealed_request=row.sealed_request,
            expires=row.expires,
            used=int(row.used),
        )
    )


def find_pushed(connection: Connection, request_hash: str) -> PushedRow | None:
    """The pushed request with this hash, or None."""
    row = connection.execute(select(tables.par).where(tables.par.c.request_hash == request_hash)).one_or_none()
    if row is None:
        return None
    return PushedRow(row.request_hash, ServiceId(row.service_id), row.sealed_request, row.expires, bool(row.used))


def spend_pushed(connection: Connection, request_hash: str) -> bool:
    """Mark a pushed request as answered; False when it already was."""
    table = tables.par
    spent = connection.execute(
        update(table).where(table.c.request_hash == request_hash, table.c.used == 0).values(used=1)
    )
    return spent.rowcount == 1
