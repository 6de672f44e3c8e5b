"""The rows of consents: a status anybody's process can read, terms that only a live token or the person opens."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from cockpit.domain.consent import FINAL, LIVE, ConsentStatus
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import Collection, ConsentId, PersonId
from cockpit.store import tables


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A consent as stored.

    ``sealed_clause`` opens with the grant's private key (carried by tokens); ``sealed_summary`` with the operator's:
    service and clause hash, so that a withdrawal can be logged while the space is locked. ``used_at`` is the instant
    of the last reading, or of the decision; ``sealed_rules`` are the person's own rules, sealed to the grant.
    """

    person: PersonId
    id: ConsentId
    status: ConsentStatus
    epoch: int
    expires: str
    used_at: str
    grant_public: bytes
    sealed_clause: bytes = field(repr=False)
    sealed_summary: bytes = field(repr=False)
    sealed_rules: bytes = field(default=b"", repr=False)
    reads_day: str = ""
    reads_count: int = 0


def put(connection: Connection, row: ConsentRow, wraps: Mapping[tuple[Collection, int], bytes]) -> None:
    """Keep a new consent and the collection keys, by collection and epoch, sealed to its grant."""
    connection.execute(
        insert(tables.consent).values(
            person_id=row.person,
            consent_id=row.id,
            status=row.status,
            epoch=row.epoch,
            expires=row.expires,
            used_at=row.used_at,
            grant_public=row.grant_public,
            sealed_clause=row.sealed_clause,
            sealed_summary=row.sealed_summary,
            sealed_rules=row.sealed_rules,
            reads_day=row.reads_day,
            reads_count=row.reads_count,
        )
    )
    for (collection, epoch), envelope in wraps.items():
        put_wrap(connection, row.person, row.id, collection, epoch, envelope)


def put_wrap(
    connection: Connection, person: PersonId, consent: ConsentId, collection: Collection, epoch: int, envelope: bytes
) -> None:
    """Keep one collection key sealed to a grant."""
    connection.execute(
        insert(tables.grant_wrap).values(
            person_id=person, consent_id=consent, collection=collection, epoch=epoch, envelope=envelope
        )
    )


def active(connection: Connection, person: PersonId, collection: Collection) -> list[tuple[ConsentId, bytes]]:
    """The consents that are not over and open a collection, each with its grant's public key."""
    table, wrap = tables.consent, tables.grant_wrap
    rows = connection.execute(
        select(table.c.consent_id, table.c.grant_public)
        .join(wrap, (wrap.c.person_id == table.c.person_id) & (wrap.c.consent_id == table.c.consent_id))
        .where(table.c.person_id == person, wrap.c.person_id == person, wrap.c.collection == collection)
        .where(table.c.status.not_in(sorted(FINAL)))
        .distinct()
    )
    return [(ConsentId(row.consent_id), row.grant_public) for row in rows]


def forget_epoch(connection: Connection, person: PersonId, collection: Collection, epoch: int) -> None:
    """Destroy every grant's copy of the key of an epoch that nothing is sealed in any more."""
    wrap = tables.grant_wrap
    connection.execute(
        delete(wrap).where(wrap.c.person_id == person, wrap.c.collection == collection, wrap.c.epoch == epoch)
    )


def find(connection: Connection, person: PersonId, consent: ConsentId) -> ConsentRow | None:
    """The consent, or None."""
    table = tables.consent
    row = connection.execute(
        select(table).where(table.c.person_id == person, table.c.consent_id == consent)
    ).one_or_none()
    if row is None:
        return None
    return ConsentRow(
        person,
        consent,
        ConsentStatus(row.status),
        row.epoch,
        row.expires,
        row.used_at,
        row.grant_public,
        row.sealed_clause,
        row.sealed_summary,
        row.sealed_rules,
        row.reads_day,
        row.reads_count,
    )


def get(connection: Connection, person: PersonId, consent: ConsentId) -> ConsentRow:
    """The consent. Raises ``NotFound`` for one that is not this person's."""
    row = find(connection, person, consent)
    if row is None:
        raise NotFound("there is no such consent in this space")
    return row


def wraps(connection: Connection, person: PersonId, consent: ConsentId) -> dict[tuple[Collection, int], bytes]:
    """The collection keys sealed to this consent's grant, by collection and epoch."""
    table = tables.grant_wrap
    rows = connection.execute(select(table).where(table.c.person_id == person, table.c.consent_id == consent))
    return {(Collection(row.collection), row.epoch): row.envelope for row in rows}


