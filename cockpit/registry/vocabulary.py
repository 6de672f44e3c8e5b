"""The vocabulary: the terms of the W3C DPV that documents may use, which are too wide, and which are special."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

DPV = "https://w3id.org/dpv#"
GDPR = "https://w3id.org/dpv/legal/eu/gdpr#"

WIDE_PURPOSES = {
    DPV + "Purpose": "it is every purpose at once",
    DPV + "ServiceManagement": "any service could say it",
    DPV + "ServiceProvision": "it names no service",
    DPV + "Personalisation": "it does not say what is personalised",
    DPV + "ServicePersonalisation": "it does not say what is personalised",
    DPV + "CustomerManagement": "it serves the company, and does not say how",
    DPV + "FulfilmentOfObligation": "it does not say which obligation",
    DPV + "LegalCompliance": "it does not say which law",
    DPV + "EnforceSecurity": "it does not say against what",
    DPV + "PublicBenefit": "it does not say which benefit",
    DPV + "ResearchAndDevelopment": "it does not say which research",
    DPV + "RecordManagement": "keeping is an operation, not a purpose",
    DPV + "CommunicationManagement": "it does not say what is communicated",
    DPV + "Marketing": "a use is for the person: advertising is not one",
    DPV + "Advertising": "a use is for the person: advertising is not one",
    DPV + "DirectMarketing": "a use is for the person: advertising is not one",
    DPV + "PersonalisedAdvertising": "a use is for the person: advertising is not one",
    DPV + "SellProducts": "a use is for the person: selling is not one",
    DPV + "SellDataToThirdParties": "data is never sold from here",
}
"""Purposes no use may name, and why: those that say nothing specific (GDPR art. 5(1)(b)), and those we never serve."""

LEGAL_BASES = frozenset(
    GDPR + article
    for article in (
        "A6-1-a", "A6-1-a-explicit-consent", "A6-1-a-non-explicit-consent", "A6-1-b", "A6-1-b-contract-performance",
        "A6-1-b-enter-into-contract", "A6-1-c", "A6-1-d", "A6-1-e", "A6-1-e-public-interest",
        "A6-1-e-official-authority", "A6-1-f",
    )
)  # fmt: skip
"""The legal bases of GDPR art. 6(1), as the DPV's extension for the GDPR names them."""

SPECIAL_BASES = frozenset(GDPR + f"A9-2-{letter}" for letter in "abcdefghij")
"""The exceptions of GDPR art. 9(2) under which special categories may be used."""


@cache
def vocabulary() -> dict[str, dict[str, Any]]:
    """The terms of the vocabulary (W3C DPV) by IRI: scheme, labels, broader terms, and whether special."""
    text = files("cockpit_policies").joinpath("dpv", "dpv-2.3-subset.fr.json").read_text("utf-8")
    terms: dict[str, dict[str, Any]] = json.loads(text)["terms"]
    return terms


def of_scheme(scheme: str) -> frozenset[str]:
    """The IRIs of one scheme: ``purposes``, ``processing`` or ``pd`` (categories of personal data)."""
    return frozenset(iri for iri, term in vocabulary().items() if term["scheme"] == scheme)


def is_special(iri: str) -> bool:
    """Whether a category is special (GDPR art. 9): by itself or by any broader term, since the DPV is a DAG."""
    term = vocabulary().get(iri)
    return term is not None and (term["special"] or any(is_special(broader) for broader in term["broader"]))


def too_wide(iri: str) -> str | None:
    """Why a term says nothing specific, or None: it is listed, or has narrower terms and stands just under a root."""
    if iri in WIDE_PURPOSES:
        return WIDE_PURPOSES[iri]
    term = vocabulary().get(iri)
    under_root = term is not None and any(broader not in vocabulary() for broader in term["broader"])
    return "narrower terms of it are more specific" if under_root and _has_narrower(iri) else None


@cache
def _has_narrower(iri: str) -> bool:
    return any(iri in term["broader"] for term in vocabulary().values())
