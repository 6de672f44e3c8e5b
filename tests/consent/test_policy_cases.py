"""The cases beside the policies: each is a test, and together they try every facet both ways."""

from __future__ import annotations

from importlib.resources import files

import pytest

from cockpit.consent.cases import BadCase, PolicyCase, cases_of
from cockpit.consent.engine import decide
from cockpit.domain.decision import Allowed, Facet, Refused
from cockpit.policies import load_policies
from tests.consent.worlds import REGISTRY

FOLDER = files("cockpit_policies").joinpath("cases")
CASES = [
    pytest.param(case, id=f"{document.name}: {case.name}")
    for document in sorted(FOLDER.iterdir(), key=lambda entry: entry.name)
    for case in cases_of(document.read_text("utf-8"))
]


@pytest.mark.parametrize("case", CASES)
def test_a_case_comes_to_what_it_expects(case: PolicyCase) -> None:
    decision = decide(load_policies(REGISTRY, case.kinds), case.request, case.candidates, case.rules)
    assert decision.grounds.facets == case.expect.facets
    assert decision.grounds.alerts == case.expect.alerts
    assert (decision.reason if isinstance(decision, Refused) else None) == case.expect.reason
    if isinstance(decision, Allowed):
        assert decision.grounds.policies == ("permit-by-consent",)


def test_every_facet_is_tried_alone_and_there_are_enough() -> None:
    expected = [case.values[0].expect for case in CASES]  # type: ignore[attr-defined]
    assert len(expected) >= 40
    alone = {one.facets[0] for one in expected if len(one.facets) == 1}
    assert alone == set(Facet)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no = [", "cannot be read"),
        ("[request]\nkind = 'a'", "request"),
        ("[request]\nkind = 'a'\nat = 'x'\ntypo = 1", "typo"),
        ("wrong = 1\n[request]\nkind = 'a'\nat = 'x'", "no place for wrong"),
        ("[request]\nkind = 'a'\nat = 'x'\n[[rule]]\ntype = 'nothing'", "never-share"),
        ("[request]\nkind = 'a'\nat = 'x'\n[[rule]]\ntype = 'keep-in'\nid = 'a'\nplace = 'FR'", "keep-in has only"),
        ("[request]\nkind = 'a'\nat = 'x'\nconsent = 3", "consent"),
    ],
)
def test_a_document_that_cannot_be_read_says_where(text: str, said: str) -> None:
    with pytest.raises(BadCase, match=said):
        cases_of(text)
