"""The families of data as the pages group them, and how much of each a space holds."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.ids import Kind
from cockpit.domain.record import StoredRecord
from cockpit.store.space import Reader
from cockpit_web.languages import marked, marked_count


@dataclass(frozen=True, slots=True)
class Family:
    """One page of *Mes données*: the kinds it gathers, its icon, what it says of itself when it is empty.

    ``counted`` says a number of its records, singular and plural.
    """

    slug: str
    kinds: tuple[Kind, ...]
    title: str
    icon: str
    counted: tuple[str, str]
    empty: str


@dataclass(frozen=True, slots=True)
class FamilyCount:
    """How many records of a family a space holds, and the day of the newest."""

    family: Family
    records: int
    newest: str | None


FAMILIES = {
    family.slug: family
    for family in (
        Family(
            "energie",
            (Kind("energy.series"),),
            marked("Énergie"),
            "zap",
            marked_count("%(num)s mois de mesures", "%(num)s mois de mesures"),
            marked("Votre consommation, heure par heure."),
        ),
        Family(
            "banque",
            (Kind("bank.transaction"), Kind("bank.account")),
            marked("Banque"),
            "landmark",
            marked_count("%(num)s opération", "%(num)s opérations"),
            marked("Vos comptes et leurs opérations."),
        ),
        Family(
            "factures",
            (Kind("invoice.document"),),
            marked("Factures"),
            "receipt-euro",
            marked_count("%(num)s facture", "%(num)s factures"),
            marked("Ce que vous avez acheté, et à qui."),
        ),
        Family(
            "papiers",
            (Kind("tax.notice"), Kind("home.dwelling"), Kind("attestation.signed")),
            marked("Papiers"),
            "file-badge",
            marked_count("%(num)s papier", "%(num)s papiers"),
            marked("Avis d'impôt, justificatifs, documents signés."),
        ),
    )
}


def family_of(kind: Kind) -> Family | None:
    """The family a kind is shown in, or None for a kind that has no page of its own."""
    return next((family for family in FAMILIES.values() if kind in family.kinds), None)


def family_counts(reader: Reader) -> tuple[FamilyCount, ...]:
    """Each family with what the space holds of it. Energy counts months, banks count transactions."""
    return tuple(_count(reader, family) for family in FAMILIES.values())


def papers(reader: Reader) -> tuple[StoredRecord, ...]:
    """Every paper of the space, the latest first."""
    found = [stored for kind in FAMILIES["papiers"].kinds for stored in reader.records(kind)]
    return tuple(sorted(found, key=lambda stored: stored.record.day, reverse=True))


def _count(reader: Reader, family: Family) -> FamilyCount:
    records = papers(reader) if family.slug == "papiers" else reader.records(family.kinds[0])
    newest = max((stored.record.until or stored.record.day for stored in records), default=None)
    if family.slug == "energie":
        return FamilyCount(family, len({stored.record.day[:7] for stored in records}), newest)
    return FamilyCount(family, len(records), newest)
