"""What could not be read of a file, in words: what it is, where it is, what the person can do."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    "bad-amount": marked("Un montant n'est pas un nombre."),
    "bad-date": marked("Une date n'existe pas ou est mal écrite."),
    "no-invoice-inside": marked("Ce PDF ne contient pas de facture lisible par un programme."),
    "no-measure": marked("Les colonnes sont les bonnes, mais il n'y a aucune mesure."),
    "unknown-header": marked("Les colonnes de ce fichier ne sont pas celles que nous connaissons."),
}
_PLACES = (
    (re.compile(r"\bline (\d+)"), marked("ligne %s")),
    (re.compile(r"\bpage (\d+)"), marked("page %s")),
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
        translated = translate(language, words)
        place = pattern.sub(lambda found, said=translated: said % found[1], place)
    return place
