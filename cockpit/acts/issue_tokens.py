"""Issue tokens: a code, then a refresh token, each hands the grant's key on to the next secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import Connection

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.consent import AccessMode, Clause
from cockpit.domain.errors import ServiceMustAct
from cockpit.domain.event import Event, EventType
from cockpit.domain.ids import ConsentId
from cockpit.domain.moment import instant, parse_instant
from cockpit.domain.service import Service
from cockpit.grants.keys import new_secret, opened_clause, secret_hash, unwrap_private, wrap_private
from cockpit.grants.pushed import Binding, open_binding, seal_binding
from cockpit.store import consents, tokens
from cockpit.store.tokens import TokenRow, TokenType
from cockpit.store.walls import name_person

ACCESS_SECONDS = 300
"""How long an access token lives; the consent may end it sooner."""


class InvalidGrant(ServiceMustAct):
    """The code or refresh token is unknown, spent, expired, withdrawn, or somebody else's (RFC 6749 section 5.2)."""

    code = "invalid_grant"


@dataclass(frozen=True, slots=True)
class Issued:
    """What the token endpoint answers. ``refresh_token`` is None when the consent is for one reading."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int
    consent: ConsentId
    clause: Clause


def redeem_code(cockpit: Cockpit, service: Service, code: str, redirect_uri: str, code_verifier: str) -> Issued:
    """Tokens for a code, once. A code that comes a second time ends every token it gave (RFC 6749 section 4.1.2).

    Raises ``InvalidGrant``.
    """
    now = cockpit.clock()
    with cockpit.database.write() as connection:
        row, binding = _presented(cockpit, connection, service, code, TokenType.CODE, now)
        if binding.redirect_uri != redirect_uri:
            raise InvalidGrant("the redirect_uri is not the one of the request")
        if create_s256_code_challenge(code_verifier) != binding.code_challenge:
            raise InvalidGrant("the code_verifier does not match")
        if tokens.spend(connection, row.token_hash):
            return _issue(cockpit, connection, service, row, code, now, with_refresh=True)
        tokens.remove_of_consent(connection, row.person, row.consent)
    # Raised after the transaction, so that the destruction of the tokens is kept.
    raise InvalidGrant("this code was used before; the tokens it gave are withdrawn")


def refresh(cockpit: Cockpit, service: Service, refresh_token: str) -> Issued:
    """A new access token; the refresh token stays the same (FAPI 2.0 forbids rotation). Raises ``InvalidGrant``."""
    now = cockpit.clock()
    with cockpit.database.write() as connection:
        row, _ = _presented(cockpit, connection, service, refresh_token, TokenType.REFRESH, now)
        return _issue(cockpit, connection, service, row, refresh_token, now, with_refresh=False)


def _presented(
    cockpit: Cockpit, connection: Connection, service: Service, secret: str, token_type: TokenType, now: datetime
) -> tuple[TokenRow, Binding]:
    hashed = secret_hash(secret)
    row = tokens.find(connection, hashed, token_type)
    if row is None or row.expires <= instant(now):
        raise InvalidGrant("this code or token is unknown or expired")
    binding = open_binding(cockpit.operator, row.sealed_binding, hashed)
    if binding.service != service.id:
        raise InvalidGrant("this code or token is unknown or expired")
    name_person(connection, row.person)
    consent = consents.find(connection, row.person, row.consent)
    live = consent is not None and consent.status.live and consent.epoch == row.epoch
    if consent is None or not live or consent.expires <= instant(now):
        raise InvalidGrant("the person's consent has ended")
    return row, binding


def _issue(
    cockpit: Cockpit,
    connection: Connection,
    service: Service,
    row: TokenRow,
    secret: str,
    now: datetime,
    *,
    with_refresh: bool,
) -> Issued:
    consent = consents.find(connection, row.person, row.consent)
    assert consent is not None  # _presented found it in this transaction
    private = unwrap_private(secret, row.wrapped_grant_key, row.consent)
    clause = opened_clause(private, consent.sealed_clause, row.person, row.consent)
    expires = min(instant(now + timedelta(seconds=ACCESS_SECONDS)), consent.expires)

    def put(prefix: str, token_type: TokenType, until: str) -> str:
        token = new_secret(prefix)
        hashed = secret_hash(token)
        sealed = seal_binding(cockpit.operator, Binding(service.id), hashed)
        wrapped = wrap_private(token, private, row.consent)
        tokens.put(
            connection,
            TokenRow(hashed, token_type, row.person, row.consent, row.epoch, until, sealed, wrapped),
        )
        return token

    access = put("pat_", TokenType.ACCESS, expires)
    recurring = with_refresh and clause.mode is AccessMode.RECURRING
    renewal = put("prt_", TokenType.REFRESH, consent.expires) if recurring else None
    reference = f"{clause.use}-v{clause.use_version}"
    event = Event(
        EventType.TOKEN_ISSUED,
        audit={"service": service.id, "use": reference},
        subject={"consent": row.consent, "service": service.id, "service_name": service.name, "use": reference},
    )
    cockpit.ledger.append(connection, event, now, row.person)
    lasting = int((parse_instant(expires) - now).total_seconds())
    return Issued(access, renewal, lasting, row.consent, clause)
