"""A version of the record in plain words, for one printed page; its sentences are those of the screen."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.consent.bases import basis_words
from cockpit.consent.notice import KindWords, LabelLine, day_in_words, render
from cockpit.consent.record.build import clause_of
from cockpit.consent.record.form import record_sha256
from cockpit.domain.consent import ConsentStatus
from cockpit.domain.consent_record import ActorRole, ConsentRecord, Party, SubjectRole
from cockpit.domain.moment import day_of, parse_instant
from cockpit.domain.service import Service
from cockpit.domain.use import Use, Words

_S = ConsentStatus

TITLES = {
    _S.REQUESTED: Words("Demande d'accord", "Request for your consent"),
    _S.DEFERRED: Words("Demande remise à plus tard", "Request put off"),
    _S.REFUSED: Words("Reçu de votre refus", "Receipt of your refusal"),
    _S.GIVEN: Words("Reçu de votre accord", "Receipt of your consent"),
    _S.RENEWED: Words("Reçu de votre accord renouvelé", "Receipt of your renewed consent"),
    _S.NARROWED: Words("Reçu de votre accord réduit", "Receipt of your narrowed consent"),
    _S.PAUSED: Words("Reçu de la pause de votre accord", "Receipt of the pause of your consent"),
    _S.SUSPENDED: Words("Accord suspendu", "Consent suspended"),
    _S.WITHDRAWN: Words("Reçu de votre retrait", "Receipt of your withdrawal"),
    _S.REVOKED: Words("Accord révoqué", "Consent revoked"),
    _S.EXPIRED: Words("Accord expiré", "Consent expired"),
    _S.INVALIDATED: Words("Accord annulé", "Consent invalidated"),
}
"""What the page is, for each state."""

_OTHER_TITLES = {
    _S.GIVEN: Words("Reçu de la remise de vos données", "Receipt of handing over your data"),
    _S.REFUSED: Words("Reçu de votre opposition", "Receipt of your objection"),
    _S.WITHDRAWN: Words("Reçu de votre opposition", "Receipt of your objection"),
}
"""What it is when the use rests on another basis than consent."""

_STATES = {
    _S.REQUESTED: Words("Demandé le {}. Rien ne peut être lu.", "Requested on {}. Nothing may be read."),
    _S.DEFERRED: Words("Remis à plus tard le {}. Rien ne peut être lu.", "Put off on {}. Nothing may be read."),
    _S.REFUSED: Words("Refusé le {}. Rien n'a été transmis.", "Refused on {}. Nothing was passed on."),
    _S.GIVEN: Words("Donné le {}.", "Given on {}."),
    _S.RENEWED: Words("Renouvelé le {}.", "Renewed on {}."),
    _S.NARROWED: Words("Réduit le {}.", "Narrowed on {}."),
    _S.PAUSED: Words("En pause depuis le {}. Rien ne peut être lu.", "Paused since {}. Nothing may be read."),
    _S.SUSPENDED: Words(
        "Suspendu le {}. Rien ne peut être lu avant votre accord.",
        "Suspended on {}. Nothing may be read before you agree.",
    ),
    _S.WITHDRAWN: Words("Retiré le {}. Rien ne peut plus être lu.", "Withdrawn on {}. Nothing may be read any more."),
    _S.REVOKED: Words("Révoqué le {}. Rien ne peut plus être lu.", "Revoked on {}. Nothing may be read any more."),
    _S.EXPIRED: Words("Expiré le {}. Rien ne peut plus être lu.", "Expired on {}. Nothing may be read any more."),
    _S.INVALIDATED: Words("Annulé le {}. Rien ne peut être lu.", "Invalidated on {}. Nothing may be read."),
}

_ACTORS = {
    ActorRole.SELF: Words("Vous", "You"),
    ActorRole.PARENT: Words("Un parent, pour vous", "A parent, for you"),
    ActorRole.GUARDIAN: Words("La personne chargée de votre protection", "Your guardian"),
    ActorRole.HELPER: Words("Un aidant, avec votre mandat", "A helper, under your mandate"),
    ActorRole.COCKPIT: Words("Le cockpit, automatiquement", "The cockpit, by itself"),
    ActorRole.SERVICE: Words("Le service", "The service"),
    ActorRole.OPERATOR: Words("L'exploitant du cockpit", "The operator of the cockpit"),
    ActorRole.AUTHORITY: Words("Une autorité", "An authority"),
}

_JOINT = Words(
    "Une autre personne partage ces données, qui parlent aussi de vous.",
    "Somebody else shares these data, which speak of you too.",
)
_WHO, _USE = Words("Qui demande ?", "Who asks?"), Words("Pour quoi faire ?", "What for?")
_STATE, _BY = Words("Où en est-il ?", "How does it stand?"), Words("Qui a décidé ?", "Who decided?")
_RIGHTS = Words("Quels sont vos droits ?", "What are your rights?")
_RIGHTS_TOLD = Words(
    "Voir vos données, les corriger, les faire effacer, en limiter l'usage, les reprendre.",
    "To see your data, correct them, have them erased, limit their use, take them with you.",
)
_HUMAN = Words(
    "Demander qu'une personne revoie la décision.",
    "To ask that a person look at the decision again.",
)
_OBJECT = Words("Comment vous y opposer ?", "How to object?")
_WITHDRAW = Words("Comment retirer ?", "How to withdraw?")
_WITHDRAW_TOLD = Words("À tout moment, sans donner de raison : {}", "At any time, without a reason: {}")
_BASIS = Words("Sur quelle base ?", "On what basis?")
_COMPLAIN = Words("À qui vous plaindre ?", "To whom to complain?")
_TERMS = Words("Quels termes ?", "Which terms?")
_TERMS_TOLD = Words(
    "Ceux du reçu précédent, qui portent l'empreinte {}.", "Those of the receipt before, whose hash is {}."
)
_RECORD = Words("Numéro de l'enregistrement", "Number of the record")
_HASH, _REPLACES = Words("Empreinte", "Hash"), Words("Remplace", "Replaces")
_LOG = Words("Numéro dans le journal", "Number in the log")
_VERSION = Words("version", "version")
_ENTRY = Words("n° {} de {}", "no. {} of {}")


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What is printed: a title, the use, titled lines, and the numbers to quote."""

    language: str
    title: str
    use: str
    lines: tuple[LabelLine, ...]
    numbers: tuple[LabelLine, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page needs beside the record: the published use, the kinds' words, and the service's name."""

    use: Use
    words: KindWords
    service_name: str


def page_of(
    record: ConsentRecord, shown: Shown, language: str, log: tuple[str, int], former: ConsentRecord | None = None
) -> RecordPage:
    """The page of one version, in ``fr`` or ``en``. ``log`` is its place: the origin and the index.

    ``former`` is the newest full version, whose terms a short one is about; without it only their hash is told.
    """
    full = next((one for one in (record, former) if one is not None and one.terms is not None), None)
    told = _terms(full, shown, language) if full else _nameless(record, shown, language)
    at = day_in_words(day_of(parse_instant(record.at)), language)
    stands = (
        _line(_STATE, _STATES[record.state].in_language(language).format(at), language),
        _line(_BY, _ACTORS[record.actor.role].in_language(language) + "." + _role(record, language), language),
    )
    after = _afterwards(full, record, shown.use, language) if full else ()
    return RecordPage(
        language,
        _title(record, shown).in_language(language),
        shown.use.title.in_language(language),
        (*stands, *told, *after),
        _numbers(record, log, language),
    )


def _title(record: ConsentRecord, shown: Shown) -> Words:
    return TITLES[record.state] if shown.use.refusable else _OTHER_TITLES.get(record.state, TITLES[record.state])


def _role(record: ConsentRecord, language: str) -> str:
    return f" {_JOINT.in_language(language)}" if record.role is SubjectRole.JOINT else ""


def _terms(record: ConsentRecord, shown: Shown, language: str) -> tuple[LabelLine, ...]:
    """The seven lines of the notice, rendered again from the clause in the record."""
    clause, terms = clause_of(record), record.terms
    assert clause is not None and terms is not None
    return render(clause, shown.use, _service(terms.controllers[0]), shown.words, language).lines


def _nameless(record: ConsentRecord, shown: Shown, language: str) -> tuple[LabelLine, ...]:
    return (
        _line(_WHO, f"{shown.service_name} ({record.service})", language),
        _line(_USE, shown.use.purpose_words.in_language(language), language),
        _line(_TERMS, _TERMS_TOLD.in_language(language).format(record.clause_sha256), language),
    )


def _afterwards(full: ConsentRecord, record: ConsentRecord, use: Use, language: str) -> tuple[LabelLine, ...]:
    terms = full.terms
    assert terms is not None
    human = " " + _HUMAN.in_language(language) if any(right.endswith("#A22") for right in terms.rights) else ""
    lines = [
        _line(_BASIS, basis_words(terms.law.bases[0]).in_language(language), language),
        _line(_RIGHTS, _RIGHTS_TOLD.in_language(language) + human, language),
    ]
    if not use.refusable:
        lines.append(_line(_OBJECT, use.withdrawal.in_language(language), language))
    elif not record.state.final:
        how = _WITHDRAW_TOLD.in_language(language).format(terms.withdrawal)
        lines.append(_line(_WITHDRAW, how, language))
    authority = terms.law.authority
    lines.append(_line(_COMPLAIN, f"{authority.name}, {authority.homepage}", language))
    return tuple(lines)


def _numbers(record: ConsentRecord, log: tuple[str, int], language: str) -> tuple[LabelLine, ...]:
    origin, index = log
    version = f"{record.id}, {_VERSION.in_language(language)} {record.version}"
    lines = [_line(_RECORD, version, language), _line(_HASH, record_sha256(record), language)]
    if record.replaces:
        lines.append(_line(_REPLACES, record.replaces, language))
    lines.append(_line(_LOG, _ENTRY.in_language(language).format(index, origin), language))
    return tuple(lines)


def _service(party: Party) -> Service:
    return Service(party.id, party.name, party.homepage, party.contact, (), {"keys": []}, (), "")


def _line(title: Words, text: str, language: str) -> LabelLine:
    return LabelLine(title.in_language(language), text)
