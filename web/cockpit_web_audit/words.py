"""What the questions, their columns and the findings are called."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit_web_audit.languages import marked


@dataclass(frozen=True, slots=True)
class QueryWords:
    """A question's title, and what its answer can and cannot say."""

    title: str
    says: str


QUERIES = {
    "in-force": QueryWords(
        marked("Les autorisations en cours"),
        marked("Des nombres, tirés des inscriptions. Un espace effacé n'y retire rien : c'est un maximum."),
    ),
    "without-consent": QueryWords(
        marked("Les lectures sans autorisation"),
        marked("Chaque lecture est rejouée contre les autres inscriptions. Ce tableau doit être vide."),
    ),
    "stop-delay": QueryWords(
        marked("Le délai d'arrêt"),
        marked("Après la fin de la dernière autorisation : ce qui est encore passé, et jusqu'à quand on a frappé."),
    ),
    "denials": QueryWords(marked("Les refus, par motif"), marked("Ce que les services ont demandé sans l'obtenir.")),
    "obligations-overdue": QueryWords(
        marked("Les obligations en retard"),
        marked("Ce qu'un arrêt oblige à faire, passé son jour, sans inscription qui dise que c'est fait."),
    ),
    "recipients": QueryWords(
        marked("Les destinataires, par type de données"),
        marked("Qui peut demander quoi, et ce qui a été autorisé et lu."),
    ),
    "special": QueryWords(
        marked("Les données sensibles sans accord explicite"),
        marked("RGPD, article 9. Ce tableau doit être vide."),
    ),
    "changes": QueryWords(
        marked("Les changements des règles et des services"),
        marked("L'empreinte des règles est dans chaque inscription : elle ne change pas sans se voir."),
    ),
    "auditors": QueryWords(
        marked("Ce que font les auditeurs"), marked("Vos propres lectures sont inscrites, comme celles des autres.")
    ),
    "statistics": QueryWords(
        marked("Les statistiques"), marked("Par mois, par type et par usage. Un nombre sous 11 n'est pas montré.")
    ),
}
"""Every question, in the order of the page."""

COLUMNS = {
    "at": marked("Quand"),
    "log": marked("Historique"),
    "index": marked("Numéro"),
    "nth": marked("Rang"),
    "service": marked("Service"),
    "use": marked("Usage"),
    "given": marked("Accordées"),
    "ended": marked("Finies"),
    "open": marked("En cours"),
    "most_live": marked("Ouvertes à la lecture, au plus"),
    "kind": marked("Type de données"),
    "kinds": marked("Types de données"),
    "finding": marked("Constat"),
    "ended_at": marked("Fin de la dernière"),
    "allowed_after": marked("Lectures ensuite"),
    "knocks_after": marked("Refus ensuite"),
    "last_knock": marked("Dernier refus"),
    "minutes": marked("Minutes"),
    "reason": marked("Motif"),
    "count": marked("Nombre"),
    "action": marked("Obligation"),
    "due": marked("Échéance"),
    "declared": marked("Déclaré"),
    "reads": marked("Lectures"),
    "type": marked("Type d'inscription"),
    "change": marked("Changement"),
    "what": marked("Quoi"),
    "more": marked("Précision"),
    "mandate": marked("Mandat"),
    "range": marked("Numéros lus"),
    "month": marked("Mois"),
}
"""What each column is called."""

CELLS: dict[object, str] = {
    "yes": marked("oui"),
    "no": marked("non"),
    "no-consent-in-force": marked("aucune autorisation en cours"),
    "not-registered": marked("service inconnu"),
    "recipient-suspended": marked("service suspendu"),
    "not-declared": marked("usage non déclaré"),
    "use-not-published": marked("usage non publié"),
    "kind-outside-use": marked("type de données hors de l'usage"),
    "field-outside-use": marked("champ hors de l'usage"),
    "known": marked("règles connues"),
    "other": marked("autres règles"),
}
"""Codes that are said in words; anything else is shown as it is."""

FAULTS = {
    "fork": marked("Le passé de l'historique a été changé : il existe en deux versions signées."),
    "shrunk": marked("L'historique a rétréci : des inscriptions déjà vues n'y sont plus."),
    "entry-changed": marked("Une inscription remise n'est pas celle qui a été inscrite."),
    "other-opening": marked("Une inscription est montrée avec un autre contenu que celui inscrit."),
    "entry-moved": marked("Une inscription est remise à une autre place."),
    "entries-missing": marked("Des inscriptions signées ne sont pas remises."),
    "leaf-form": marked("Une inscription n'a pas la forme d'une inscription."),
    "batch-root": marked("Un lot n'est pas celui qui a été inscrit."),
    "other-root": marked("Les inscriptions remises ne donnent pas l'empreinte signée."),
    "other-key": marked("La clé de l'historique n'est plus celle que cette maison connaît."),
    "other-cockpit": marked("Un autre cockpit a répondu."),
    "other-log": marked("Un historique porte un autre nom."),
    "log-gone": marked("Un historique déjà vu n'est plus proposé."),
    "checkpoint-unsigned": marked("Un point de contrôle n'est pas signé par l'historique."),
}
"""What was refused at an update, in words."""
