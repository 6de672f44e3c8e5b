"""A request: the seven-line label, the exact bytes that would leave, narrowing, and two equal buttons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import Handed, JointFacts, ask_other, defer, give, joint, refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.hold_back import hold_back, refused_before
from cockpit.consent.bases import basis_words
from cockpit.consent.facts import ReadRequest, candidate, recipient
from cockpit.consent.mandates import BeyondMandate, check_yes, ended_with
from cockpit.consent.narrowing import DURATIONS_MONTHS, BadChoice, Narrowing, narrowed
from cockpit.consent.notice import Notice
from cockpit.consent.notice import render as render_notice
from cockpit.consent.preview import PreviewPart, preview
from cockpit.consent.standing import against
from cockpit.domain.consent import AccessMode, Clause, Consent, ConsentStatus
from cockpit.domain.errors import NotFound
from cockpit.domain.ids import ConsentId, Kind
from cockpit.domain.mandate import Mandate
from cockpit.domain.moment import PARIS, add_months, instant
from cockpit.domain.use import Grain
from cockpit.grants.pushed import Pending
from cockpit.grants.rules import rules_of
from cockpit.store.space import Reader
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.narrowing_form import PartChoice, is_day, part_choices, without_fields
from cockpit_web.rule_words import rule_sentence
from cockpit_web.security.headers import allow_form_target
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

ONCE = "une-fois"
MOST_SHOWN = 4000
"""How many characters of each kind's bytes the page prints; the count says how much there is in all."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form holds, as typed. ``duration`` is months, ``une-fois``, or empty while nothing is chosen."""

    duration: str = ""
    kinds: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    grains: tuple[tuple[str, str], ...] = ()
    data_from: str = ""

    @property
    def any(self) -> bool:
        """Whether the person changed anything of what was asked."""
        return bool(self.duration or self.kinds or self.removed or self.data_from or any(g for _, g in self.grains))


@dataclass(frozen=True, slots=True)
class Duration:
    """One duration on offer: ``value`` for the form, ``months`` to say, and the day it ends."""

    value: str
    months: int
    until: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """What would leave of one kind: the bytes, cut for the page when they are many; ``whole`` leads to all of them."""

    part: PreviewPart
    title: str
    shown: str
    size: int
    whole: str