def end(connection: Connection, person: PersonId, consent: ConsentId, status: ConsentStatus) -> bool:
    """End a consent: the epoch rises, every token of it is dead, the wrapped keys are destroyed.

    False when it was over.
    """
    table = tables.consent
    where = (table.c.person_id == person, table.c.consent_id == consent)
    ended = connection.execute(
        update(table).where(*where, table.c.status.not_in(sorted(FINAL))).values(status=status, epoch=table.c.epoch + 1)
    )
    if ended.rowcount != 1:
        return False
    wrap = tables.grant_wrap
    connection.execute(delete(wrap).where(wrap.c.person_id == person, wrap.c.consent_id == consent))
    # The rows of its tokens stay, so that a service that still knocks is named; their copies of the key do not.
    token = tables.token
    connection.execute(
        update(token).where(token.c.person_id == person, token.c.consent_id == consent).values(wrapped_grant_key=b"")
    )
    return True


def change(
    connection: Connection,
    row: ConsentRow,
    becomes: ConsentStatus,
    *,
    sealed_summary: bytes | None = None,
    sealed_clause: bytes | None = None,
    expires: str | None = None,
) -> bool:
    """Move a consent that goes on to another state, with new terms or none; False when somebody moved it first."""
    table = tables.consent
    fresh = {"sealed_summary": sealed_summary, "sealed_clause": sealed_clause, "expires": expires}
    done = connection.execute(
        update(table)
        .where(table.c.person_id == row.person, table.c.consent_id == row.id)
        .where(table.c.status == row.status, table.c.sealed_clause == row.sealed_clause)
        .values(status=becomes, **{name: value for name, value in fresh.items() if value is not None})
    )
    return done.rowcount == 1


def forget_collections(connection: Connection, row: ConsentRow, kept: Several[Collection]) -> None:
    """Destroy the grant's copies of the keys of every collection but those ``kept``."""
    wrap = tables.grant_wrap
    here = (wrap.c.person_id == row.person, wrap.c.consent_id == row.id)
    connection.execute(delete(wrap).where(*here, wrap.c.collection.not_in(sorted(kept))))


def prolong(connection: Connection, row: ConsentRow, expires: str) -> None:
    """Let the refresh token of a renewed consent live as long as the consent."""
    table = tables.token
    here = (table.c.person_id == row.person, table.c.consent_id == row.id, table.c.expires == row.expires)
    connection.execute(update(table).where(*here, table.c.type == "refresh").values(expires=expires))


def set_rules(connection: Connection, row: ConsentRow, sealed_rules: bytes) -> None:
    """Hold a consent to the person's rules as they now are."""
    table = tables.consent
    where = (table.c.person_id == row.person, table.c.consent_id == row.id)
    connection.execute(update(table).where(*where).values(sealed_rules=sealed_rules))


def open_ones_of(connection: Connection, person: PersonId) -> list[ConsentId]:
    """The consents of one person that are not over."""
    table = tables.consent
    where = (table.c.person_id == person, table.c.status.not_in(sorted(FINAL)))
    return [ConsentId(found) for found in connection.execute(select(table.c.consent_id).where(*where)).scalars()]


def open_ones(connection: Connection) -> list[tuple[PersonId, ConsentId]]:
    """Every consent of everyone that is not over; for a transaction that names everyone."""
    table = tables.consent
    rows = connection.execute(
        select(table.c.person_id, table.c.consent_id)
        .where(table.c.status.not_in(sorted(FINAL)))
        .order_by(table.c.person_id, table.c.consent_id)
    )
    return [(PersonId(row.person_id), ConsentId(row.consent_id)) for row in rows]


def due(connection: Connection, now: str, unused: str) -> list[tuple[PersonId, ConsentId]]:
    """The consents of everyone whose end has come, or that nobody used since ``unused``, both instants."""
    table = tables.consent
    over = (table.c.expires <= now) | ((table.c.used_at <= unused) & table.c.status.in_(sorted(LIVE)))
    rows = connection.execute(
        select(table.c.person_id, table.c.consent_id)
        .where(table.c.status.not_in(sorted(FINAL)), over)
        .order_by(table.c.person_id, table.c.consent_id)
    )
    return [(PersonId(row.person_id), ConsentId(row.consent_id)) for row in rows]


def count_read(connection: Connection, person: PersonId, consent: ConsentId, day: str, count: int, at: str) -> None:
    """Note how many reads were released on ``day``, the last at the instant ``at``."""
    table = tables.consent
    connection.execute(
        update(table)
        .where(table.c.person_id == person, table.c.consent_id == consent)
        .values(reads_day=day, reads_count=count, used_at=at)
    )
