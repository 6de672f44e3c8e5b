"""My rules: set once, they win over every permission; each in one sentence, taken away in one click."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.set_rules import TooManyRules, set_rules
from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.errors import CitizenMustAct
from cockpit.grants.rules import rules_of
from cockpit_web.forms import Submitted, sentence_for, text
from cockpit_web.rule_words import rule_sentence
from cockpit_web.templating import language_of, render
from cockpit_web.visitor import Core, Visitor, reading

router = APIRouter()

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOST_READS = 1000


class BadRule(CitizenMustAct):
    """What was chosen makes no rule; nothing was changed."""

    code = "bad_rule"


@dataclass(frozen=True, slots=True)
class RulesPage:
    """What the page shows: each rule's id and sentence; the kinds to choose from, by title."""

    rules: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    fault: str = ""


@router.get("/regles")
def show_rules(request: Request, cockpit: Core, visit: Visitor) -> Response:
    """The rules in force, and the forms for more."""
    return _page(request, cockpit, visit)


@router.post("/regles/ajouter")
def add_rule(request: Request, cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """One rule more; the same rule twice is one."""
    try:
        rules, rule = _rules(cockpit, visit), _rule(cockpit, form)
        if rule_sentence(cockpit.registry, "fr", rule) not in {
            rule_sentence(cockpit.registry, "fr", known) for known in rules
        }:
            set_rules(cockpit, visit, [*rules, rule])
    except (BadRule, TooManyRules) as error:
        return _page(request, cockpit, visit, sentence_for(language_of(request), error), 422)
    return RedirectResponse("/regles", 303)


@router.post("/regles/retirer")
def remove_rule(cockpit: Core, visit: Visitor, form: Submitted) -> Response:
    """One rule less; taking away what is not there is no error."""
    rules = _rules(cockpit, visit)
    kept = [rule for rule in rules if rule.id != text(form, "id")]
    if len(kept) < len(rules):
        set_rules(cockpit, visit, kept)
    return RedirectResponse("/regles", 303)


def _rules(cockpit: Cockpit, visit: Visit) -> tuple[StandingRule, ...]:
    with reading(cockpit, visit) as reader:
        return rules_of(reader)


def _rule(cockpit: Cockpit, form: FormData) -> StandingRule:
    name, kind = uuid.uuid4().hex[:12], text(form, "donnee")
    begin, end, reads = text(form, "de"), text(form, "a"), text(form, "lectures")
    match text(form, "regle"):
        case "jamais" if kind in cockpit.registry.kinds:
            return NeverShare(id=name, category=kind)
        case "europe":
            return KeepIn(id=name, places=("EU",))
        case "transmettre":
            return NeverPassOn(id=name)
        case "machine":
            return NeverAutomated(id=name)
        case "heures" if _TIME.fullmatch(begin) and _TIME.fullmatch(end) and begin != end:
            return QuietHours(id=name, begin=begin, end=end)
        case "prevenir" if reads.isascii() and reads.isdigit() and 0 < int(reads[:5]) <= _MOST_READS:
            return TellAbove(id=name, reads=int(reads))
    raise BadRule("this makes no rule: choose what it is about")


def _page(request: Request, cockpit: Cockpit, visit: Visit, fault: str = "", status: int = 200) -> Response:
    language = language_of(request)
    rules = tuple((rule.id, rule_sentence(cockpit.registry, language, rule)) for rule in _rules(cockpit, visit))
    kinds = sorted((sheet.title.in_language(language), str(kind)) for kind, sheet in cockpit.registry.kinds.items())
    page = RulesPage(rules, tuple((kind, title) for title, kind in kinds), fault)
    return render(request, "rules/page.html", page, room="settings", status=status)
