"""My shares: who may see what and until when, what has left so far, and every way to give less or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.narrow_consent import narrow_consent
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.renew_consent import renew_consent
from cockpit.acts.resume_consent import resume_consent
from cockpit.acts.review_consent import review_consent
from cockpit.acts.shares import Duty, Share, share, shares
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.duties import DutyState
from cockpit.consent.lifecycle import Change, ChangeNotPossible, possible
from cockpit.consent.mandates import BeyondMandate
from cockpit.consent.narrowing import DURATIONS_MONTHS, BadChoice
from cockpit.consent.notice import LabelLine
from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.ids import ConsentId
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.narrowing_form import PartChoice, narrowing_of, part_choices
from cockpit_web.share_words import DONE, DUTY_WORDS, EVENT_WORDS, STATUS_WORDS, duty_sentence, reminder_sentence
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, for_signed_in, reading

router = APIRouter()

_TITLE_LINES = 2
_LABEL_LINES = 7


@dataclass(frozen=True, slots=True)
class Shown:
    """One share on the list. ``reminder`` is a sentence to tell today, or empty."""

    share: Share
    title: str
    status: str
    reminder: str


@dataclass(frozen=True, slots=True)
class SharesPage:
    """What the page shows: what runs, sleeps or is suspended; what waits for a decision; what is over."""

    running: tuple[Shown, ...]
    waiting: tuple[Shown, ...]
    ended: tuple[Shown, ...]
    kinds: dict[str, str]
    done: str


@dataclass(frozen=True, slots=True)
class DutyTold:
    """What the service owes: after which change, to do what, and how that stands; ``late`` while it is overdue."""

    number: int
    event: str
    at: str
    action: str
    sentence: str
    late: bool


@dataclass(frozen=True, slots=True)
class SharePage:
    """One share. ``label`` is the seven lines exactly as they were shown.

    ``receipts`` are what each is of, and when, oldest first: number 1 is the first. ``duties`` are what
    the service owes, each since one of them. ``may`` are the changes that can be
    made now; ``months`` the durations a renewal may choose.
    """

    share: Share
    title: str
    status: str
    reminder: str
    label: tuple[LabelLine, ...]
    receipts: tuple[tuple[str, str], ...]
    duties: tuple[DutyTold, ...]
    may: frozenset[str]
    months: tuple[int, ...]
    done: str
    fault: str


@dataclass(frozen=True, slots=True)
class NarrowPage:
    """Giving less: what is given now, each part with the choices that would take something away."""

    share: Share
    title: str
    parts: tuple[PartChoice, ...]
    fault: str


@router.get("/partages")
def show_shares(request: Request, cockpit: Core, visit: Visitor, fait: str = "") -> Response:
    """Every share, running first. ``fait`` names what was just done."""
    language = language_of(request)
    with reading(cockpit, visit) as reader:
        found = [_shown(cockpit, one, language) for one in shares(cockpit, reader)]
    waits = ConsentStatus.DEFERRED
    page = SharesPage(
        running=tuple(one for one in found if not one.share.status.final and one.share.status is not waits),
        waiting=tuple(one for one in found if one.share.status is waits),
        ended=tuple(one for one in found if one.share.status.final),
        kinds={str(kind): sheet.title.in_language(language) for kind, sheet in cockpit.registry.kinds.items()},
        done=DONE.get(fait, ""),
    )
    return render(request, "shares/page.html", page, room="shares")


@router.get("/partages/{consent}")
def show_share(request: Request, cockpit: Core, visit: Visitor, consent: str, fait: str = "") -> Response:
    """One share with its label and receipts. Raises ``NotFound``."""
    return _one(request, cockpit, visit, ConsentId(consent), DONE.get(fait, ""))


@router.get("/partages/{consent}/reduire")
def choose_less(request: Request, cockpit: Core, visit: Visitor, consent: str) -> Response:
    """What may be taken away. Raises ``NotFound``, ``ChangeNotPossible``."""
    return _narrow_page(request, cockpit, visit, ConsentId(consent))


@router.post("/partages/{consent}/reduire")
def give_less(request: Request, cockpit: Core, visit: Visitor, consent: str, form: Submitted) -> Response:
    """Give less from now on. Raises ``NotFound``, ``ChangeNotPossible``."""
    try:
        narrow_consent(cockpit, visit, ConsentId(consent), narrowing_of(form))
    except BadChoice as error:
        return _narrow_page(request, cockpit, visit, ConsentId(consent), sentence_for(language_of(request), error), 422)
    return RedirectResponse(f"/partages/{consent}?fait=reduit", 303)


@router.post("/partages/{consent}/arreter")
@for_signed_in
def stop(cockpit: Core, visit: Visitor, consent: str) -> Response:
    """Stop a share at once, locked or not, with no reason asked (GDPR art. 7(3)). Raises ``NotFound``."""
    withdraw_consent(cockpit, visit.person, ConsentId(consent), visit.mandate, visit.authentication)
    return RedirectResponse("/partages?fait=arrete", 303)


@router.post("/partages/{consent}/pause")
@for_signed_in
def pause(cockpit: Core, visit: Visitor, consent: str) -> Response:
    """Let a share sleep, locked or not. Raises ``NotFound``, ``ChangeNotPossible``."""
    pause_consent(cockpit, visit.person, ConsentId(consent), visit.mandate, visit.authentication)
    return RedirectResponse("/partages?fait=pause", 303)


@router.post("/partages/{consent}/reprendre")
def resume(request: Request, cockpit: Core, visit: Visitor, consent: str) -> Response:
    """Let the service read again, without what is dated in the pause. Raises ``NotFound``."""
    return _changed(
        request, cockpit, visit, consent, "repris", lambda: resume_consent(cockpit, visit, ConsentId(consent))
    )


@router.post("/partages/{consent}/prolonger")
def renew(request: Request, cockpit: Core, visit: Visitor, consent: str, form: Submitted) -> Response:
    """Let it last longer, or lift a suspension. Raises ``NotFound``."""
    chosen = text(form, "duree")
    months = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) <= 2 else 0
    act = lambda: renew_consent(cockpit, visit, ConsentId(consent), months)  # noqa: E731 - one sentence
    return _changed(request, cockpit, visit, consent, "prolonge", act)


@router.post("/partages/{consent}/garder")
def keep(request: Request, cockpit: Core, visit: Visitor, consent: str) -> Response:
    """Note that the share was looked at again and stays. Raises ``NotFound``."""
    by = visit.mandate, visit.authentication
    act = lambda: review_consent(cockpit, visit.person, ConsentId(consent), *by)  # noqa: E731 - one sentence
    return _changed(request, cockpit, visit, consent, "garde", act)


def _changed(
    request: Request, cockpit: Cockpit, visit: Visit, consent: str, done: str, act: Callable[[], None]
) -> Response:
    try:
        act()
    except (BadChoice, BeyondMandate, ChangeNotPossible) as error:
        fault = sentence_for(language_of(request), error)
        return _one(request, cockpit, visit, ConsentId(consent), "", fault, status=422)
    return RedirectResponse(f"/partages/{consent}?fait={done}", 303)


def _one(
    request: Request,
    cockpit: Cockpit,
    visit: Visit,
    consent: ConsentId,
    done: str = "",
    fault: str = "",
    status: int = 200,
) -> Response:
    language = language_of(request)
    with reading(cockpit, visit) as reader:
        found = share(cockpit, reader, consent)
    shown = _shown(cockpit, found, language)
    use = cockpit.registry.use(found.use)
    page = SharePage(
        share=found,
        title=shown.title,
        status=shown.status,
        reminder=shown.reminder,
        label=_label(found.notice_text),
        receipts=tuple((EVENT_WORDS[event], at) for event, at in found.events),
        duties=tuple(_told(duty, language) for duty in found.duties),
        may=_may(found),
        months=tuple(months for months in DURATIONS_MONTHS if use and months <= use.max_duration_months),
        done=done,
        fault=fault,
    )
    return render(request, "shares/one.html", page, room="shares", status=status)


def _told(duty: Duty, language: str) -> DutyTold:
    late = duty.standing.state is DutyState.LATE
    words, sentence = EVENT_WORDS[duty.event], duty_sentence(language, duty)
    return DutyTold(duty.number, words, duty.at, DUTY_WORDS[duty.action], sentence, late)


def _may(found: Share) -> frozenset[str]:
    """The changes on offer: what the life of a consent allows, without renewing what was for one reading."""
    may = {change.value for change in possible(found.status)}
    if found.status is ConsentStatus.DEFERRED:
        return frozenset()
    if found.asked_by:
        return frozenset({Change.WITHDRAW.value} & may)
    if found.clause.mode is AccessMode.ONCE:
        may -= {Change.RENEW.value, Change.RECONFIRM.value, Change.PAUSE.value}
    return frozenset(may)


def _narrow_page(
    request: Request, cockpit: Cockpit, visit: Visit, consent: ConsentId, fault: str = "", status: int = 200
) -> Response:
    language = language_of(request)
    with reading(cockpit, visit) as reader:
        found = share(cockpit, reader, consent)
    if Change.NARROW not in possible(found.status):
        raise ChangeNotPossible("only a running consent is narrowed", status=found.status.value)
    parts = part_choices(cockpit.registry, found.clause, cockpit.registry.use(found.use), language)
    page = NarrowPage(found, _title(cockpit, found.use, language), parts, fault)
    return render(request, "shares/narrow.html", page, room="shares", status=status)


def _shown(cockpit: Cockpit, found: Share, language: str) -> Shown:
    sentence = reminder_sentence(language, found)
    return Shown(found, _title(cockpit, found.use, language), STATUS_WORDS[found.status], sentence)


def _title(cockpit: Cockpit, reference: str, language: str) -> str:
    use = cockpit.registry.use(reference)
    return use.title.in_language(language) if use else reference


def _label(notice_text: str) -> tuple[LabelLine, ...]:
    """The seven lines of the text that was shown: a question up to its mark, then its answer."""
    lines = notice_text.split("\n")[_TITLE_LINES : _TITLE_LINES + _LABEL_LINES]
    parts = (line.partition("?") for line in lines)
    return tuple(LabelLine(f"{question}?", answer.strip()) for question, _, answer in parts)
