"""The demonstration's files: the same from the same seed, believable, and marked as specimens."""

from __future__ import annotations

import base64
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import facturx
import pypdfium2
import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from cockpit.demo.bank import ledger
from cockpit.demo.bills import energy_bills, telecom_bills
from cockpit.demo.energy import Curve, load_curve
from cockpit.demo.household import DemoPerson, Household
from cockpit.demo.persons import CAMILLE, HOUSEHOLDS, NGUYEN, demo_files
from cockpit.domain.moment import PARIS

LAST = date(2026, 11, 22)
FIRST = date(2024, 11, 23)


@pytest.fixture(scope="module")
def persons() -> tuple[DemoPerson, ...]:
    return demo_files(7, LAST)


@pytest.fixture(scope="module", params=HOUSEHOLDS, ids=lambda household: household.handle)
def lived(request: pytest.FixtureRequest) -> tuple[Household, Curve]:
    household: Household = request.param
    return household, load_curve(Random("seed"), household.home, FIRST, LAST)


def test_the_same_seed_and_day_give_the_same_bytes_but_for_signatures(persons: tuple[DemoPerson, ...]) -> None:
    again = demo_files(7, LAST, only="nguyen")[0]
    before = next(person for person in persons if person.handle == "nguyen")
    changed = [old.name for old, new in zip(before.files, again.files, strict=True) if old != new]
    assert changed == ["avis-impot-2025.pdf", "avis-impot-2026.pdf", "justificatif-domicile-2026-11.pdf"]
    assert replace(before, files=(), demo_authority_pem=b"") == replace(again, files=(), demo_authority_pem=b"")


def test_another_seed_gives_other_figures(persons: tuple[DemoPerson, ...]) -> None:
    other = demo_files(8, LAST, only="camille")[0]
    changed = {old.name for old, new in zip(persons[0].files, other.files, strict=True) if old != new}
    assert {"Enedis_Courbe_de_charge_09999900000011.csv", "releve_00000000011_20261122.ofx"} <= changed
    # Two seeds may agree on one month's kilowatt-hours, not on most.
    assert sum(name.startswith("facture-energie") for name in changed) > 15
    assert not any(name.startswith("facture-telecom") for name in changed)


def test_one_person_is_made_in_a_few_seconds() -> None:
    began = time.process_time()
    (only,) = demo_files(7, LAST, only="camille")
    assert only.handle == "camille"
    assert time.process_time() - began < 5
    with pytest.raises(KeyError):
        demo_files(7, LAST, only="nobody")


def test_names_of_files_are_unique_and_every_person_has_every_sort(persons: tuple[DemoPerson, ...]) -> None:
    for person in persons:
        names = [file.name for file in person.files]
        assert len(set(names)) == len(names)
        sorts = Counter(name.split("-")[0].split("_")[0] for name in names)
        assert (sorts["facture"], sorts["avis"], sorts["justificatif"], sorts["releve"]) == (46, 2, 1, 1)
        assert person.story_fr != person.story_en


def test_every_page_says_that_it_is_a_specimen(persons: tuple[DemoPerson, ...]) -> None:
    for file in persons[0].files:
        if file.name.endswith(".pdf"):
            with pypdfium2.PdfDocument(file.content) as document:
                texts = [page.get_textpage().get_text_bounded() for page in document]
            assert all("DÉMONSTRATION" in text and "SPECIMEN" in text for text in texts), file.name


def test_invoices_obey_the_published_schema(persons: tuple[DemoPerson, ...]) -> None:
    pdf = next(file.content for file in persons[1].files if file.name == "facture-energie-2025-07.pdf")
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert facturx.get_level(etree.fromstring(xml)) == "en16931"


