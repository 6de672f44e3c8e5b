"""From a verified or unverified 2D-Doc to the record it makes: tax notice, proof of address, or signed document."""

from __future__ import annotations

import hashlib

from cockpit.domain.ids import ConnectorId
from cockpit.domain.record import Basis, Json, Method, Provenance, Record, Verification

from .code import Code, Field
from .types import DWELLING, TAX_NOTICE, document_type
from .values import amount, iso_date, person, readable
from .verify import Proof

ID = ConnectorId("fr.2ddoc")
VERSION = "1.0.0"


def record(code: Code, proof: Proof, place: str, today: str) -> Record:
    """The record of one code. ``today`` (ISO) is its day only when the document bears no date at all."""
    kind = document_type(code.document_type).kind
    made = {TAX_NOTICE: _tax_notice, DWELLING: _dwelling}.get(kind, _attestation)(code, proof)
    return Record(
        kind=kind,
        source_key=_source_key(code, proof),
        day=_day(code, made, today),
        data={name: value for name, value in made.items() if value not in (None, "", {})},
        provenance=Provenance(
            connector=ID,
            connector_version=VERSION,
            method=Method.SIGNED,
            basis=Basis.DECLARED,
            verification=proof.verification,
            issuer=proof.issuer,
            place=place,
        ),
    )


def _source_key(code: Code, proof: Proof) -> str:
    """Who signed, the notice's reference, and the digest of the signed text.

    The digest keeps a forged notice from taking the place of the true one whose reference it bears, and the last
    part a copy with a damaged signature from taking the place of a sound one.
    """
    digest = hashlib.sha256(code.signed).hexdigest()[:32]
    key = f"{code.authority_id}{code.certificate_id}|{code.value('44') or ''}|{digest}"
    return f"{key}|invalid" if proof.verification is Verification.INVALID else key


def _day(code: Code, made: dict[str, Json], today: str) -> str:
    collected = made.get("collection_date")
    if isinstance(collected, str) and len(collected) == len("YYYY-MM-DD"):
        return collected
    written = code.emitted_on or code.signed_on
    return written.isoformat() if written else today


def _tax_notice(code: Code, _: Proof) -> dict[str, Json]:
    return {
        "reference": code.value("44"),
        "income_year": code.value("45"),
        "reference_income": _amount(code, "41"),
        "tax_shares": _amount(code, "43"),
        "declarant_1": code.value("46"),
        "declarant_1_number": code.value("47"),
        "declarant_2": code.value("48"),
        "declarant_2_number": code.value("49"),
        "collection_date": _date(code, "4A"),
        "income_tax": _amount(code, "4V"),
        "withheld": _amount(code, "4X"),
    }


def _dwelling(code: Code, proof: Proof) -> dict[str, Json]:
    return {
        "holder": person(code.value("10") or "") or _joined(code, ("11", "12", "13"), " "),
        "street": code.value("22"),
        "complement": _joined(code, ("20", "21", "23"), ", "),
        "postcode": code.value("24"),
        "town": code.value("25"),
        "country": code.value("26"),
        "issuer": proof.issuer,
        "invoice_number": code.value("18"),
        "issue_date": code.emitted_on.isoformat() if code.emitted_on else None,
    }


def _attestation(code: Code, _: Proof) -> dict[str, Json]:
    return {
        "document_type": document_type(code.document_type).label_fr,
        "issue_date": code.emitted_on.isoformat() if code.emitted_on else None,
        "fields": {field.sheet.id: _labelled(field) for field in code.fields if field.value.strip()},
    }


def _labelled(field: Field) -> dict[str, Json]:
    said: dict[str, Json] = {
        "label_fr": field.sheet.label_fr,
        "label_en": field.sheet.label_en,
        "value": readable(field.value, field.sheet.format),
    }
    return {**said, "truncated": True} if field.cut else said


def _amount(code: Code, field_id: str) -> str | None:
    """The number, or the text as it is signed when it is no number."""
    written = code.value(field_id)
    return (amount(written) or written) if written else None


def _date(code: Code, field_id: str) -> str | None:
    written = code.value(field_id)
    return (iso_date(written) or written) if written else None


def _joined(code: Code, field_ids: tuple[str, ...], between: str) -> str:
    return between.join(part for part in map(code.value, field_ids) if part)
