"""The index finds what a naive reading finds, newest first, whatever is typed and whatever came and went."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered, WeMustFix
from cockpit.domain.ids import Collection, ConnectorId, Kind, RecordUid
from cockpit.search import days
from cockpit.search import index as index_module
from cockpit.search.document import Document, cents
from cockpit.search.index import Index
from cockpit.search.query import SHORTEST_BEGINNING, Query, short_of
from cockpit.search.words import terms, words

BANK, INVOICE = Kind("bank.transaction"), Kind("invoice.document")
OFX, PDF = ConnectorId("intl.ofx"), ConnectorId("eu.facturx")


def document(number: int, text: str, day: str = "2026-10-03", amount: str | None = None, kind: Kind = BANK) -> Document:
    source = OFX if kind == BANK else PDF
    return Document(
        RecordUid(f"{number:016x}" * 2), kind, day, source, None if amount is None else Decimal(amount), text
    )


def numbers(index: Index, query: Query | str, titles: dict[str, frozenset[Kind]] | None = None) -> list[int]:
    asked = Query(query) if isinstance(query, str) else query
    return [hit.short for hit in index.search(asked, titles).hits]


@pytest.fixture
def index() -> Index:
    index = Index.empty()
    index.put(
        [
            document(1, "CARTE 03/10 BOULANGERIE DU COIN ; 3 octobre 2026 ; 12,34", amount="-12.34"),
            document(2, "LOYER Saint-Malo ; novembre ; 640,00 ; 640", "2026-11-03", "640"),
            document(3, "EDF l'énergie ; 732 829 320 00074", "2025-01-01", None, INVOICE),
            document(4, "boulangerie du port", "2026-12-01", "3.20"),
        ]
    )
    return index


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("boulangerie", [4, 1]),
        ("BOULANG", [4, 1]),
        ("boulangrie", [4, 1]),
        ("boulnagerie", [4, 1]),
        ("boulangerie coin", [1]),
        ("d'EDF", [3]),
        ("energie", [3]),
        ("73282932000074", [3]),
        ("732 829 320 00074", [3]),
        ("732829320", [3]),
        ("saint malo", [2]),
        ("saint-malo", [2]),
        ("saintmalo", [2]),
        ("640", [2]),
        ("640,00", [2]),
        ("12.34", [1]),
        ("12,3", [1]),
        ("03/10/2026", [1]),
        ("October", [1]),
        ("lo", [2]),
        ("l", []),
        ("xylophone", []),
        ("boulangerie xylophone", []),
        ("***", []),
        ("", [4, 2, 1, 3]),
    ],
)
def test_a_person_finds(index: Index, typed: str, expected: list[int]) -> None:
    assert numbers(index, typed) == expected
    assert numbers(Index.load(index.dump()), typed) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(kinds=frozenset({INVOICE})), [3]),
        (Query(kinds=frozenset({Kind("never.seen")})), []),
        (Query(sources=frozenset({OFX})), [4, 2, 1]),
        (Query(since="2026-11-03"), [4, 2]),
        (Query(until="2026-11-03"), [2, 1, 3]),
        (Query(since="2026-11-03", until="2026-11-03"), [2]),
        (Query(since="2027-01-01", until="2026-01-01"), []),
        (Query(since="no day"), [4, 2, 1, 3]),
        (Query(least=Decimal("12.34")), [2, 1]),
        (Query(most=Decimal("12.34")), [4, 1]),
        (Query(least=Decimal("12.35"), most=Decimal("639.99")), []),
        (Query(least=Decimal(0)), [4, 2, 1]),
        (Query(least=Decimal("Infinity")), [4, 2, 1]),
        (Query("boulangerie", most=Decimal(10)), [4]),
        (Query("boulangerie", limit=1), [4]),
        (Query("boulangerie", limit=1, offset=1), [1]),
        (Query(limit=-3, offset=-3), [4]),
    ],
)
def test_filters_narrow(index: Index, query: Query, expected: list[int]) -> None:
    assert numbers(index, query) == expected


def test_a_hit_says_what_it_is(index: Index) -> None:
    (hit,) = index.search(Query("EDF")).hits
    assert (hit.kind, hit.source, hit.day, hit.rank) == (INVOICE, PDF, "2025-01-01", 0)
    assert hit.short == short_of(document(3, "").uid)


def test_a_title_names_all_its_kind(index: Index) -> None:
    titles = {"facture": frozenset({INVOICE})}
    assert numbers(index, "facture", titles) == numbers(index, "fact", titles) == [3]
    assert numbers(index, "facture edf", titles) == [3]
    assert numbers(index, "facture loyer", titles) == []


def test_words_as_typed_come_before_words_begun() -> None:
    index = Index.empty()
    index.put([document(1, "port"), document(2, "portail", "2026-12-01")])
    assert [(hit.short, hit.rank) for hit in index.search(Query("port")).hits] == [(1, 0), (2, 1)]


def test_a_correction_and_an_unknown_word_are_told(index: Index) -> None:
    assert index.search(Query("boulangrie")).corrected == {"boulangrie": ("boulangerie",)}
    assert index.search(Query("boulangerie zzzz")).unknown == ("zzzz",)
    assert index.search(Query("12,35 ")).corrected == {}


def test_a_total_is_a_lower_bound_when_there_are_many() -> None:
    index = Index.empty()
    index.put([document(number, "carte") for number in range(1, 701)])
    found = index.search(Query("carte", limit=10))
    assert (len(found.hits), found.total, found.at_least) == (10, 510, True)
    assert index.search(Query("carte", limit=10, offset=690)).total == 700


def test_many_words_begun_alike_are_found_by_the_commonest() -> None:
    index = Index.empty()
    index.put([document(number, f"carte{number % 100:02d}") for number in range(1, 9002)])
    found = index.search(Query("carte"))
    assert found.at_least
    assert len(found.hits) == 50
    assert numbers(index, Query("carte07", limit=1)) == [7]


def test_replacing_and_removing(index: Index) -> None:
    index.put([document(1, "fromagerie", "2024-01-01"), document(1, "cave")])
    assert (numbers(index, "boulangerie"), numbers(index, "cave"), numbers(index, "fromagerie")) == ([4], [1], [])
    index.remove([document(4, "").uid, document(99, "").uid])
    again = Index.load(index.dump())
    for one in (index, again):
        assert numbers(one, "boulangerie") == []
        assert (one.count, one.gone) == (3, 2)


def test_what_was_covered_is_kept(index: Index) -> None:
    index.covered = {Collection("bank"): (1, 42)}
    assert Index.load(index.dump()).covered == {"bank": (1, 42)}


@pytest.mark.parametrize("image", [b"", b"SQLite format 3\x00", bytes(4096), b"x" * 5000])
def test_other_bytes_are_no_index(image: bytes) -> None:
    with pytest.raises(Tampered):
        Index.load(image)


def test_another_format_is_no_index(index: Index) -> None:
    rows = sqlite3.connect(":memory:")
    rows.deserialize(index.dump())
    (meta,) = rows.execute("SELECT value FROM meta WHERE name = 'meta'").fetchone()
    other = msgspec.msgpack.encode(msgspec.msgpack.decode(meta) | {"format": "0 little"})
    rows.execute("UPDATE meta SET value = ? WHERE name = 'meta'", (other,))
    rows.commit()
    with pytest.raises(Tampered):
        Index.load(rows.serialize())


def test_a_day_that_is_full_changes_nothing(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_A_DAY", 2)
    with pytest.raises(WeMustFix):
        index.put([document(number, "cave") for number in (1, 10, 11)])
    assert numbers(index, "cave") == []
    assert numbers(index, "boulangerie") == [4, 1]


@given(st.text(max_size=60))
def test_nothing_typed_is_ever_an_error(typed: str) -> None:
    index = Index.empty()
    index.put([document(1, "rue du port")])
    for text in (typed, f'{typed}" OR "port', f"NEAR({typed} port) AND text:* ^{typed} NOT -port"):
        index.search(Query(text), {"facture": frozenset({BANK})})


@given(st.text(max_size=60))
def test_what_is_typed_whole_is_found(typed: str) -> None:
    index = Index.empty()
    index.put([document(1, typed)])
    # Words beyond the most that are asked are left out, never turned into a refusal.
    assert numbers(index, typed) == ([1] if terms(typed) or not typed.strip() else [])


VOCABULARY = ["port", "portail", "port-louis", "poire", "l'eau", "12,34", "12,30", "7 8", "7", "é", "e", "Élan", "élan"]
texts = st.lists(st.sampled_from(VOCABULARY), max_size=4).map(" ; ".join)
made = st.builds(
    document,
    st.integers(1, 12),
    texts,
    st.sampled_from(["2026-10-03", "2026-10-04", "1999-12-31", "2250-01-01", "bad"]),
    st.sampled_from([None, "0", "0.01", "-12.34", "12.35", "64", "63.99", "99999999999"]),
    st.sampled_from([BANK, INVOICE]),
)
steps = st.lists(
    st.one_of(
        st.lists(made, max_size=5).map(lambda put: ("put", put)),
        st.lists(st.integers(1, 12), max_size=3).map(lambda gone: ("remove", gone)),
        st.just(("reload", None)),
    ),
    max_size=8,
)
bounds = st.none() | st.sampled_from(["0", "12.34", "64", "100", "99999999999"]).map(Decimal)
queries = st.builds(
    Query,
    st.one_of(texts, st.sampled_from(["po", "por", "eau", "12", "12,3", "1", "7 8"])),
    kinds=st.sampled_from([frozenset(), frozenset({BANK}), frozenset({BANK, INVOICE})]),
    sources=st.sampled_from([frozenset(), frozenset({PDF})]),
    since=st.sampled_from([None, "2026-10-04", "2000-01-01"]),
    until=st.sampled_from([None, "2026-10-03", "2260-01-01"]),
    least=bounds,
    most=bounds,
)


def naive(held: dict[str, Document], query: Query) -> set[int]:
    """What a reading of every document finds, without correcting anything."""
    typed = list(words(query.text))
    found = set()
    for one in held.values():
        there = set(terms(one.text))
        day = one.day if one.day != "bad" else "0001-01-01"
        amount = None if one.amount is None else cents(one.amount)
        begun = [
            any(
                set(form[:-1]) <= there
                and any(
                    term == form[-1] or (word is typed[-1] and len(form[-1]) >= SHORTEST_BEGINNING
                                         and term.startswith(form[-1]))
                    for term in there
                )
                for form in word.forms
            )
            for word in typed
        ]  # fmt: skip
        narrowed = (
            (not query.kinds or one.kind in query.kinds)
            and (not query.sources or one.source in query.sources)
            and (query.since or "0001-01-01") <= day <= (query.until or "9999-12-31")
            and (query.least is None or (amount is not None and amount >= query.least * 100))
            and (query.most is None or (amount is not None and amount <= query.most * 100))
        )
        if all(begun) and narrowed:
            found.add(short_of(one.uid))
    return found


@pytest.mark.parametrize("few", [0, 5000])
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=steps, asked=st.lists(queries, min_size=1, max_size=4))
def test_any_sequence_of_changes_answers_as_a_naive_reading(
    monkeypatch: pytest.MonkeyPatch, few: int, changes: list[tuple[str, object]], asked: list[Query]
) -> None:
    # Ranges of amounts are narrowed in two ways, chosen by how many documents there are: both must answer the same.
    monkeypatch.setattr(index_module, "FEW", few)
    index, held = Index.empty(), dict[str, Document]()
    for step, given_ in changes:
        if step == "put":
            assert isinstance(given_, list)
            index.put(given_)
            held |= {one.uid: one for one in given_}
        elif step == "remove":
            assert isinstance(given_, list)
            uids = [document(number, "").uid for number in given_]
            index.remove(uids)
            held = {uid: one for uid, one in held.items() if uid not in uids}
        else:
            index = Index.load(index.dump())
    assert index.count == len(held)
    for query in asked:
        found = index.search(query)
        if not found.corrected:
            assert {hit.short for hit in found.hits} == naive(held, query), query
            assert found.total == len(found.hits)
        newest_first = [(hit.rank, hit.day) for hit in found.hits]
        assert newest_first == sorted(newest_first, key=lambda hit: (-hit[0], hit[1]), reverse=True)
