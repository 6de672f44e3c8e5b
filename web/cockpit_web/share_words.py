"""What is said of a share: its state, what was just done, what to think of today."""

from __future__ import annotations

from cockpit.acts.shares import Duty, Share
from cockpit.consent.duties import ACKNOWLEDGE, ERASE, DutyState
from cockpit.consent.reminders import Remind
from cockpit.domain.consent import ConsentStatus
from cockpit_web import formats
from cockpit_web.languages import marked, translate

STATUS_WORDS = {
    ConsentStatus.REQUESTED: marked("à décider"),
    ConsentStatus.DEFERRED: marked("remis à plus tard"),
    ConsentStatus.REFUSED: marked("refusé par vous"),
    ConsentStatus.GIVEN: marked("en cours"),
    ConsentStatus.RENEWED: marked("en cours"),
    ConsentStatus.NARROWED: marked("en cours, réduit par vous"),
    ConsentStatus.PAUSED: marked("en pause"),
    ConsentStatus.SUSPENDED: marked("suspendu"),
    ConsentStatus.WITHDRAWN: marked("arrêté par vous"),
    ConsentStatus.REVOKED: marked("retiré par l'exploitant"),
    ConsentStatus.EXPIRED: marked("arrivé à son terme"),
    ConsentStatus.INVALIDATED: marked("déclaré nul"),
}
EVENT_WORDS = {
    "consent.deferred": marked("Remis à plus tard"),
    "consent.given": marked("Autorisé"),
    "consent.refused": marked("Refusé"),
    "consent.narrowed": marked("Réduit"),
    "consent.renewed": marked("Prolongé"),
    "consent.reviewed": marked("Relu et gardé"),
    "consent.paused": marked("Mis en pause"),
    "consent.resumed": marked("Rouvert"),
    "consent.suspended": marked("Suspendu"),
    "consent.withdrawn": marked("Arrêté"),
    "consent.expired": marked("Terminé"),
    "consent.revoked": marked("Retiré"),
    "consent.invalidated": marked("Déclaré nul"),
}
DUTY_WORDS = {
    ACKNOWLEDGE: marked("Confirmer qu'il en tient compte"),
    ERASE: marked("Confirmer qu'il a effacé vos données"),
}
"""What a service owes, by the name of the duty."""
DONE = {
    "arrete": marked("C'est arrêté. Le service ne peut plus rien lire, dès maintenant."),
    "pause": marked("C'est en pause. Le service ne peut rien lire. Ce qui est daté de la pause ne sera jamais lu."),
    "repris": marked("C'est rouvert. Le service peut lire à nouveau, sauf ce qui est daté de la pause."),
    "prolonge": marked("C'est prolongé, aux mêmes conditions."),
    "reduit": marked("C'est réduit, dès maintenant. Ce que le service a déjà reçu n'est pas repris."),
    "accord": marked("C'est dit. Vous pouvez revenir sur votre accord quand vous voulez : le partage s'arrête alors."),
    "sans-accord": marked("C'est refusé. Ces données ne partiront pas."),
    "garde": marked("C'est noté. Nous vous le remontrerons dans un an."),
}
_REMINDERS = {
    Remind.SUSPENDED: marked("Suspendu : regardez ce qui a changé, puis arrêtez ou rouvrez."),
    Remind.ENDS_THIS_WEEK: marked("Se termine le %(day)s."),
    Remind.ENDS_THIS_MONTH: marked("Se termine le %(day)s."),
    Remind.WAITS: marked("Attend votre décision : le service vous enverra ici à nouveau quand vous le voudrez."),
    Remind.UNUSED: marked("Personne ne s'en est servi depuis cinq mois : sans lecture, il s'arrêtera tout seul."),
    Remind.REVIEW: marked("Cela fait un an : relisez, puis gardez ou arrêtez."),
    Remind.PAUSED: marked("En pause : rien n'est lu."),
}


def reminder_sentence(language: str, share: Share) -> str:
    """What to tell of this share today, or nothing."""
    if share.reminder is None:
        return ""
    day = formats.day(language, share.clause.expires[:10])
    return translate(language, _REMINDERS[share.reminder]) % {"day": day}


_STANDINGS = {
    DutyState.AWAITED: marked("Attendu avant le %(due)s."),
    DutyState.IN_TIME: marked("Fait le %(done)s."),
    DutyState.AFTERWARDS: marked("Fait le %(done)s, après la date prévue, le %(due)s."),
    DutyState.LATE: marked("En retard : c'était attendu avant le %(due)s."),
}


def duty_sentence(language: str, duty: Duty) -> str:
    """How one duty of a service stands."""
    due, done = (formats.day(language, at[:10]) if at else "" for at in (duty.due, duty.done_at))
    return translate(language, _STANDINGS[duty.standing.state]) % {"due": due, "done": done}
