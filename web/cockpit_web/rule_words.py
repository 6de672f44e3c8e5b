"""A person's own rules, each in one sentence."""

from __future__ import annotations

from cockpit.consent.standing import (
    KeepIn,
    NeverAutomated,
    NeverPassOn,
    NeverShare,
    QuietHours,
    StandingRule,
    TellAbove,
)
from cockpit.domain.ids import Kind
from cockpit.registry import Registry
from cockpit_web.languages import marked, translate


def rule_sentence(registry: Registry, language: str, rule: StandingRule) -> str:
    """The rule as its person would say it."""
    match rule:
        case NeverShare(category=category):
            sheet = registry.kinds.get(Kind(category))
            what = sheet.title.in_language(language) if sheet else category
            return translate(language, marked("Ne jamais partager : %(what)s")) % {"what": what}
        case KeepIn():
            return translate(language, marked("Seulement aux services qui gardent mes données dans l'Union européenne"))
        case NeverPassOn():
            return translate(language, marked("Jamais à un service qui transmet mes données à d'autres"))
        case NeverAutomated():
            return translate(language, marked("Jamais à un service où une machine décide"))
        case QuietHours(begin=begin, end=end):
            return translate(language, marked("Aucune lecture de %(begin)s à %(end)s")) % {"begin": begin, "end": end}
        case TellAbove(reads=reads):
            words = marked("Me signaler dans l'historique au-delà de %(reads)s lectures par jour")
            return translate(language, words) % {"reads": reads}