@dataclass(frozen=True, slots=True)
class HandedPage:
    """The code to tell the other adult, and the way back to the service."""

    handed: Handed
    service_name: str


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A request that is held back: what for, and the day on which the person said no."""

    pending: Pending
    use: str
    day: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    """What the page shows. ``joint`` are the titles of what speaks of another adult too; ``against`` the sentences of
    the person's own rules that this request would break.

    ``beyond`` says why whoever acts for the person may not say yes; empty when they may. ``basis`` says what the
    request rests on, and ``withdrawal`` how it is ended, or objected to when it does not rest on consent.
    """

    pending: Pending
    asked: Notice
    notice: Notice
    leaving: tuple[Leaving, ...]
    parts: tuple[PartChoice, ...]
    durations: tuple[Duration, ...]
    choices: Choices
    fault: str
    preview_fault: str
    joint: tuple[str, ...]
    against: tuple[str, ...]
    beyond: str
    contact: str
    legal_basis: str
    basis: str
    withdrawal: str


@router.get("/demande")
def show_request(
    request: Request, cockpit: Core, visit: Visitor, client_id: str = "", request_uri: str = ""
) -> Response:
    """The request as asked, or as narrowed so far. Reading it decides nothing. Raises ``UnknownRequest``.

    One that was refused not long ago is not put again, unless the person wants it.
    """
    waiting, again = pending(cockpit, client_id, request_uri), request.query_params.get("encore") == "1"
    choices = _choices(request.query_params, waiting)
    with reading(cockpit, visit) as reader:
        refusal = None if again or choices.any else refused_before(cockpit, reader, waiting)
        page = None if refusal else _page(request, cockpit, visit, reader, waiting, choices)
    allow_form_target(request, waiting.redirect.redirect_uri)
    if refusal is not None:
        use = waiting.use.title.in_language(language_of(request))
        return render(request, "request/held.html", HeldPage(waiting, use, refusal.day), room="shares")
    return render(request, "request/page.html", page, room="shares")


@router.get("/demande/octets")
def show_bytes(
    request: Request, cockpit: Core, visit: Visitor, client_id: str = "", request_uri: str = "", kind: str = ""
) -> Response:
    """Every byte of one kind that would leave with these choices. Raises ``UnknownRequest`` or ``NotFound``."""
    waiting = pending(cockpit, client_id, request_uri)
    with reading(cockpit, visit) as reader:
        parts = _previewed(
            reader, waiting, _given(waiting, _choices(request.query_params, waiting), visit.mandate, cockpit.clock())
        )
    for part in parts:
        if part.kind == kind:
            return Response(part.body, media_type="application/json")
    raise NotFound("nothing of this kind would leave")


@router.post("/demande")
def answer(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """No, still no, later, or yes to what was chosen; then back to the service. Raises ``UnknownRequest``."""
    waiting = pending(cockpit, text(form, "client_id"), text(form, "request_uri"))
    decision, choices = text(form, "decision"), _choices(form, waiting)
    if decision == "toujours-non":
        return RedirectResponse(hold_back(cockpit, waiting), 303)
    if decision == "non":
        return RedirectResponse(refuse(cockpit, visit, waiting), 303)
    if decision == "plus-tard":
        return RedirectResponse(defer(cockpit, visit, waiting), 303)
    try:
        if decision not in {"oui", "ensemble"}:
            raise BadChoice("neither yes nor no was chosen", code="decision_missing")
        if not choices.duration:
            raise BadChoice("choose how long the access lasts", code="duration_missing")
        if decision == "ensemble":
            handed = ask_other(cockpit, visit, waiting, _narrowing(choices))
            allow_form_target(request, waiting.redirect.redirect_uri)
            return render(request, "request/handed.html", HandedPage(handed, waiting.service.name), room="shares")
        return RedirectResponse(give(cockpit, visit, waiting, _narrowing(choices)), 303)
    except (BadChoice, BeyondMandate, JointFacts) as error:
        with reading(cockpit, visit) as reader:
            fault = sentence_for(language_of(request), error)
            page = _page(request, cockpit, visit, reader, waiting, choices, fault)
        allow_form_target(request, waiting.redirect.redirect_uri)
        return render(request, "request/page.html", page, room="shares", status=422)


def _choices(form: FormData | QueryParams, waiting: Pending) -> Choices:
    def many(name: str) -> frozenset[str]:
        return frozenset(value for value in form.getlist(name) if isinstance(value, str))

    return Choices(
        duration=text(form, "duree"),
        kinds=many("partie"),
        removed=many("retirer"),
        grains=tuple((part.kind, text(form, f"grain.{part.kind}")) for part in waiting.clause.inputs),
        data_from=text(form, "depuis"),
    )


def _narrowing(choices: Choices) -> Narrowing:
    """The choices, typed. Raises ``BadChoice`` for what the form could not have sent."""
    try:
        grains = {Kind(kind): Grain(grain) for kind, grain in choices.grains if grain}
        months = None if choices.duration == ONCE else int(choices.duration)
    except ValueError as error:
        raise BadChoice("a choice is not one of those offered", code="duration_missing") from error
    if choices.data_from and not is_day(choices.data_from):
        raise BadChoice("the beginning is not a day", code="period_reversed")
    return Narrowing(
        months=months,
        kinds=frozenset(Kind(kind) for kind in choices.kinds),
        without=without_fields(choices.removed),
        grains=grains,
        data_from=choices.data_from or None,
    )


def _given(waiting: Pending, choices: Choices, mandate: Mandate | None, now: datetime) -> Clause:
    """What these choices give. Until a duration is chosen, the longest that may be given.

    Raises ``BadChoice`` or ``BeyondMandate``.
    """
    longest = choices.duration or str(DURATIONS_MONTHS[-1])
    given = narrowed(waiting.clause, _narrowing(replace(choices, duration=longest)), now)
    return ended_with(mandate, given)


def _previewed(reader: Reader, waiting: Pending, given: Clause) -> tuple[PreviewPart, ...]:
    return preview(given, waiting.use, lambda kind: (stored.record for stored in reader.records(kind)))


def _page(
    request: Request,
    cockpit: Cockpit,
    visit: Visit,
    reader: Reader,
    waiting: Pending,
    choices: Choices,
    fault: str = "",
) -> RequestPage:
    language, now = language_of(request), cockpit.clock()
    asked = render_notice(waiting.clause, waiting.use, waiting.service, cockpit.kind_words, language)
    notice, preview_fault = asked, ""
    leaving: tuple[Leaving, ...] = ()
    given = waiting.clause
    try:
        given = _given(waiting, choices, visit.mandate, now)
        leaving = tuple(
            _leaving(cockpit, waiting, choices, part, language) for part in _previewed(reader, waiting, given)
        )
        if choices.any:
            notice = render_notice(given, waiting.use, waiting.service, cockpit.kind_words, language)
    except (BadChoice, BeyondMandate) as error:
        preview_fault = sentence_for(language, error)
    return RequestPage(
        pending=waiting,
        asked=asked,
        notice=notice,
        leaving=leaving,
        parts=part_choices(cockpit.registry, waiting.clause, waiting.use, language),
        durations=_durations(waiting, now.astimezone(PARIS).date()),
        choices=choices,
        fault=fault,
        preview_fault=preview_fault,
        joint=_joint_titles(cockpit, visit, given, language),
        against=_against(cockpit, visit, reader, waiting, given, language),
        beyond=_beyond(visit, given, language),
        contact=waiting.service.contact,
        legal_basis=waiting.use.legal_basis,
        basis=basis_words(waiting.use.legal_basis).in_language(language),
        withdrawal=waiting.use.withdrawal.in_language(language),
    )


def _against(
    cockpit: Cockpit, visit: Visit, reader: Reader, waiting: Pending, given: Clause, language: str
) -> tuple[str, ...]:
    """The person's own rules that would stop reads under these terms, in their words."""
    rules = rules_of(reader)
    if not rules:
        return ()
    consent = Consent(ConsentId("asked"), visit.person, given, ConsentStatus.GIVEN, 1)
    ready = candidate(consent, recipient(waiting.service, given.use, given.use_version))
    now = instant(cockpit.clock())
    reads = [
        (ready, ReadRequest(given.service, part.kind, (), None, None, None, now, 0, visit.person))
        for part in given.inputs
    ]
    stopped = against(rules, reads, cockpit.policies.entities)
    return tuple(rule_sentence(cockpit.registry, language, rule) for rule in rules if rule.id in stopped)


