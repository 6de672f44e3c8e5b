"""The legal bases of GDPR art. 6(1) in words: what a person is told that a request rests on."""

from __future__ import annotations

from cockpit.domain.use import Words

_BASES = {
    "a": Words(
        "Votre autorisation (RGPD, article 6, 1, a). Vous pouvez la reprendre à tout moment.",
        "Your consent (GDPR, article 6, 1, a). You can withdraw it at any time.",
    ),
    "b": Words(
        "Un contrat avec vous, signé ou à venir (RGPD, article 6, 1, b).",
        "A contract with you, made or to be made (GDPR, article 6, 1, b).",
    ),
    "c": Words(
        "Une obligation que la loi impose à qui demande (RGPD, article 6, 1, c).",
        "An obligation that the law lays on whoever asks (GDPR, article 6, 1, c).",
    ),
    "d": Words("La protection d'une vie (RGPD, article 6, 1, d).", "The protection of a life (GDPR, article 6, 1, d)."),
    "e": Words(
        "Une mission publique confiée par la loi (RGPD, article 6, 1, e).",
        "A public task given by the law (GDPR, article 6, 1, e).",
    ),
    "f": Words(
        "L'intérêt légitime de qui demande (RGPD, article 6, 1, f).",
        "The legitimate interest of whoever asks (GDPR, article 6, 1, f).",
    ),
}


def basis_words(legal_basis: str) -> Words:
    """The sentence of a legal basis, by its IRI of the DPV (``…gdpr#A6-1-e``). Raises ``KeyError``."""
    return _BASES[legal_basis.partition("#A6-1-")[2][:1]]
