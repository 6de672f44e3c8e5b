"""Hold a request back that the person said no to not long ago: the service hears no again, and nobody is bothered."""

from __future__ import annotations

from typing import Any

from cockpit.acts.cockpit import Cockpit
from cockpit.consent.clauses import clause_from_json
from cockpit.consent.refusals import Refusal, holds
from cockpit.domain.event import EventType
from cockpit.domain.moment import PARIS
from cockpit.grants.keys import secret_hash
from cockpit.grants.pushed import Pending, UnknownRequest, answer_address
from cockpit.store import tokens
from cockpit.store.lines import newest
from cockpit.store.space import CONSENTS, Reader


def refused_before(cockpit: Cockpit, reader: Reader, pending: Pending) -> Refusal | None:
    """The refusal that answers this request already; None when the person must be asked. Raises ``Tampered``.

    A request that does not rest on consent is always put: an objection is no answer to the next one.
    """
    if not pending.use.refusable:
        return None
    lives: list[list[dict[str, Any]]] = list(newest(reader.lines(CONSENTS)).values())
    asked = [lines for lines in lives if _named(lines) == (pending.clause.service, pending.clause.use)]
    # Of two in one second, the one that was begun later: its number says so (UUID version 7).
    last = max(asked, key=lambda lines: (str(lines[-1]["at"]), str(lines[-1]["uid"])), default=None)
    if last is None or last[-1]["event"] != EventType.CONSENT_REFUSED:
        return None
    clause = clause_from_json([line["clause"] for line in last if "clause" in line][-1])
    refusal = Refusal(clause, str(last[-1]["at"])[:10])
    return refusal if holds(refusal, pending.clause, cockpit.clock().astimezone(PARIS).date()) else None


def hold_back(cockpit: Cockpit, pending: Pending) -> str:
    """Answer with the no of before. Returns where to send the browser. Raises ``UnknownRequest``."""
    with cockpit.database.write() as connection:
        if not tokens.spend_pushed(connection, secret_hash(pending.request_uri)):
            raise UnknownRequest("this request was answered already")
    return answer_address(pending.redirect, cockpit.settings.issuer, {"error": "access_denied"})


def _named(lines: list[dict[str, Any]]) -> tuple[str, str]:
    use, _, _ = str(lines[0]["use"]).rpartition("-v")
    return str(lines[0]["service"]), use