def _beyond(visit: Visit, given: Clause, language: str) -> str:
    try:
        check_yes(visit.mandate, given)
    except BeyondMandate as error:
        return sentence_for(language, error)
    return ""


def _joint_titles(cockpit: Cockpit, visit: Visit, given: Clause, language: str) -> tuple[str, ...]:
    kinds = joint(cockpit, unlocked(visit), given)
    return tuple(cockpit.registry.kinds[kind].title.in_language(language) for kind in kinds)


def _durations(waiting: Pending, today: date) -> tuple[Duration, ...]:
    """The durations the request leaves room for, shortest first; a request for one reading has none."""
    if waiting.clause.mode is AccessMode.ONCE:
        return ()
    last = waiting.clause.expires[:10]
    offered = []
    for months in DURATIONS_MONTHS:
        ends = add_months(today, months).isoformat()
        offered.append(Duration(str(months), months, min(ends, last)))
        if ends >= last:
            break
    return tuple(offered)


def _leaving(cockpit: Cockpit, waiting: Pending, choices: Choices, part: PreviewPart, language: str) -> Leaving:
    title = cockpit.registry.kinds[part.kind].title.in_language(language)
    asked = [
        ("client_id", waiting.service.id),
        ("request_uri", waiting.request_uri),
        ("duree", choices.duration),
        *(("partie", kind) for kind in sorted(choices.kinds)),
        *(("retirer", field) for field in sorted(choices.removed)),
        *((f"grain.{kind}", grain) for kind, grain in choices.grains if grain),
        ("depuis", choices.data_from),
        ("kind", part.kind),
    ]
    whole = "/demande/octets?" + urlencode([(name, value) for name, value in asked if value])
    return Leaving(part, title, part.body[:MOST_SHOWN], len(part.body.encode()), whole)
