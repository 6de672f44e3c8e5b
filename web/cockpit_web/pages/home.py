"""The start page: what the cockpit is, or, for somebody signed in, whether all is well and what there is to do."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import HistoryLine, Verb, history
from cockpit.acts.shares import Share, shares
from cockpit.consent.reminders import Remind
from cockpit.domain.moment import PARIS
from cockpit.domain.record import Verification
from cockpit.store.space import Reader
from cockpit.uses.deadlines import Deadline, bills_due
from cockpit_web.families import FAMILIES, FamilyCount, family_counts, papers
from cockpit_web.history_words import Teller, Told
from cockpit_web.share_words import reminder_sentence
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, MaybeVisitor, UnlockFirst, for_anyone, reading

router = APIRouter()

SOON_DAYS = 14
MOST_TO_DO = 3
LAST_ACCESSES = 3
_TO_DO = {Remind.SUSPENDED, Remind.ENDS_THIS_WEEK, Remind.WAITS, Remind.UNUSED, Remind.REVIEW}
_ACCESSES = {Verb.READ, Verb.WAS_REFUSED}


@dataclass(frozen=True, slots=True)
class Home:
    """What the start page of an open space shows.

    ``bills``, ``false_papers`` and ``shares`` (each with a sentence) are the things to do, at most three in all;
    ``told`` is the newest accesses in words.
    """

    name: str
    families: tuple[FamilyCount, ...]
    running: int
    bills: tuple[Deadline, ...]
    false_papers: int
    shares: tuple[tuple[Share, str], ...]
    told: tuple[Told, ...]
    empty: bool

    @property
    def to_do(self) -> int:
        """How many things there are to do."""
        return len(self.bills) + len(self.shares) + (1 if self.false_papers or self.empty else 0)


@router.get("/")
@for_anyone
def start(request: Request, cockpit: Core, visit: MaybeVisitor) -> Response:
    """The welcome page, or the person's own start page."""
    if visit is None:
        return render(request, "home/welcome.html")
    if visit.keyring is None:
        raise UnlockFirst
    with reading(cockpit, visit) as reader:
        page = _home(cockpit, reader, visit.name, language_of(request))
    return render(request, "home/page.html", page, room="home")


def _home(cockpit: Cockpit, reader: Reader, name: str, language: str) -> Home:
    today = cockpit.clock().astimezone(PARIS).date()
    families = family_counts(reader)
    known = shares(cockpit, reader)
    invoices = reader.records(FAMILIES["factures"].kinds[0])
    bills = bills_due(invoices, today, SOON_DAYS)[:MOST_TO_DO]
    false_papers = sum(stored.record.provenance.verification is Verification.INVALID for stored in papers(reader))
    room_left = MOST_TO_DO - len(bills) - (1 if false_papers else 0)
    lines = history(reader)
    return Home(
        name=name,
        families=families,
        running=sum(share.status.live for share in known),
        bills=bills,
        false_papers=false_papers,
        shares=_to_think_of(known, language)[: max(0, room_left)],
        told=_told(cockpit, lines, language),
        empty=not any(family.records for family in families),
    )


def _to_think_of(known: tuple[Share, ...], language: str) -> tuple[tuple[Share, str], ...]:
    """The shares with something to say of them today, the most urgent first."""
    urgency = list(Remind)
    found = [share for share in known if share.reminder in _TO_DO]
    found.sort(key=lambda share: urgency.index(share.reminder or Remind.PAUSED))
    return tuple((share, reminder_sentence(language, share)) for share in found)


def _told(cockpit: Cockpit, lines: tuple[HistoryLine, ...], language: str) -> tuple[Told, ...]:
    teller = Teller(cockpit, lines, language)
    # The same access many times is one thing to know: the newest stands for the others of its day.
    distinct = {
        (line.verb, line.service, line.kinds, line.consent, line.at[:10]): line
        for line in reversed(lines)
        if line.verb in _ACCESSES
    }
    newest = sorted(distinct.values(), key=lambda line: line.number, reverse=True)
    return tuple(teller.told(line) for line in newest[:LAST_ACCESSES])
