"""The pages about decisions say what the code says: every facet with its policy and code, and the example runs."""

from __future__ import annotations

import re
from pathlib import Path

from cockpit.consent.cases import _RULES, cases_of
from cockpit.consent.engine import decide
from cockpit.domain.decision import REASONS, Reason, Refused
from tests.consent.worlds import POLICIES

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference" / "decisions.md").read_text("utf-8")
EXPLANATION = (DOCS / "explanation" / "policies.md").read_text("utf-8")


def test_the_table_of_facets_is_the_codes() -> None:
    policy_of = {facet: policy for policy, facet in POLICIES.facets.items()}
    expected = [f"| {facet} | {policy_of[facet]} | {reason} |" for facet, reason in REASONS.items()]
    assert [line for line in REFERENCE.splitlines() if "| forbid-" in line] == expected


def test_every_reason_is_named() -> None:
    assert all(reason in REFERENCE for reason in Reason)


def test_the_example_is_a_request() -> None:
    found = re.search(r"```toml\n(.*?)```", REFERENCE, re.DOTALL)
    assert found
    (case,) = cases_of(found[1])
    decision = decide(POLICIES, case.request, case.candidates, case.rules)
    assert isinstance(decision, Refused)
    assert decision.reason is Reason.FIELD_NOT_COVERED


def test_every_type_of_rule_is_named() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", EXPLANATION, re.MULTILINE) == list(_RULES)
