"""The printed page says what the screen said, in both languages, and fits one sheet of A4."""

from __future__ import annotations

import io
from dataclasses import replace

import pypdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from cockpit.consent.notice import render
from cockpit.consent.record.build import last_version, short_record
from cockpit.consent.record.form import record_sha256
from cockpit.consent.record.page import TITLES, RecordPage, Shown, page_of
from cockpit.domain.consent import ClauseInput, ConsentStatus
from cockpit.domain.consent_record import Actor, ActorRole
from cockpit.domain.use import Automation, Grain
from tests.consent.records import GIVEN, KINDS, record, transition
from tests.consent.worlds import INVOICE, REGISTRY, SERIES, SERVICE, USE, clause

SHOWN = Shown(USE, KINDS.words, SERVICE.name)
PLACE = ("cockpit.example/log", 41)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("state", list(ConsentStatus))
def test_every_state_has_a_page_with_the_sentences_of_the_screen(state: ConsentStatus, language: str) -> None:
    made = record(step=transition(state), language=language)
    page = page_of(made, SHOWN, language, PLACE)
    notice = render(clause(), USE, SERVICE, KINDS.words, language)
    assert page.title == TITLES[state].in_language(language)
    assert page.use == notice.title
    assert set(notice.lines) <= set(page.lines)
    assert all(line.question and line.answer and "{}" not in line.answer for line in page.lines + page.numbers)


def test_the_numbers_to_quote_are_on_it() -> None:
    made = record(step=transition(ConsentStatus.RENEWED, last=last_version(record())))
    page = page_of(made, SHOWN, "fr", PLACE)
    told = " ".join(line.answer for line in page.numbers)
    assert all(number in told for number in (made.id, "version 2", record_sha256(made), made.replaces, "n° 41"))


def test_how_to_withdraw_is_told_as_long_as_there_is_something_to_withdraw() -> None:
    def how(state: ConsentStatus) -> bool:
        page = page_of(record(step=transition(state)), SHOWN, "fr", PLACE)
        return any("sans donner de raison : https://cockpit.example/partages" in line.answer for line in page.lines)

    assert {state for state in ConsentStatus if not how(state)} == {s for s in ConsentStatus if s.final}


def test_a_refusal_says_that_nothing_left() -> None:
    page = page_of(record(step=transition(ConsentStatus.REFUSED)), SHOWN, "fr", PLACE)
    assert page.lines[0].answer == "Refusé le 23/11/2026. Rien n'a été transmis."


def test_a_day_is_that_of_paris() -> None:
    page = page_of(record(step=replace(GIVEN, at="2026-11-23T23:30:00Z")), SHOWN, "en", PLACE)
    assert page.lines[0].answer == "Given on 24 November 2026."


def test_a_withdrawal_in_a_locked_space_names_the_terms_by_their_hash() -> None:
    made = record()
    short = short_record(
        transition(ConsentStatus.WITHDRAWN, last=last_version(made)), made.service, made.use, made.clause_sha256
    )
    alone = page_of(short, SHOWN, "fr", PLACE)
    assert any(made.clause_sha256 in line.answer for line in alone.lines)
    assert any(line.answer == "Coach énergie (c_coach)" for line in alone.lines)
    assert made.replaces == "" and any(line.answer == record_sha256(made) for line in alone.numbers)
    whole = page_of(short, SHOWN, "fr", PLACE, made)
    assert set(render(clause(), USE, SERVICE, KINDS.words, "fr").lines) <= set(whole.lines)


def test_the_right_to_a_human_is_told_when_a_machine_decides() -> None:
    use = replace(USE, automation=Automation.DECIDES)
    made = record(clause(automation=Automation.DECIDES), use)
    told = [line.answer for line in page_of(made, replace(SHOWN, use=use), "fr", PLACE).lines]
    assert any("une personne revoie" in answer for answer in told)
    assert not any("une personne revoie" in line.answer for line in page_of(record(), SHOWN, "fr", PLACE).lines)


def test_who_acted_is_told() -> None:
    made = record(step=replace(GIVEN, actor=Actor(ActorRole.HELPER, "p_9", "m_1")))
    assert page_of(made, SHOWN, "fr", PLACE).lines[1].answer == "Un aidant, avec votre mandat."


def _sheets(page: RecordPage) -> int:
    style = getSampleStyleSheet()["BodyText"]
    text = [page.title, page.use, *(f"{line.question} {line.answer}" for line in page.lines + page.numbers)]
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=A4).build([Paragraph(part, style) for part in text])
    return len(pypdf.PdfReader(target).pages)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_longest_page_fits_one_sheet(language: str) -> None:
    wide = tuple(
        ClauseInput(kind, tuple(sorted(REGISTRY.kinds[kind].fields)), Grain.RAW, True) for kind in (SERIES, INVOICE)
    )
    made = record(
        clause(inputs=wide), language=language, step=transition(ConsentStatus.RENEWED, last=last_version(record()))
    )
    assert _sheets(page_of(made, SHOWN, language, PLACE)) == 1
