"""The rules a well-formed use or kind must keep: each finds every place where it is broken."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from cockpit.domain.ids import Kind
from cockpit.domain.place import EU
from cockpit.domain.use import AccessMode, Actor, Automation, Use, Words
from cockpit.registry.documents import Finding
from cockpit.registry.sheets import KindSheet
from cockpit.registry.vocabulary import LEGAL_BASES, SPECIAL_BASES, is_special, of_scheme, too_wide

Kinds = Mapping[Kind, KindSheet]
MAX_TITLE, MAX_TEXT, MIN_LOGIC = 80, 400, 60
"""Longest title, longest text, and shortest account of a machine that decides, in characters."""

DUTIES = {
    ("erase", "withdrawal"): 30,
    ("erase", "retention-ended"): 30,
    ("acknowledge", "received"): 30,
    ("tell-of-breach", "breach"): 3,
    ("review-by-a-person", "decision-contested"): 30,
    ("tell-of-outcome", "decision"): 90,
}
"""What a recipient may be bound to, and within how many days at most (a breach: 72 hours, as in GDPR art. 33)."""

ALWAYS_DUE = (("erase", "withdrawal"), ("acknowledge", "received"), ("tell-of-breach", "breach"))
_PLACES = EU | {"EU", "IS", "LI", "NO"}


def _texts(value: object, key: str = "") -> Iterator[tuple[str, Words]]:
    if isinstance(value, Words):
        yield key, value
    elif isinstance(value, tuple):
        for place, part in enumerate(value):
            yield from _texts(part, f"{key}[{place}]")
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, f"{key}.{name}")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name), f"{key}.{field.name}" if key else field.name)


def _plain(holder: object) -> Iterator[Finding]:
    for key, words in _texts(holder):
        longest = MAX_TITLE if key.split(".")[0] in {"title", "fields"} else MAX_TEXT
        for language, text in (("fr", words.fr), ("en", words.en)):
            where = f"{key}.{language}"
            if not text.strip():
                yield where, "empty", "write the text in this language"
            elif len(text) > longest:
                yield where, f"{len(text)} characters", f"say it in {longest}"
            elif text != " ".join(text.split()):
                yield where, "spaces at an end, doubled, or a line break", "write one line with single spaces"


def _translated(use: Use) -> Iterator[Finding]:
    for key, words in _texts(use):
        if words.fr == words.en:
            yield key, "the same text in both languages", "translate it"


def _terms(use: Use) -> Iterator[Finding]:
    for key, scheme in (("purposes", "purposes"), ("operations", "processing")):
        terms: tuple[str, ...] = getattr(use, key)
        if not terms or len(set(terms)) < len(terms):
            yield key, "empty, or a term twice", "name at least one term, each once"
        for term in terms:
            wide = too_wide(term)
            if wide:
                yield key, f"{term} says nothing specific: {wide}", "name a narrower term"
            elif term not in of_scheme(scheme):
                yield key, f"{term} is not in the vocabulary", f"name a term of its scheme {scheme}"


def _bases(use: Use, kinds: Kinds) -> Iterator[Finding]:
    if use.legal_basis not in LEGAL_BASES:
        yield "legal_basis", "not a legal basis of GDPR art. 6(1)", "name one, such as …gdpr#A6-1-a"
    special = sorted(part.kind for part in use.inputs if part.kind in kinds and is_special(kinds[part.kind].dpv))
    if special and use.special_basis not in SPECIAL_BASES:
        yield "special_basis", f"{', '.join(special)}: a special category", "name a basis of art. 9(2): …gdpr#A9-2-a"
    if not special and use.special_basis:
        yield "special_basis", "no input is of a special category", 'write ""'


def _inputs(use: Use, kinds: Kinds) -> Iterator[Finding]:
    if not use.inputs or not any(part.required for part in use.inputs):
        yield "inputs", "nothing is required", "name what the use cannot do without"
    for place, part in enumerate(use.inputs):
        key, sheet = f"inputs[{place}]", kinds.get(part.kind)
        if [other.kind for other in use.inputs].index(part.kind) < place:
            yield f"{key}.kind", f"{part.kind} twice", "name each kind once"
        if sheet is None:
            yield f"{key}.kind", f"{part.kind} is not a kind", "name one of policies/kinds"
            continue
        unknown = sorted(set(part.fields) - set(sheet.fields))
        if unknown or not part.fields or len(set(part.fields)) < len(part.fields):
            said = f"not fields of {part.kind}: {', '.join(unknown)}" if unknown else "empty, or a field twice"
            yield f"{key}.fields", said, f"choose among {', '.join(sheet.fields)}"
        if set(part.fields) & set(sheet.joint_when) and not use.joint and use.actor is Actor.RECIPIENT:
            yield "joint", f"{part.kind} is asked with fields about another adult", "write true, or leave them out"
        if part.grain not in sheet.grains:
            yield f"{key}.grain", f"{part.kind} is not given by {part.grain}", f"choose among {', '.join(sheet.grains)}"


def _bounds(use: Use) -> Iterator[Finding]:
    inside = use.actor is Actor.INSIDE
    for key, low, high in (
        ("version", 1, 999),
        ("max_period_months", 1, 120),
        ("max_duration_months", 1, 36),
        ("max_retention_months", 0 if inside else 1, 120),
        ("max_per_day", 1, 1000 if inside else 24),
    ):
        if not low <= getattr(use, key) <= high:
            yield key, f"{getattr(use, key)} is out of bounds", f"write a number from {low} to {high}"
    if not use.access or len(set(use.access)) < len(use.access):
        yield "access", "empty, or a mode twice", "list once, recurring, or both"
    if use.access == (AccessMode.ONCE,) and use.max_per_day > 1 and not inside:
        yield "max_per_day", "more than one reading, for an access once only", "write 1"


def _places(use: Use) -> Iterator[Finding]:
    if not use.places or not set(use.places) <= _PLACES:
        yield "places", "empty, or outside the European Economic Area", "list ISO 3166-1 codes of it, or EU"
    if use.jurisdiction not in EU or not use.authority.strip():
        yield "jurisdiction", "not a member state, or no authority", "write for example FR, and CNIL"
    for category in use.onward_to:
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", category):
            yield "onward_to", f"{category!r} is not a category of recipients", "write words in lower case and hyphens"


def _machine(use: Use) -> Iterator[Finding]:
    if use.automation is not Automation.DECIDES:
        return
    for language in ("fr", "en"):
        if len(use.automation_words.in_language(language)) < MIN_LOGIC:
            yield f"automation_words.{language}", "a machine decides, and its logic is not told", "say how it decides"
        if len(use.risks.in_language(language)) < MIN_LOGIC:
            yield f"risks.{language}", "a machine decides, and the risk is not told", "say what a wrong decision costs"
    if not any(duty.action == "review-by-a-person" for duty in use.obligations):
        yield "obligations", "a machine decides, and nobody reviews it", "add review-by-a-person (GDPR art. 22(3))"


def _duties(use: Use) -> Iterator[Finding]:
    said = Counter((duty.action, duty.trigger) for duty in use.obligations)
    for place, duty in enumerate(use.obligations):
        longest = DUTIES.get((duty.action, duty.trigger))
        if longest is None or said[duty.action, duty.trigger] > 1:
            pairs = ", ".join(f"{action} on {trigger}" for action, trigger in DUTIES)
            yield f"obligations[{place}]", "not a duty we know, or twice", f"choose among {pairs}"
        elif not 1 <= duty.days <= longest:
            yield f"obligations[{place}].days", f"{duty.days} days", f"write 1 to {longest}"
        if not duty.evidence.strip():
            yield f"obligations[{place}].evidence", "empty", "say what shows that it was done"
    if use.actor is Actor.INSIDE:
        if use.obligations or use.onward_to:
            yield "obligations", "the cockpit gives nothing to anybody", "write [] here and in onward_to"
        return
    for action, trigger in ALWAYS_DUE:
        if (action, trigger) not in said and not (action == "erase" and not use.refusable):
            yield "obligations", f"no duty to {action} on {trigger}", "add it"


RULES: tuple[Callable[[Use], Iterator[Finding]], ...] = (
    _plain, _translated, _terms, _bounds, _places, _machine, _duties,
)  # fmt: skip


def use_findings(use: Use, kinds: Kinds) -> Iterator[Finding]:
    """Everything that is wrong in a use whose shape is right."""
    for rule in RULES:
        yield from rule(use)
    yield from _bases(use, kinds)
    yield from _inputs(use, kinds)


def kind_findings(sheet: KindSheet) -> Iterator[Finding]:
    """Everything that is wrong in a kind whose shape is right."""
    yield from ((f"{sheet.id}.{key}", says, instead) for key, says, instead in _plain(sheet))
    if not re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", sheet.id):
        yield sheet.id, "not the name of a kind", "write collection.kind in lower case"
    wide = too_wide(sheet.dpv)
    if wide or sheet.dpv not in of_scheme("pd"):
        yield f"{sheet.id}.dpv", f"{sheet.dpv} is too wide or not in the vocabulary", "name a category of the DPV"
    if sheet.sensitivity not in {"low", "medium", "high"}:
        yield f"{sheet.id}.sensitivity", sheet.sensitivity, "write low, medium or high"
    if not sheet.fields or not sheet.grains or not set(sheet.joint_when) <= set(sheet.fields):
        yield (
            sheet.id,
            "no field, no grain, or joint_when names no field",
            "name fields and grains",
        )
