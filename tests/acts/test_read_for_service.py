"""A read by a service: what decided it is in the log, and a disagreement of the engines is an alarm and a refusal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.answer_consent import give
from cockpit.acts.ask_consent import ask_consent, pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.issue_tokens import redeem_code
from cockpit.acts.read_for_service import AccessRefused, Wanted, read_for_service
from cockpit.consent.cedar.expressions import Question
from cockpit.consent.cedar.oracle import Oracle
from cockpit.consent.cedar.policies import Verdict
from cockpit.consent.narrowing import Narrowing
from cockpit.domain.service import Standing
from cockpit.grants.pushed import Redirect
from cockpit.store import services
from cockpit.store.ledger import AuditedLeaf
from cockpit.tlog.logs import CONSENT
from tests.consent.worlds import ASK, SERIES, SERVICE
from tests.store.test_canaries import CHALLENGE, VERIFIER


class Contrary(Oracle):
    """An oracle that is always asked and never agrees."""

    def is_due(self, request: str, use: str) -> bool:
        return True

    def agrees(self, asked: Question, verdict: Verdict) -> bool:
        return False


@pytest.fixture
def token(cockpit: Cockpit, visit: Visit) -> str:
    with cockpit.database.write() as connection:
        services.put(connection, SERVICE)
    redirect = Redirect(SERVICE.redirect_uris[0], "state", CHALLENGE)
    pushed = ask_consent(cockpit, SERVICE, "energy-advice-v1", ASK, redirect)
    url = give(cockpit, visit, pending(cockpit, SERVICE.id, pushed.request_uri), Narrowing(3))
    code = url.partition("code=")[2].partition("&")[0]
    return redeem_code(cockpit, SERVICE, code, SERVICE.redirect_uris[0], VERIFIER).access_token


def entries(cockpit: Cockpit) -> tuple[list[AuditedLeaf], list[AuditedLeaf]]:
    """What the log of consents holds, and what the log of this month's accesses holds."""
    with cockpit.database.read() as connection:
        names = cockpit.ledger.logs(connection)
        accesses = [leaf for name in names if name != CONSENT for leaf in cockpit.ledger.leaves(connection, name)]
        return list(cockpit.ledger.leaves(connection)), accesses


def test_the_entry_names_the_policies_and_the_leaf_their_hash(cockpit: Cockpit, token: str) -> None:
    read_for_service(cockpit, token, Wanted(SERIES))
    with pytest.raises(AccessRefused) as refused:
        read_for_service(cockpit, token, Wanted(SERIES, ("meter",)))
    assert refused.value.reason == "field-not-covered"
    allowed, denied = entries(cockpit)[1][-2:]
    assert allowed.part["policies"] == ["permit-by-consent"]
    assert denied.part["policies"] == ["forbid-fields", "forbid-undeclared-fields"]
    assert json.loads(allowed.leaf)["policy"] == cockpit.policies.sha256


def test_a_declaration_that_grew_allows_nothing(cockpit: Cockpit, token: str) -> None:
    with cockpit.database.write() as connection:
        services.put(connection, replace(SERVICE, uses=(replace(SERVICE.uses[0], places=("US",)),)))
    with pytest.raises(AccessRefused) as refused:
        read_for_service(cockpit, token, Wanted(SERIES))
    assert refused.value.reason == "kept-elsewhere"


def test_a_service_that_was_stopped_reads_nothing(cockpit: Cockpit, token: str) -> None:
    with cockpit.database.write() as connection:
        services.put(connection, replace(SERVICE, standing=Standing.SUSPENDED))
    with pytest.raises(AccessRefused) as refused:
        read_for_service(cockpit, token, Wanted(SERIES))
    assert refused.value.reason == "service-stopped"


def test_engines_that_disagree_deny_and_raise_an_alarm(cockpit: Cockpit, token: str) -> None:
    policies = cockpit.policies
    doubtful = replace(cockpit, oracle=Contrary(policies.exported, policies.entity_json, policies.sha256))
    with pytest.raises(AccessRefused) as refused:
        read_for_service(doubtful, token, Wanted(SERIES))
    assert refused.value.reason == "undecidable"
    consents, accesses = entries(cockpit)
    denied, alarm = accesses[-1], consents[-1]
    assert denied.part["decision"] == "undecidable"
    assert json.loads(alarm.leaf)["type"] == "alarm.raised"
    assert json.loads(alarm.leaf)["tag"] == ""
    assert (alarm.part["alarm"], alarm.part["use"]) == ("policy-engines-disagree", "energy-advice@1")
    assert read_for_service(cockpit, token, Wanted(SERIES)).count == 0
