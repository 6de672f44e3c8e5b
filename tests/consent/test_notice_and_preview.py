"""The notice comes from the clause alone, and the preview is the bytes that leave."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from msgspec import structs

from cockpit.consent.narrowing import Narrowing, narrowed
from cockpit.consent.notice import QUESTIONS, render
from cockpit.consent.preview import preview
from cockpit.consent.projection import project
from cockpit.domain.consent import ClauseInput
from cockpit.domain.ids import ConnectorId, Kind
from cockpit.domain.record import Basis, Json, Method, Provenance, Record, Verification
from cockpit.domain.use import Grain, Source
from tests.consent.worlds import NOW, REGISTRY, SERIES, SERVICE, USE, clause

ORIGIN = Provenance(ConnectorId("fr.enedis.csv"), "1.0.0", Method.PARSED, Basis.OBSERVED)
WORDS = {kind: (sheet.title, sheet.fields) for kind, sheet in REGISTRY.kinds.items()}


def month(start: str, day: str, until: str, values: list[Json]) -> Record:
    data: dict[str, Json] = {
        "meter": "01234567890123",
        "energy": "electricity",
        "direction": "consumption",
        "unit": "W",
        "interval": "PT30M",
        "start": start,
        "values": values,
    }
    return Record(SERIES, f"m|{day[:7]}", day, data, ORIGIN, until)


OCTOBER = month("2026-09-30T22:00:00Z", "2026-10-01", "2026-10-31", [200] * (31 * 48 + 2))


def test_the_notice_answers_the_seven_questions_in_order() -> None:
    for language in ("fr", "en"):
        notice = render(clause(), USE, SERVICE, WORDS, language)
        assert [line.question for line in notice.lines] == [words.in_language(language) for words in QUESTIONS]
        assert all(line.answer for line in notice.lines)


def test_the_same_clause_gives_the_same_bytes_and_another_clause_others() -> None:
    first = render(clause(), USE, SERVICE, WORDS, "fr")
    assert first == render(clause(), USE, SERVICE, WORDS, "fr")
    narrower = narrowed(clause(), Narrowing(1), NOW)
    assert render(narrower, USE, SERVICE, WORDS, "fr").sha256 != first.sha256


def test_a_notice_says_what_the_clause_says() -> None:
    text = render(clause(), USE, SERVICE, WORDS, "fr").text
    assert "Coach énergie" in text
    assert "Du 23/11/2025 au 22/11/2026." in text
    assert "Jusqu'au 01/05/2027, au plus 4 fois par jour." in text
    assert "6 mois, puis effacées." in text


def october(fields: tuple[str, ...], grain: Grain, first: str, last: str) -> list[dict[str, Json]]:
    return project([OCTOBER], ClauseInput(SERIES, fields, grain, True), first, last, Source.ANY)


def test_only_the_fields_of_the_clause_leave() -> None:
    (item,) = project(
        [OCTOBER], ClauseInput(SERIES, ("start", "values"), Grain.RAW, True), "2026-10-01", "2026-10-31", Source.ANY
    )
    assert sorted(item) == ["start", "values"]


def test_measures_outside_the_window_do_not_leave() -> None:
    (item,) = project(
        [OCTOBER], ClauseInput(SERIES, ("start", "values"), Grain.RAW, True), "2026-10-10", "2026-10-11", Source.ANY
    )
    assert item["start"] == "2026-10-09T22:00:00Z"
    assert item["values"] == [200] * 96
    assert october(("values",), Grain.RAW, "2026-11-01", "2026-11-30") == []


def test_the_day_the_clocks_change_is_whole() -> None:
    (item,) = project(
        [OCTOBER], ClauseInput(SERIES, ("values",), Grain.RAW, True), "2026-10-25", "2026-10-25", Source.ANY
    )
    assert item["values"] == [200] * 50


def test_a_coarser_grain_leaves_sums_and_no_curve() -> None:
    (item,) = project(
        [OCTOBER], ClauseInput(SERIES, ("unit", "values"), Grain.MONTH, True), "2026-10-01", "2026-10-31", Source.ANY
    )
    assert item == {"unit": "Wh", "values": [{"month": "2026-10", "value": 200 * (31 * 24 + 1)}]}
    (days,) = project(
        [OCTOBER], ClauseInput(SERIES, ("values",), Grain.DAY, True), "2026-10-24", "2026-10-25", Source.ANY
    )
    assert days["values"] == [{"day": "2026-10-24", "value": 4800}, {"day": "2026-10-25", "value": 5000}]


def test_the_preview_is_the_projection_byte_for_byte() -> None:
    given = narrowed(clause(), Narrowing(3), NOW)
    (part,) = preview(given, USE, lambda kind: [OCTOBER] if kind == SERIES else [])
    window = given.data_from, given.data_until
    assert json.loads(part.body) == project([OCTOBER], given.inputs[0], *window, Source.OBSERVED)
    assert (part.count, part.unfit) == (1, 0)


@pytest.mark.parametrize(
    ("basis", "verification", "fit_for"),
    [
        (Basis.DECLARED, Verification.UNSIGNED, {Source.ANY}),
        (Basis.INFERRED, Verification.UNSIGNED, {Source.ANY}),
        (Basis.DECLARED, Verification.UNKNOWN_CERTIFICATE, {Source.ANY}),
        (Basis.OBSERVED, Verification.INVALID, {Source.ANY}),
        (Basis.OBSERVED, Verification.UNSIGNED, {Source.ANY, Source.OBSERVED}),
        (Basis.OBSERVED, Verification.EXPIRED, {Source.ANY, Source.OBSERVED}),
        (Basis.OBSERVED, Verification.VALID, set(Source)),
        (Basis.DECLARED, Verification.VALID, set(Source)),
    ],
)
def test_what_has_a_weaker_origin_than_the_use_accepts_does_not_leave(
    basis: Basis, verification: Verification, fit_for: set[Source]
) -> None:
    origin = structs.replace(ORIGIN, basis=basis, verification=verification)
    record = structs.replace(OCTOBER, provenance=origin)
    given = narrowed(clause(), Narrowing(3), NOW)
    for source in Source:
        wanting = replace(USE, inputs=tuple(replace(part, source=source) for part in USE.inputs))
        (part,) = preview(given, wanting, lambda kind: [record] if kind == SERIES else [])
        assert (part.count, part.unfit) == ((1, 0) if source in fit_for else (0, 1))
        (part,) = preview(replace(given, data_until="2026-09-30"), wanting, lambda kind: [record])
        assert (part.count, part.unfit) == (0, 0)


def test_a_kind_that_the_use_does_not_ask_for_must_be_verified() -> None:
    assert USE.source_of(SERIES) is Source.OBSERVED
    assert USE.source_of(Kind("tax.notice")) is Source.VERIFIED


def test_bank_lines_by_month_are_totals_without_labels() -> None:
    kind = Kind("bank.transaction")
    lines = [
        Record(kind, str(n), f"2026-10-0{n}", {"amount": amount, "currency": "EUR", "label": "x"}, ORIGIN)
        for n, amount in enumerate(("-10.10", "-0.20", "1500.00"), start=1)
    ]
    part = ClauseInput(kind, ("amount", "booking_date", "currency", "label", "type"), Grain.MONTH, True)
    assert project(lines, part, "2026-10-01", "2026-10-31", Source.ANY) == [
        {"amount": "1500.00", "booking_date": "2026-10", "currency": "EUR", "type": "in"},
        {"amount": "-10.30", "booking_date": "2026-10", "currency": "EUR", "type": "out"},
    ]
