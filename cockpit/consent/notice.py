"""The text presented: seven lines in a fixed order, rendered from the clause alone, hashed into the record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cockpit.domain.consent import AccessMode, Clause, ClauseInput
from cockpit.domain.ids import Kind
from cockpit.domain.service import Service
from cockpit.domain.use import Automation, EndAction, Grain, Source, Use, Words

KindWords = dict[Kind, tuple[Words, dict[str, Words]]]
"""For each kind, its title and its fields' labels."""

QUESTIONS = (
    Words("Qui demande ?", "Who asks?"),
    Words("Pour quoi faire ?", "What for?"),
    Words("Quelles données ?", "Which data?"),
    Words("Jusqu'à quand ?", "Until when?"),
    Words("Gardées combien de temps ?", "Kept how long?"),
    Words("Transmises ou vendues ?", "Passed on or sold?"),
    Words("Une machine décide-t-elle ?", "Does a machine decide?"),
)
"""The label's seven questions, in the one order they are ever shown."""

_GRAINS = {
    Grain.RAW: Words("telles quelles", "as they are"),
    Grain.DAY: Words("un total par jour", "one total a day"),
    Grain.MONTH: Words("un total par mois", "one total a month"),
    Grain.ANSWER: Words("une réponse, oui ou non", "an answer, yes or no"),
}


_SOURCES = {
    Source.OBSERVED: Words("mesurées ou délivrées par un organisme", "measured or issued by a body"),
    Source.VERIFIED: Words("dont la signature est vérifiée", "whose signature is verified"),
}


@dataclass(frozen=True, slots=True)
class LabelLine:
    """One question of the label and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is shown. ``text`` is the whole of it, one line after another; ``sha256`` is its hash."""

    language: str
    title: str
    promise: str
    lines: tuple[LabelLine, ...]
    risks: str
    text: str
    sha256: str


def render(clause: Clause, use: Use, service: Service, kinds: KindWords, language: str) -> Notice:
    """The notice of this clause in ``fr`` or ``en``. The same clause always gives the same bytes."""
    answers = (
        f"{service.name} ({service.contact})",
        use.purpose_words.in_language(language),
        " ".join(_part(part, use.source_of(part.kind), kinds, language) for part in clause.inputs)
        + " "
        + _period(clause, language),
        _until(clause, language),
        _kept(clause, language),
        _onward(clause, use, language),
        _automation(clause, use, language),
    )
    lines = tuple(
        LabelLine(question.in_language(language), answer) for question, answer in zip(QUESTIONS, answers, strict=True)
    )
    title = use.title.in_language(language)
    promise, risks = use.promise.in_language(language), use.risks.in_language(language)
    text = "\n".join([title, promise, *(f"{line.question} {line.answer}" for line in lines), risks])
    return Notice(language, title, promise, lines, risks, text, hashlib.sha256(text.encode()).hexdigest())


def day_in_words(day: str, language: str) -> str:
    """``2026-11-23`` as ``23/11/2026`` in French and ``23 November 2026`` in English."""
    year, month, number = day[:10].split("-")
    if language != "en":
        return f"{number}/{month}/{year}"
    return f"{int(number)} {_MONTHS[int(month) - 1]} {year}"


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _data(clause: Clause, use: Use, kinds: KindWords, language: str) -> str:
    parts = [_part(part, use.source_of(part.kind), kinds, language) for part in clause.inputs]
    return " ".join([*parts, _period(clause, language)])


def _part(part: ClauseInput, source: Source, kinds: KindWords, language: str) -> str:
    title, labels = kinds[part.kind]
    named = ", ".join(_inside(labels[name].in_language(language)) for name in part.fields)
    how = [_GRAINS[part.grain].in_language(language)]
    if source is not Source.ANY:
        how.append(_SOURCES[source].in_language(language))
    optional = "" if part.required else (" (facultatif)" if language != "en" else " (optional)")
    colon = ":" if language == "en" else " :"
    return f"{title.in_language(language)}{optional}, {', '.join(how)}{colon} {named}."


def _inside(label: str) -> str:
    """A label as it stands inside a sentence: its first letter small, an acronym left as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _period(clause: Clause, language: str) -> str:
    first, last = day_in_words(clause.data_from, language), day_in_words(clause.data_until, language)
    return f"Du {first} au {last}." if language != "en" else f"From {first} to {last}."


def _until(clause: Clause, language: str) -> str:
    day = day_in_words(clause.expires, language)
    if clause.mode is AccessMode.ONCE:
        return f"Une seule fois, avant le {day}." if language != "en" else f"Once only, before {day}."
    if language == "en":
        return f"Until {day}, at most {clause.max_per_day} times a day."
    return f"Jusqu'au {day}, au plus {clause.max_per_day} fois par jour."


def _kept(clause: Clause, language: str) -> str:
    months = int(clause.retention.strip("PM"))
    places = ", ".join(_PLACES.get(place, Words(place, place)).in_language(language) for place in clause.places)
    end = _ENDS[clause.end_action].in_language(language)
    if language == "en":
        return f"{months} month{'s' if months > 1 else ''}, then {end}. Where: {places}."
    return f"{months} mois, puis {end}. Où : {places}."


def _onward(clause: Clause, use: Use, language: str) -> str:
    fewer = use.onward_to and not clause.onward
    return _NO.in_language(language) if fewer else use.onward.in_language(language)


def _automation(clause: Clause, use: Use, language: str) -> str:
    lead = {
        Automation.NONE: _NO,
        Automation.ASSISTS: Words("Non, elle aide.", "No, it assists."),
        Automation.DECIDES: Words("Oui.", "Yes."),
    }[clause.automation].in_language(language)
    # What the use says of the machine is about the part it may take at most.
    return f"{lead} {use.automation_words.in_language(language)}" if clause.automation is use.automation else lead


_NO = Words("Non.", "No.")
_ENDS = {
    EndAction.ERASE: Words("effacées", "deleted"),
    EndAction.ANONYMISE: Words("rendues anonymes", "made anonymous"),
}
_PLACES = {"EU": Words("Union européenne", "European Union"), "FR": Words("France", "France")}
