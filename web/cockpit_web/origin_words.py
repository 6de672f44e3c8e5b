"""How a datum's origin is said: what was verified, how it was read, and whether it was declared or measured."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.record import Basis, Method, Provenance, Verification
from cockpit_web.languages import marked


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verification in words. ``tone`` is ``good`` for VALID and for nothing else."""

    tone: str
    icon: str
    short: str
    long: str


VERDICTS = {
    Verification.VALID: Verdict(
        "good",
        "shield-check",
        marked("Signature vérifiée"),
        marked("La signature est juste et son certificat est reconnu. Le document vient bien de son émetteur."),
    ),
    Verification.INVALID: Verdict(
        "bad",
        "shield-x",
        marked("Signature fausse"),
        marked("La signature ne correspond pas au contenu. Le document a été modifié, ou signé par quelqu'un d'autre."),
    ),
    Verification.UNKNOWN_CERTIFICATE: Verdict(
        "unsure",
        "shield-question-mark",
        marked("Certificat inconnu"),
        marked("Il y a une signature, mais nous ne connaissons pas son certificat. Rien n'est prouvé."),
    ),
    Verification.EXPIRED: Verdict(
        "unsure",
        "clock-alert",
        marked("Certificat hors période"),
        marked("La signature est juste, mais son certificat n'était pas en vigueur à cette date."),
    ),
    Verification.UNSIGNED: Verdict(
        "plain",
        "file-text",
        marked("Sans signature"),
        marked("Ce format ne porte pas de signature. C'est vous qui avez apporté le fichier."),
    ),
}

METHODS = {
    Method.API: marked("reçue directement de la source"),
    Method.SIGNED: marked("lue dans un code signé"),
    Method.PARSED: marked("lue telle quelle dans un fichier"),
    Method.OCR: marked("reconnue sur une image"),
    Method.MANUAL: marked("écrite à la main"),
}

BASES = {
    Basis.DECLARED: marked("déclarée par quelqu'un"),
    Basis.OBSERVED: marked("mesurée ou constatée"),
    Basis.INFERRED: marked("déduite d'autres données"),
}


def verdict(provenance: Provenance) -> Verdict:
    """The verification of this origin, in words."""
    return VERDICTS[provenance.verification]
