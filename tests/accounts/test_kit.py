"""The emergency kit survives being copied by hand, and a misread character is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounts.kit import KitUnreadable, new_kit, read_kit


def test_a_kit_is_read_back() -> None:
    secret, printed = new_kit()
    assert read_kit(printed) == secret
    assert [len(group) for group in printed.split("-")] == [4] * 14


def test_a_kit_typed_otherwise_is_read_the_same() -> None:
    secret, printed = new_kit()
    assert read_kit(printed.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == secret


@given(st.integers(0, 55), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_noticed(place: int, wrong: str) -> None:
    _, printed = new_kit()
    digits = list(printed.replace("-", ""))
    if digits[place] == wrong:
        return
    digits[place] = wrong
    with pytest.raises(KitUnreadable):
        read_kit("".join(digits))


@given(st.text(max_size=80))
def test_anything_typed_is_answered_plainly(typed: str) -> None:
    with pytest.raises(KitUnreadable):
        read_kit(typed)
