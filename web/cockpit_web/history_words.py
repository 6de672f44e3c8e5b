"""The one grammar of the history: [who] [did] [what, how many] for [use], thanks to [your permission of a day]."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import HistoryLine, Verb
from cockpit.domain.decision import Reason
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConnectorId
from cockpit_web import formats
from cockpit_web.languages import marked, marked_count, translate, translate_count
from cockpit_web.mandate_words import CAPACITY_WORDS
from cockpit_web.way_words import WAY_WORDS

_SENTENCES = {
    Verb.OPENED: marked("Vous avez créé votre espace."),
    Verb.ADDED: marked("Vous avez ajouté %(count)s depuis « %(who)s »%(what)s."),
    Verb.READ: marked("%(who)s a lu %(count)s%(what)s%(use)s%(thanks)s."),
    Verb.WAS_REFUSED: marked("%(who)s s'est vu refuser une lecture%(what)s%(use)s."),
    Verb.RECEIVED: marked("%(who)s a reçu une clé d'accès%(use)s%(thanks)s."),
    Verb.ALLOWED: marked("Vous avez autorisé %(who)s%(what)s%(use)s."),
    Verb.REFUSED: marked("Vous avez refusé la demande de %(who)s%(what)s%(use)s."),
    Verb.PUT_OFF: marked("Vous avez remis à plus tard la demande de %(who)s%(what)s%(use)s."),
    Verb.NARROWED: marked("Vous avez réduit ce que %(who)s peut lire%(what)s%(use)s."),
    Verb.RENEWED: marked("Vous avez prolongé l'accès de %(who)s%(use)s."),
    Verb.REVIEWED: marked("Vous avez relu et gardé l'autorisation de %(who)s%(use)s."),
    Verb.PAUSED: marked("Vous avez mis en pause l'accès de %(who)s%(use)s."),
    Verb.RESUMED: marked("Vous avez rouvert l'accès de %(who)s%(use)s."),
    Verb.WAS_SUSPENDED: marked("L'accès de %(who)s%(use)s a été suspendu."),
    Verb.CAME_TO_ITS_END: marked("L'accès de %(who)s%(use)s s'est terminé."),
    Verb.WAS_REVOKED: marked("L'accès de %(who)s%(use)s a été retiré par l'exploitant."),
    Verb.SET_RULES: marked("Vous avez changé vos règles personnelles."),
    Verb.STOPPED: marked("Vous avez arrêté l'accès de %(who)s%(use)s."),
    Verb.TOOK_AWAY: marked("Vous avez emporté toutes vos données."),
    Verb.GAINED_A_WAY: marked("Vous avez ajouté une clé de votre espace : %(way)s."),
    Verb.CHANGED_A_WAY: marked("Vous avez remplacé une clé de votre espace : %(way)s."),
    Verb.LOST_A_WAY: marked("Vous avez retiré une clé de votre espace : %(way)s."),
    Verb.RECOVERED: marked("Vos proches de confiance ont rouvert votre espace, avec une phrase et un kit neufs."),
    Verb.USED_ESCROW: marked("L'exploitant a ouvert votre espace pour vous faire un kit provisoire."),
    Verb.ROTATED: marked("Vous avez changé toutes les clés de votre espace."),
    Verb.ERASED: marked("Vous avez effacé une donnée pour toujours."),
    Verb.GAVE_A_MANDATE: marked("Vous avez permis à %(actor)s d'agir en votre nom."),
    Verb.ENDED_A_MANDATE: marked("%(actor)s ne peut plus agir en votre nom."),
    Verb.CAME_FOR_ME: marked("%(actor)s a ouvert votre espace, avec sa propre phrase secrète."),
    Verb.WAS_AUDITED: marked("Deux auditeurs ont ouvert le dossier de l'accès de %(who)s%(use)s, sans vos données."),
    Verb.WAS_BOUND: marked("%(who)s doit vous confirmer qu'il tient compte de votre décision%(use)s."),
    Verb.STATED: marked("%(who)s a confirmé par écrit qu'il tient compte de votre décision%(use)s."),
    Verb.WAS_LATE: marked("%(who)s n'a pas confirmé à temps qu'il tient compte de votre décision%(use)s."),
}
_ACTED = {
    Verb.ADDED: marked("%(actor)s a ajouté %(count)s depuis « %(who)s »%(what)s, en votre nom."),
    Verb.ALLOWED: marked("%(actor)s a autorisé %(who)s%(what)s%(use)s, en votre nom."),
    Verb.REFUSED: marked("%(actor)s a refusé la demande de %(who)s%(what)s%(use)s, en votre nom."),
    Verb.PUT_OFF: marked("%(actor)s a remis à plus tard la demande de %(who)s%(what)s%(use)s, en votre nom."),
    Verb.NARROWED: marked("%(actor)s a réduit ce que %(who)s peut lire%(what)s%(use)s, en votre nom."),
    Verb.RENEWED: marked("%(actor)s a prolongé l'accès de %(who)s%(use)s, en votre nom."),
    Verb.REVIEWED: marked("%(actor)s a relu et gardé l'autorisation de %(who)s%(use)s, en votre nom."),
    Verb.PAUSED: marked("%(actor)s a mis en pause l'accès de %(who)s%(use)s, en votre nom."),
    Verb.RESUMED: marked("%(actor)s a rouvert l'accès de %(who)s%(use)s, en votre nom."),
    Verb.STOPPED: marked("%(actor)s a arrêté l'accès de %(who)s%(use)s, en votre nom."),
}
"""What somebody who acts for the person may have done."""
_ICONS = {
    Verb.OPENED: "sparkles",
    Verb.ADDED: "plus",
    Verb.READ: "eye",
    Verb.WAS_REFUSED: "hand",
    Verb.RECEIVED: "key-round",
    Verb.ALLOWED: "check",
    Verb.REFUSED: "x",
    Verb.PUT_OFF: "clock",
    Verb.NARROWED: "check",
    Verb.RENEWED: "check",
    Verb.REVIEWED: "check",
    Verb.PAUSED: "clock",
    Verb.RESUMED: "check",
    Verb.WAS_SUSPENDED: "hand",
    Verb.CAME_TO_ITS_END: "clock",
    Verb.WAS_REVOKED: "x",
    Verb.SET_RULES: "shield-check",
    Verb.STOPPED: "x",
    Verb.TOOK_AWAY: "package",
    Verb.GAINED_A_WAY: "key-round",
    Verb.CHANGED_A_WAY: "key-round",
    Verb.LOST_A_WAY: "x",
    Verb.RECOVERED: "handshake",
    Verb.USED_ESCROW: "triangle-alert",
    Verb.ROTATED: "key-round",
    Verb.ERASED: "x",
    Verb.GAVE_A_MANDATE: "user",
    Verb.ENDED_A_MANDATE: "x",
    Verb.CAME_FOR_ME: "user",
    Verb.WAS_AUDITED: "eye",
    Verb.WAS_BOUND: "clock",
    Verb.STATED: "check",
    Verb.WAS_LATE: "triangle-alert",
}
_REASONS = {
    Reason.NO_CONSENT: marked("Il n'a aucune autorisation de vous."),
    Reason.NOT_ACTIVE: marked("Votre autorisation n'est plus en cours."),
    Reason.EXPIRED: marked("Votre autorisation est terminée."),
    Reason.OTHER_SERVICE: marked("L'autorisation a été donnée à un autre service."),
    Reason.NOT_DECLARED: marked("Le service ne déclare plus cet usage."),
    Reason.KIND_NOT_COVERED: marked("Vous n'avez pas autorisé ce type de données."),
    Reason.FIELD_NOT_COVERED: marked("Vous n'avez pas autorisé l'une de ces données."),
    Reason.OUTSIDE_PERIOD: marked("Vous n'avez pas autorisé cette période."),
    Reason.TOO_FINE: marked("Vous avez autorisé des données moins détaillées."),
    Reason.QUOTA_SPENT: marked("Il a déjà lu autant de fois que permis."),
    Reason.STANDING_RULE: marked("Une de vos règles personnelles l'interdit."),
    Reason.OTHER_PERSON: marked("L'autorisation est celle d'une autre personne."),
    Reason.SERVICE_STOPPED: marked("L'exploitant a arrêté ce service."),
    Reason.OTHER_PURPOSE: marked("Vous l'avez autorisé pour autre chose."),
    Reason.OTHER_OPERATION: marked("Vous n'avez pas autorisé cette opération."),
    Reason.KEPT_TOO_LONG: marked("Il garderait vos données plus longtemps que vous ne l'avez autorisé."),
    Reason.KEPT_ELSEWHERE: marked("Il garderait vos données ailleurs que vous ne l'avez autorisé."),
    Reason.PASSED_ON: marked("Il transmettrait vos données à d'autres que vous ne l'avez autorisé."),
    Reason.MORE_AUTOMATED: marked("Une machine déciderait davantage que vous ne l'avez autorisé."),
    Reason.NOT_EXPLICIT: marked("Ces données sont sensibles : il faut votre accord explicite."),
    Reason.UNDECIDABLE: marked("La demande n'a pas pu être examinée : elle est refusée."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the history in words. ``unusual`` is a sentence on what is out of the ordinary, or empty."""

    line: HistoryLine
    icon: str
    sentence: str
    reason: str
    unusual: str


