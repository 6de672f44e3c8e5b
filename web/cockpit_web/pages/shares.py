"""My shares: who may see what and until when, what has left so far, and stopping in one click."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.shares import Share, share, shares
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.notice import LabelLine
from cockpit.domain.ids import ConsentId
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, for_signed_in, reading

router = APIRouter()

_TITLE_LINES = 2
_LABEL_LINES = 7


@dataclass(frozen=True, slots=True)
class SharesPage:
    """What the page shows. ``titles`` gives each use its title; ``stopped`` says that one was just stopped."""

    running: tuple[Share, ...]
    ended: tuple[Share, ...]
    titles: dict[str, str]
    kinds: dict[str, str]
    stopped: bool


@dataclass(frozen=True, slots=True)
class SharePage:
    """One share. ``label`` is the seven lines exactly as they were shown; ``receipts`` are JSON, oldest first."""

    share: Share
    title: str
    label: tuple[LabelLine, ...]
    receipts: tuple[str, ...]
    running: bool


@router.get("/partages")
def show_shares(request: Request, cockpit: Core, visit: Visitor, arrete: str = "") -> Response:
    """Every share, running first."""
    language = language_of(request)
    with reading(cockpit, visit) as reader:
        found = shares(cockpit, reader)
    page = SharesPage(
        running=tuple(one for one in found if one.status.live),
        ended=tuple(one for one in found if not one.status.live),
        titles={one.use: _title(cockpit, one.use, language) for one in found},
        kinds={str(kind): sheet.title.in_language(language) for kind, sheet in cockpit.registry.kinds.items()},
        stopped=arrete == "1",
    )
    return render(request, "shares/page.html", page, room="shares")


@router.get("/partages/{consent}")
def show_share(request: Request, cockpit: Core, visit: Visitor, consent: str) -> Response:
    """One share with its label and receipts. Raises ``NotFound``."""
    with reading(cockpit, visit) as reader:
        found = share(cockpit, reader, ConsentId(consent))
    page = SharePage(
        share=found,
        title=_title(cockpit, found.use, language_of(request)),
        label=_label(found.notice_text),
        receipts=tuple(json.dumps(receipt, ensure_ascii=False, indent=2) for receipt in found.receipts),
        running=found.status.live,
    )
    return render(request, "shares/one.html", page, room="shares")


@router.post("/partages/{consent}/arreter")
@for_signed_in
def stop(cockpit: Core, visit: Visitor, consent: str) -> Response:
    """Stop a share at once, locked or not, with no reason asked (GDPR art. 7(3)). Raises ``NotFound``."""
    withdraw_consent(cockpit, visit.person, ConsentId(consent))
    return RedirectResponse("/partages?arrete=1", 303)


def _title(cockpit: Cockpit, reference: str, language: str) -> str:
    use = cockpit.registry.use(reference)
    return use.title.in_language(language) if use else reference


def _label(notice_text: str) -> tuple[LabelLine, ...]:
    """The seven lines of the text that was shown: a question up to its mark, then its answer."""
    lines = notice_text.split("\n")[_TITLE_LINES : _TITLE_LINES + _LABEL_LINES]
    parts = (line.partition("?") for line in lines)
    return tuple(LabelLine(f"{question}?", answer.strip()) for question, _, answer in parts)
