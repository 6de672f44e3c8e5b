"""Every address a person may open, with its parameters filled in from a furnished space."""

from __future__ import annotations

from urllib.parse import urlencode

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import history
from cockpit.acts.shares import shares
from cockpit.domain.ids import Kind
from cockpit_web.visitor import reading
from tests.web.furnished import ask

FIXED = (
    "/", "/donnees", "/donnees/energie", "/donnees/banque", "/donnees/factures", "/donnees/papiers",
    "/recherche", "/sources/ajouter", "/historique", "/partages", "/accord", "/emporter", "/reglages", "/cles",
    "/cles/phrase", "/cles/kit", "/cles/proches", "/cles/proches/essai", "/cles/exploitant", "/cles/tout-changer",
    "/verification", "/regles", "/mandats", "/aide",
)  # fmt: skip


def addresses(cockpit: Cockpit, visit: Visit) -> list[str]:
    """The fixed pages, then one of each that needs a record, a share, a line, a request."""
    found = list(FIXED)
    with reading(cockpit, visit) as reader:
        for kind in ("energy.series", "bank.account", "bank.transaction", "invoice.document", "home.dwelling"):
            found.append(f"/donnees/{kind}/{reader.records(Kind(kind))[0].uid}")
        found += [f"/donnees/tax.notice/{stored.uid}" for stored in reader.records(Kind("tax.notice"))]
        known = shares(cockpit, reader)
        found += [f"/partages/{share.consent}" for share in known]
        found += [f"/partages/{share.consent}/reduire" for share in known if share.status.live]
        found += [f"/partages/{share.consent}/recu" for share in known]
        found += [f"/partages/{share.consent}/recu/{n}" for share in known for n in range(1, len(share.events))]
        found += [f"/historique/{line.number}" for line in history(reader)]
    found += ["/donnees/banque?mois=2026-10", "/historique?seulement=refus", "/historique?service=c_coach"]
    found.append("/demande?" + urlencode({"client_id": "c_coach", "request_uri": ask(cockpit)}))
    return found
