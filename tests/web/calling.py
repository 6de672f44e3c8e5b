"""A service at the doors: it signs, pushes, redeems and reads through the application, as any program would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from httpx2 import Response

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.register_service import register_service
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.ids import Kind
from cockpit.domain.service import Service
from cockpit.grants.clients import ASSERTION_TYPE
from tests.grants.registrations import CALLBACK, assertion, service
from tests.web.furnished import energy, origin
from tests.web.screen import TestClient

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
SERIES = Kind("energy.series")


@dataclass
class Caller:
    """One registered service and the connection it calls through."""

    http: TestClient
    cockpit: Cockpit
    service: Service

    def assertion(self, **changes: Any) -> str:
        return assertion(self.service.id, int(self.cockpit.clock().timestamp()), **changes)

    def post(self, path: str, parameters: dict[str, str]) -> Response:
        signed = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        return self.http.post(path, data={**signed, **parameters})

    def details(self, **changes: Any) -> str:
        today = self.cockpit.clock().date()
        detail = {
            "type": "personal_data_access",
            "purpose": "energy-advice-v1",
            "datatypes": ["energy.series"],
            "period": {"from": f"{today - timedelta(days=90)}", "to": f"{today}"},
            "access": {"mode": "recurring", "max_per_day": 4, "until": f"{today + timedelta(days=60)}T00:00:00Z"},
            "retention": "P6M",
            **changes,
        }
        return json.dumps([detail])

    def push(self, **changes: str) -> Response:
        parameters = {
            "client_id": self.service.id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "state": "xyz",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
            "authorization_details": self.details(),
            **changes,
        }
        return self.post("/par", parameters)

    def code(self, visit: Visit, choice: Narrowing | None = None, **changes: str) -> str:
        """A code for a pushed request, once the person said yes."""
        pushed = self.push(**changes).json()["request_uri"]
        address = give(self.cockpit, visit, pending(self.cockpit, self.service.id, pushed), choice or Narrowing(3))
        return parse_qs(urlsplit(address).query)["code"][0]

    def redeem(self, code: str, **changes: str) -> Response:
        redeemed = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.post("/token", {**redeemed, "code": code, **changes})

    def renew(self, token: str) -> Response:
        return self.post("/token", {"grant_type": "refresh_token", "refresh_token": token})

    def read(self, token: str, kind: str = "energy.series", **query: str) -> Response:
        return self.http.get(f"/api/v1/records/{kind}", params=query, headers={"Authorization": f"Bearer {token}"})


def calling(http: TestClient, cockpit: Cockpit) -> Caller:
    return Caller(http, cockpit, register_service(cockpit, service()))


def deposit(cockpit: Cockpit, visit: Visit) -> None:
    """Two months of half-hours."""
    today = cockpit.clock().date()
    first = (today.replace(day=1) - timedelta(days=40)).replace(day=1)
    with cockpit.spaces.write(visit.person) as writer:
        writer.deposit(
            origin("fr.enedis.csv").connector, energy(first, 2), f"{datetime(2026, 11, 1, tzinfo=UTC):%FT%TZ}"
        )


def entries(cockpit: Cockpit) -> list[Any]:
    """Every entry of every log: the consent log's, then those of the months."""
    with cockpit.database.read() as connection:
        ledger = cockpit.ledger
        return [leaf for log in ledger.logs(connection) for leaf in ledger.leaves(connection, log)]
