"""Revoke a token at the request of the service that holds it (RFC 7009)."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.domain.service import Service
from cockpit.grants.keys import secret_hash
from cockpit.grants.pushed import open_binding
from cockpit.store import tokens
from cockpit.store.tokens import TokenType


def revoke_token(cockpit: Cockpit, service: Service, token: str) -> None:
    """Destroy the token, and with a refresh token every token of its consent. Unknown and foreign ones do nothing."""
    hashed = secret_hash(token)
    with cockpit.database.write() as connection:
        for token_type in (TokenType.ACCESS, TokenType.REFRESH):
            row = tokens.find(connection, hashed, token_type)
            if row is None or open_binding(cockpit.operator, row.sealed_binding, hashed).service != service.id:
                continue
            if token_type is TokenType.REFRESH:
                tokens.remove_of_consent(connection, row.person, row.consent)
            else:
                tokens.remove(connection, hashed)
