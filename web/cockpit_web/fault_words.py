"""What could not be read of a file, in words: what it is, where it is, what the person can do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from cockpit.sources.port import Fault, FaultKind
from cockpit_web.languages import marked, translate

_BY_KIND = {
    FaultKind.SIGN_IN_AGAIN: marked("La source demande de se reconnecter."),
    FaultKind.RATE_LIMITED: marked("La source demande d'attendre avant de recommencer."),
    FaultKind.SOURCE_DOWN: marked("La lecture s'est arrêtée avant la fin. Essayez encore."),
    FaultKind.LAYOUT_CHANGED: marked("Ce fichier ressemble à un format connu, mais sa présentation a changé."),
    FaultKind.UNSUPPORTED: marked("Nous ne savons pas lire ce fichier."),
    FaultKind.BAD_LINE: marked("Une partie n'a pas pu être lue. Le reste a été gardé."),
    FaultKind.TOO_BIG: marked("Ce fichier est trop gros ou trop long à lire."),
}
_BY_CODE = {
    "empty-file": marked("Ce fichier est vide."),
    "file-too-big": marked("Ce fichier est plus gros que ce que le cockpit accepte."),
    "quota-full": marked("Vos fichiers prennent toute la place permise. Celui-ci n'a pas été gardé."),
    "declaration-refused": marked("Ce fichier contient des instructions dangereuses. Nous ne l'avons pas lu."),
    "not-recognised": marked(
        "Rien de ce que nous savons lire n'est dans ce fichier. "
        "Pour un papier à code 2D-Doc, essayez le PDF d'origine, ou une photo plus nette."
    ),
    "cancelled": marked("La lecture a été arrêtée avant la fin."),
    "truncated-file": marked("Ce fichier est coupé avant la fin."),
    "no-ofx": marked("Ce fichier annonce un relevé OFX, mais il n'y en a pas dedans."),
    "no-statement": marked("Ce fichier ne contient aucun relevé de compte."),
    "no-account": marked("Un relevé ne dit pas de quel compte il s'agit. Il a été laissé de côté."),
    "unsupported-statement": marked("Un relevé est d'un type que nous ne savons pas lire."),
    "unsupported-magnitude": marked("Une mesure n'est pas une consommation d'énergie. Elle a été laissée de côté."),
    "bad-balance": marked("Un solde n'est pas un nombre."),
    "stray-amount": marked("Un montant n'appartient à aucune opération."),
    "bad-value": marked("Une mesure n'est pas un nombre."),
    "bad-interval": marked("La durée d'une mesure est incomprise."),
    "bad-meter": marked("Un numéro de compteur est incompris."),
    "more-bad-lines": marked("D'autres lignes n'ont pas pu être lues."),
    "too-many-months": marked("Ce fichier couvre trop de mois à la fois."),
    "bad-zip": marked("Cette archive ZIP est abîmée."),
    "bad-zip-entry": marked("Un fichier de cette archive ZIP est abîmé."),
    "empty-zip": marked("Cette archive ZIP est vide."),
    "unsupported-file-in-zip": marked("Un fichier de cette archive ZIP n'est pas d'un type connu."),
    "zip-encrypted": marked("Cette archive ZIP a un mot de passe. Ouvrez-la d'abord, puis déposez ses fichiers."),
    "zip-too-big": marked("Cette archive ZIP devient trop grosse une fois ouverte."),
    "zip-too-many-files": marked("Cette archive ZIP contient trop de fichiers."),
    "zip-unsafe-name": marked("Un fichier de cette archive ZIP porte un nom dangereux. Nous ne l'avons pas lu."),
    "signature-invalid": marked(
        "La signature d'un code 2D-Doc est fausse : le document a été modifié, ou signé par quelqu'un d'autre."
    ),
    "no-2ddoc-found": marked("Aucun code 2D-Doc lisible. Essayez le PDF d'origine, ou une photo plus nette."),
    "not-a-page": marked("Ce fichier n'est ni un PDF ni une image."),
    "pdf-encrypted": marked("Ce PDF a un mot de passe. Enregistrez-le sans mot de passe, puis déposez-le."),
    "pdf-unreadable": marked("Ce PDF est abîmé."),
    "image-unreadable": marked("Cette image est abîmée."),
    "image-too-big": marked("Cette image est trop grande."),
    "page-unreadable": marked("Une page est abîmée."),
    "too-many-pages": marked("Ce document a trop de pages."),
    "too-many-codes": marked("Ce document contient trop de codes."),
    "bad-code": marked("Un code 2D-Doc est abîmé."),
    "short-field": marked("Un code 2D-Doc est abîmé."),
    "repeated-field": marked("Un code 2D-Doc est abîmé."),
    "unknown-field": marked("Un code 2D-Doc contient un champ que nous ne connaissons pas."),
    "binary-code": marked("Ce code 2D-Doc est d'une forme que nous ne savons pas lire."),
    "unsupported-code-version": marked("Ce code 2D-Doc est d'une forme que nous ne savons pas lire."),
    "unsupported-perimeter": marked("Ce code 2D-Doc est d'une forme que nous ne savons pas lire."),
    "no-signature-in-code": marked("Un code 2D-Doc ne porte pas de signature."),
    "bad-signature-text": marked("La signature d'un code 2D-Doc est illisible."),
    "bad-trusted-certificate": marked(
        "Un certificat ajouté au cockpit est abîmé. Prévenez la personne qui s'en occupe."
    ),
    "reader-crashed": marked("Le lecteur s'est arrêté sur ce fichier. Il n'en a rien gardé de plus."),
    "limit-exceeded": marked("Ce fichier demande trop de temps ou de mémoire pour être lu."),
    "bad-amount": marked("Un montant n'est pas un nombre."),
    "bad-date": marked("Une date n'existe pas ou est mal écrite."),
    "no-invoice-inside": marked("Ce PDF ne contient pas de facture lisible par un programme."),
    "no-measure": marked("Les colonnes sont les bonnes, mais il n'y a aucune mesure."),
    "order-not-invoice": marked("Ce document est une commande, pas une facture."),
    "ubl-not-read": marked("Cette facture est au format UBL, que nous ne savons pas encore lire."),
    "zugferd-1": marked("Cette facture est d'une version trop ancienne du format."),
    "unknown-invoice-version": marked("Cette facture est d'une version du format que nous ne connaissons pas."),
    "not-an-invoice": marked("Ce document contient des données, mais ce n'est pas une facture."),
    "bad-xml": marked("Les données de cette facture sont abîmées."),
    "no-invoice-number": marked("Cette facture n'a pas de numéro. Elle a été laissée de côté."),
    "no-issue-date": marked("Cette facture n'a pas de date d'émission. Elle a été laissée de côté."),
    "too-long-to-look-at": marked("Ce document demande trop de temps pour y chercher un code."),
    "outside-intervals": marked("Des mesures sont prises hors des heures régulières. Elles ont été laissées de côté."),
    "differing-measures": marked("Deux mesures du même moment diffèrent. La première a été gardée."),
    "two-amounts": marked("Une opération a deux montants."),
    "truncated": marked("Une opération est coupée avant la fin."),
    "short-line": marked("Une ligne n'a pas toutes ses colonnes."),
    "too-many-lines": marked("Cette facture a trop de lignes. Les dernières ont été laissées de côté."),
    "unknown-header": marked("Les colonnes de ce fichier ne sont pas celles que nous connaissons."),
}
_PLACES = (
    (re.compile(r"\bline (\d+)"), marked("ligne %s")),
    (re.compile(r"\bpage (\d+)"), marked("page %s")),
    (re.compile(r"\btransaction (\d+)"), marked("opération %s")),
)


@dataclass(frozen=True, slots=True)
class ToldFault:
    """One fault in words. ``precise`` is the connector's own English sentence, for whoever helps."""

    sentence: str
    place: str
    precise: str


def told_fault(fault: Fault, language: str) -> ToldFault:
    """The sentence of its code, or of its kind when the code has none."""
    sentence = translate(language, _BY_CODE.get(fault.code, _BY_KIND[fault.kind]))
    return ToldFault(sentence, _place(fault.place or "", language), fault.message)


def _place(place: str, language: str) -> str:
    for pattern, words in _PLACES:
        place = pattern.sub(partial(_placed, translate(language, words)), place)
    return place


def _placed(words: str, found: re.Match[str]) -> str:
    return words % found[1]
