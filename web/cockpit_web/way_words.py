"""The ways to open a space in words: the name of each type, its icon, what it is."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.domain.way import WayType
from cockpit_web.languages import marked


@dataclass(frozen=True, slots=True)
class WayWords:
    """How a type of way is called at the head of a line and inside a sentence, and where its page is, if it has one."""

    title: str
    inside: str
    icon: str
    page: str = ""
    action: str = ""


WAY_WORDS = {
    WayType.PASSPHRASE: WayWords(
        marked("Phrase secrète"),
        marked("la phrase secrète"),
        "key-round",
        "/cles/phrase",
        marked("Changer ma phrase secrète"),
    ),
    WayType.KIT: WayWords(
        marked("Kit de secours"),
        marked("le kit de secours"),
        "life-buoy",
        "/cles/kit",
        marked("Essayer ou refaire mon kit"),
    ),
    WayType.GUARDIANS: WayWords(
        marked("Proches de confiance"),
        marked("les proches de confiance"),
        "handshake",
        "/cles/proches",
        marked("Essayer ou changer mes proches"),
    ),
    WayType.PASSKEY: WayWords(marked("Clé d'un appareil"), marked("la clé d'un appareil"), "lock"),
    WayType.ESCROW: WayWords(
        marked("Secours par l'exploitant"),
        marked("le secours par l'exploitant"),
        "user",
        "/cles/exploitant",
        marked("Voir ce que cela change"),
    ),
    WayType.MANDATE: WayWords(
        marked("Phrase d'un proche qui m'aide"),
        marked("la phrase d'un proche qui m'aide"),
        "user",
        "/mandats",
        marked("Voir qui m'aide"),
    ),
    WayType.TEMPORARY_KIT: WayWords(marked("Kit provisoire"), marked("le kit provisoire"), "clock"),
}