class Teller:
    """Says lines of one history in one language; it looks up the names and the days that they refer to."""

    def __init__(self, cockpit: Cockpit, lines: tuple[HistoryLine, ...], language: str) -> None:
        """``lines`` is the whole history, newest first."""
        self._cockpit, self._language = cockpit, language
        self._given = {line.consent: line.at for line in lines if line.verb is Verb.ALLOWED}
        self._first: dict[str | None, int] = {}
        for line in lines:
            if line.verb is Verb.READ:
                self._first[line.service] = line.number

    def told(self, line: HistoryLine) -> Told:
        """One line, in the one grammar."""
        acted = line.acting is not None and line.verb in _ACTED
        sentence = translate(self._language, (_ACTED if acted else _SENTENCES)[line.verb]) % {
            "who": self._who(line),
            "count": self._count(line),
            "actor": self._actor(line),
            "what": self._what(line),
            "use": self._use(line),
            "thanks": self._thanks(line),
            "way": translate(self._language, WAY_WORDS[line.way].inside) if line.way else "",
        }
        return Told(line, _ICONS[line.verb], sentence, self._reason(line), self._unusual(line))

    def use_title(self, reference: str) -> str:
        """The title of a use, or its reference when it is no longer published."""
        use = self._cockpit.registry.use(reference)
        return use.title.in_language(self._language) if use else reference

    def _who(self, line: HistoryLine) -> str:
        if line.verb is Verb.ADDED and line.who:
            try:
                title = self._cockpit.shelf.manifest(ConnectorId(line.who)).title
            except NotFound:
                return line.who
            return title.en if self._language == "en" else title.fr
        return line.who or translate(self._language, marked("quelqu'un"))

    def _actor(self, line: HistoryLine) -> str:
        if line.acting is None:
            return ""
        capacity = translate(self._language, CAPACITY_WORDS[line.acting.capacity].inside)
        if not line.acting.name:
            return translate(self._language, marked("Quelqu'un (%(capacity)s)")) % {"capacity": capacity}
        return f"{line.acting.name} ({capacity})"

    def _count(self, line: HistoryLine) -> str:
        one, many = marked_count("%(num)s donnée", "%(num)s données")
        text = translate_count(self._language, one, many, line.count)
        return text % {"num": formats.number(self._language, line.count)}

    def _what(self, line: HistoryLine) -> str:
        sheets = [self._cockpit.registry.kinds.get(kind) for kind in line.kinds]
        titles = [sheet.title.in_language(self._language).lower() for sheet in sheets if sheet]
        return f" ({', '.join(titles)})" if titles else ""

    def _use(self, line: HistoryLine) -> str:
        if not line.use:
            return ""
        return translate(self._language, marked(", pour « %(use)s »")) % {"use": self.use_title(line.use)}

    def _thanks(self, line: HistoryLine) -> str:
        given = self._given.get(line.consent)
        if not line.consent or not given:
            return ""
        day = formats.day(self._language, formats.instant_day(given))
        return translate(self._language, marked(", grâce à votre autorisation du %(day)s")) % {"day": day}

    def _reason(self, line: HistoryLine) -> str:
        if line.verb is Verb.USED_ESCROW:
            return translate(self._language, marked("Motif donné : %(reason)s")) % {"reason": line.reason or ""}
        if line.verb is Verb.WAS_AUDITED:
            said = translate(self._language, marked("Par %(names)s. Motif donné : %(reason)s"))
            return said % {"names": ", ".join(line.auditors), "reason": line.reason or ""}
        known = line.reason in Reason._value2member_map_ if line.reason else False
        return translate(self._language, _REASONS[Reason(line.reason)]) if known and line.reason else ""

    def _unusual(self, line: HistoryLine) -> str:
        if line.beyond_rule:
            return translate(self._language, marked("C'est plus de lectures que votre règle n'en veut par jour."))
        if line.verb is Verb.READ and self._first.get(line.service) == line.number:
            return translate(self._language, marked("C'est la première fois que ce service lit vos données."))
        return ""
