"""Importing again, or a longer export, gives each line the key it had; no line is ever lost to another's key."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from .statements import Movement, ofx, statement, transactions

LINES = st.lists(
    st.builds(
        Movement,
        date=st.sampled_from(["20240104", "20240105", "20240106"]),
        amount=st.sampled_from(["-5.00", "-42.90"]),
        fitid=st.sampled_from(["", "1", "2", "A|1"]),
        name=st.sampled_from(["PEAGE", "CAFE"]),
    ),
    max_size=12,
)


def keys(*moves: Movement) -> list[str]:
    return [record.source_key for record in transactions(ofx(statement(moves)))]


def test_the_same_file_gives_the_same_keys() -> None:
    moves = [Movement(fitid="1"), Movement(), Movement(), Movement(fitid="1", amount="-1.00")]
    assert keys(*moves) == keys(*moves)
    assert len(set(keys(*moves))) == 4


@given(moves=LINES)
@settings(max_examples=80, deadline=None)
def test_every_line_is_kept_under_a_key_of_its_own(moves: list[Movement]) -> None:
    assert len(set(keys(*moves))) == len(moves)


@given(moves=LINES, more=LINES)
@settings(max_examples=80, deadline=None)
def test_a_longer_export_keeps_the_keys_of_a_shorter_one(moves: list[Movement], more: list[Movement]) -> None:
    assert set(keys(*moves)) <= set(keys(*moves, *more))
    # The newest line may as well come first.
    assert set(keys(*moves)) <= set(keys(*more, *moves))


def test_two_identical_lines_of_one_day_are_two() -> None:
    assert len(set(keys(Movement(), Movement()))) == 2


def test_a_bank_that_numbers_each_export_from_one_loses_nothing() -> None:
    january, february = keys(Movement(fitid="1")), keys(Movement(fitid="1", date="20240204", amount="-7.00"))
    assert set(january).isdisjoint(february)


def test_a_label_reworded_by_the_bank_is_the_same_line() -> None:
    assert keys(Movement(fitid="9", name="ACHAT")) == keys(Movement(fitid="9", name="ACHAT CB 03/01"))
    assert keys(Movement(name="Achat  cb")) == keys(Movement(name="ACHAT CB"))
    assert keys(Movement(name="ACHAT")) != keys(Movement(name="RETRAIT"))


def test_accounts_never_share_a_key() -> None:
    text = ofx(statement([Movement(fitid="1")]), statement([Movement(fitid="1")], account="2"))
    assert len({record.source_key for record in transactions(text)}) == 2
    assert keys(Movement(fitid="A|1")) != keys(Movement(fitid="A"))


def test_two_overlapping_statements_in_one_file_are_as_two_files() -> None:
    first, second = Movement(fitid="1"), Movement(fitid="2")
    text = ofx(statement([first, second]), statement([second, Movement(fitid="3")]))
    assert [record.data["bank_reference"] for record in transactions(text)] == ["1", "2", "3"]


def test_the_form_of_keys_is_pinned() -> None:
    # Stored records are found again by these very texts: another form would import everything twice.
    assert keys(Movement(fitid="A|1", amount="-42,9"), Movement(name="Café  du Port")) == [
        "11306|00042|00012345678|id|A\\|1|2024-01-04|-42.90|1",
        "11306|00042|00012345678|label|2024-01-04|-42.90|café du port|1",
    ]