def test_codes_are_read_from_the_page_and_signed_by_the_returned_certificate(persons: tuple[DemoPerson, ...]) -> None:
    for person in persons:
        certificate = x509.load_pem_x509_certificate(person.demo_authority_pem)
        for attribute, name in (("0001", certificate.subject), ("XX00", certificate.issuer)):
            assert name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == attribute
        assert certificate.not_valid_before_utc < datetime(2024, 11, 1, tzinfo=UTC) < certificate.not_valid_after_utc
        for file in person.files:
            if file.name.startswith(("avis", "justificatif")):
                with pypdfium2.PdfDocument(file.content) as document:
                    image = document[0].render(scale=100 / 72).to_pil()
                (code,) = zxingcpp.read_barcodes(image)
                message, _, signature = code.bytes.decode("ascii").partition("\x1f")
                assert message.startswith("DC04XX000001")
                assert len(signature) == 103
                raw = base64.b32decode(signature + "=")
                r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
                key = certificate.public_key()
                assert isinstance(key, ec.EllipticCurvePublicKey)
                key.verify(encode_dss_signature(r, s), message.encode("ascii"), ec.ECDSA(SHA256()))


def test_days_have_46_48_or_50_half_hours(lived: tuple[Household, Curve]) -> None:
    _, curve = lived
    days = Counter((at - timedelta(minutes=1)).astimezone(PARIS).date() for at, _ in curve.ends())
    assert days[date(2025, 3, 30)] == days[date(2026, 3, 29)] == 46
    assert days[date(2025, 10, 26)] == days[date(2026, 10, 25)] == 50
    assert set(days.values()) == {46, 48, 50}
    assert (min(days), max(days), len(days)) == (FIRST, LAST, 730)


def test_curves_have_a_season_an_evening_and_absences(lived: tuple[Household, Curve]) -> None:
    household, curve = lived
    winter = curve.kilowatt_hours(date(2025, 1, 1), date(2025, 1, 31))
    summer = curve.kilowatt_hours(date(2025, 6, 1), date(2025, 6, 30))
    assert winter > summer * (1.1 if household is NGUYEN else 1.8)
    june = [(at.hour, power) for at, power in curve.ends() if at.month == 6]
    mean = {hour: sum(p for h, p in june if h == hour) / sum(h == hour for h, _ in june) for hour in (15, 20)}
    assert mean[20] > mean[15] * 1.4
    month, first, days = household.home.away[-1]
    left = date(2025, month, first)
    away = curve.kilowatt_hours(left, left + timedelta(days=days - 1)) / days
    usual = curve.kilowatt_hours(left - timedelta(days=8), left - timedelta(days=1)) / 8
    assert away < usual * 0.75
    assert max(curve.watts) <= household.home.subscribed_kva * 1000


def test_every_bill_due_is_debited_to_the_cent_and_nothing_else_is(lived: tuple[Household, Curve]) -> None:
    household, curve = lived
    bills = (*energy_bills(household, curve), *telecom_bills(household, FIRST, LAST))
    account = ledger(Random("seed"), household.account, bills, FIRST, LAST)
    sellers = {bill.seller.name.upper() for bill in bills}
    debited = {
        movement.memo.removeprefix("Échéance facture "): -movement.cents
        for _, movement in account.lines
        if movement.label.removeprefix("PRLV SEPA ") in sellers
    }
    assert debited == {bill.number: int(bill.total * 100) for bill in bills if bill.due <= LAST}
    assert len({reference for reference, _ in account.lines}) == len(account.lines)
    assert 20 <= len(account.lines) / 24 <= 32


def test_a_subscription_went_up_a_few_months_ago() -> None:
    account = ledger(Random("seed"), CAMILLE.account, (), FIRST, LAST)
    paid = [movement.cents for _, movement in account.lines if "CINEDEMO" in movement.label]
    assert paid == sorted(paid, reverse=True)
    assert Counter(paid) == {-1099: 19, -1499: 5}


@pytest.mark.parametrize("last", [date(2024, 2, 29), date(2025, 3, 31), date(2026, 1, 1), date(2026, 8, 31)])
def test_any_last_day_will_do(last: date) -> None:
    (person,) = demo_files(1, last, only="camille")
    names = [file.name for file in person.files]
    assert any(name.startswith("avis-impot") for name in names)
    assert sum(name.startswith("facture-energie") for name in names) in {22, 23, 24}
