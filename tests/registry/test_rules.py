"""Each rule refuses the document that breaks it, and names the key: one good document, broken one line at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.registry.documents import Fault
from cockpit.registry.shelf import read_shelf

POLICIES = Path(__file__).parents[2] / "policies" / "cockpit_policies"
KINDS = read_shelf(POLICIES).kinds
STUDY, LOAN, CARE = "energy-study", "loan-application", "health-research"
RENT, SEARCH = "rent-application", "search"


def faults_of(tmp_path: Path, use: str, old: str, new: str, name: str | None = None) -> list[Fault]:
    text = (POLICIES / "uses" / f"{use}.v1.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "uses").mkdir()
    (tmp_path / "uses" / (name or f"{use}.v1.toml")).write_text(text.replace(old, new, 1), "utf-8")
    return list(read_shelf(tmp_path, KINDS).faults)


@pytest.mark.parametrize("use", [STUDY, LOAN, CARE, RENT, SEARCH])
def test_the_document_that_is_broken_below_is_good(tmp_path: Path, use: str) -> None:
    assert faults_of(tmp_path, use, "version = 1", "version = 1") == []


BROKEN = [
    (STUDY, "[title]", "[title", ""),
    (STUDY, "version = 1", 'version = "one"', "version"),
    (STUDY, "version = 1", "version = 1\ncolour = 3", "colour"),
    (STUDY, "joint = false\n", "", "joint"),
    (STUDY, 'family = "contribute"', 'family = "spend"', "family"),
    (STUDY, 'source = "observed"', 'source = "rumour"', "inputs[0].source"),
    (STUDY, 'why = { fr = "', 'why = { de = "Nein", fr = "', "inputs[0].why.de"),
    (STUDY, 'fr = "Aucune décision n\'est prise sur vous."', 'fr = " "', "automation_words.fr"),
    (STUDY, "Aucune décision", "Aucune  décision", "automation_words.fr"),
    (STUDY, "Aucune décision", "Aucune décision" + " oh" * 200, "automation_words.fr"),
    (STUDY, "Participer à une étude", "Participer" + " oh" * 30, "title.fr"),
    (STUDY, 'en = "A public report, made of averages."', 'en = "Un rapport public, fait de moyennes."', "outputs"),
    (STUDY, 'purposes = ["', 'purposes = ["https://w3id.org/dpv#Purpose", "', "purposes"),
    (STUDY, "dpv#PublicPolicyMaking", "dpv#ServiceProvision", "purposes"),
    (STUDY, "dpv#PublicPolicyMaking", "dpv#SellDataToThirdParties", "purposes"),
    (STUDY, "dpv#PublicPolicyMaking", "dpv#NoSuchPurpose", "purposes"),
    (STUDY, "dpv#PublicPolicyMaking", "dpv#Store", "purposes"),
    (STUDY, 'purposes = ["https://w3id.org/dpv#PublicPolicyMaking"]', "purposes = []", "purposes"),
    (STUDY, "dpv#Aggregate", "dpv#Transform", "operations"),
    (STUDY, "dpv#Aggregate", "dpv#Store", "operations"),
    (STUDY, "gdpr#A6-1-a", "gdpr#A6-1-z", "legal_basis"),
    (STUDY, 'special_basis = ""', 'special_basis = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a"', "special_basis"),
    (CARE, 'special_basis = "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a"', 'special_basis = ""', "special_basis"),
    (STUDY, "required = true", "required = false", "inputs"),
    (STUDY, 'kind = "energy.series"', 'kind = "energy.gossip"', "inputs[0].kind"),
    (RENT, 'kind = "home.dwelling"', 'kind = "tax.notice"', "inputs[1].kind"),
    (STUDY, '"start", "values"', '"start", "salary"', "inputs[0].fields"),
    (STUDY, '"start", "values"', '"start", "start"', "inputs[0].fields"),
    (RENT, 'grain = "raw"', 'grain = "day"', "inputs[0].grain"),
    (RENT, "joint = true", "joint = false", "joint"),
    (STUDY, "max_period_months = 24", "max_period_months = 0", "max_period_months"),
    (STUDY, "max_duration_months = 12", "max_duration_months = 37", "max_duration_months"),
    (STUDY, "max_retention_months = 24", "max_retention_months = 0", "max_retention_months"),
    (STUDY, "max_per_day = 1", "max_per_day = 25", "max_per_day"),
    (STUDY, 'access = ["once", "recurring"]', "access = []", "access"),
    (LOAN, "max_per_day = 1", "max_per_day = 2", "max_per_day"),
    (STUDY, 'places = ["EU"]', 'places = ["US"]', "places"),
    (STUDY, 'places = ["EU"]', "places = []", "places"),
    (STUDY, 'jurisdiction = "FR"', 'jurisdiction = "KY"', "jurisdiction"),
    (STUDY, 'authority = "CNIL"', 'authority = ""', "jurisdiction"),
    (RENT, '["landlord"]', '["Every Body"]', "onward_to"),
    (LOAN, 'action = "review-by-a-person", trigger = "decision-contested"',
     'action = "tell-of-breach", trigger = "breach"', "obligations"),
    (STUDY, 'action = "acknowledge"', 'action = "applaud"', "obligations[1]"),
    (STUDY, 'trigger = "breach", days = 3', 'trigger = "breach", days = 4', "obligations[2].days"),
    (STUDY, 'evidence = "signed acknowledgement"', 'evidence = ""', "obligations[1].evidence"),
    (STUDY, 'action = "erase", trigger = "withdrawal"', 'action = "erase", trigger = "retention-ended"', "obligations"),
    (SEARCH, "onward_to = []", 'onward_to = ["landlord"]', "obligations"),
]  # fmt: skip


@pytest.mark.parametrize(("use", "old", "new", "key"), BROKEN)
def test_a_broken_use_is_refused_by_name_and_key(tmp_path: Path, use: str, old: str, new: str, key: str) -> None:
    faults = faults_of(tmp_path, use, old, new)
    assert (f"{use}.v1.toml", key) in [(fault.document, fault.key) for fault in faults]
    assert all(fault.says and fault.instead for fault in faults)


@pytest.mark.parametrize("words", ["automation_words", "risks"])
def test_a_machine_that_decides_must_be_explained(tmp_path: Path, words: str) -> None:
    text = (POLICIES / "uses" / f"{LOAN}.v1.toml").read_text("utf-8")
    sentence = text.split(f"[{words}]\nfr = ")[1].split("\n")[0]
    faults = faults_of(tmp_path, LOAN, sentence, '"Un programme décide."')
    assert [fault.key for fault in faults] == [f"{words}.fr"]


def test_every_fault_is_said_not_the_first_only(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, STUDY, "max_per_day = 1\n", "max_per_day = 99\n", name="other.toml")
    assert {fault.key for fault in faults} == {"id", "max_per_day"}


def test_versions_have_no_hole(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, STUDY, "version = 1", "version = 2", name="energy-study.v2.toml")
    assert [(fault.document, fault.key) for fault in faults] == [("energy-study", "version")]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('id = "bank.account"', 'id = "Bank"', "Bank"),
        ("pd#BankAccount", "pd#Financial", "bank.account.dpv"),
        ("pd#BankAccount", "pd#Nonsense", "bank.account.dpv"),
        ('sensitivity = "high"', 'sensitivity = "extreme"', "bank.account.sensitivity"),
        ('grains = ["raw"]', "grains = []", "bank.account"),
        ('versions = "latest"', 'versions = "latest"\njoint_when = ["spouse"]', "bank.account"),
        ('fr = "Compte bancaire"', 'fr = ""', "bank.account.title.fr"),
        ('id = "bank.transaction"', 'id = "bank.account"', "bank.account"),
        ('natural_key = "bank, branch and account number"\n', "", "kind[0].natural_key"),
    ],
)
def test_a_broken_kind_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    text = (POLICIES / "kinds" / "bank.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "kinds").mkdir()
    (tmp_path / "kinds" / "bank.toml").write_text(text.replace(old, new, 1), "utf-8")
    assert key in [fault.key for fault in read_shelf(tmp_path).faults]
