"""Any m of n shares give the secret back; fewer, mistyped, doubled or mixed ones are told apart."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic import generate_mnemonics
from shamir_mnemonic.wordlist import WORDLIST

from cockpit.domain.errors import CitizenMustAct, CockpitError
from cockpit.sealing.shares import WORDS, SharesDoNotFit, ShareUnreadable, combine_shares, share_secret


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, int]:
    count = draw(st.integers(2, 16))
    return draw(st.integers(2, count)), count


@settings(max_examples=30, deadline=None)
@given(plans(), st.data())
def test_any_m_of_n_open_and_one_less_never(plan: tuple[int, int], data: st.DataObject) -> None:
    threshold, count = plan
    secret, shares = share_secret(threshold, count)
    assert len(shares) == count
    chosen = data.draw(st.permutations(shares))[: data.draw(st.integers(threshold, count))]
    assert combine_shares(chosen) == secret
    with pytest.raises(SharesDoNotFit) as caught:
        combine_shares(chosen[: threshold - 1])
    assert caught.value.reason == "shares_missing"
    assert caught.value.details == {"needed": threshold, "given": threshold - 1}


def test_every_pair_of_three_opens() -> None:
    secret, shares = share_secret(2, 3)
    assert {combine_shares(pair) for pair in itertools.permutations(shares, 2)} == {secret}


def test_shares_typed_by_hand_are_read_the_same() -> None:
    secret, shares = share_secret(2, 2)
    assert combine_shares(["", shares[1].upper().replace(" ", "\n  "), "  ", f" {shares[0]}\r\n"]) == secret


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (1, 3), (0, 2), (3, 2), (2, 17), (17, 17), (-2, 2)])
def test_a_plan_out_of_bounds_is_refused(threshold: int, count: int) -> None:
    with pytest.raises(CitizenMustAct):
        share_secret(threshold, count)


def test_a_mistyped_word_is_named_by_its_place_and_not_repeated() -> None:
    _, shares = share_secret(2, 2)
    words = shares[1].split()
    words[6] = "academik"
    with pytest.raises(ShareUnreadable) as caught:
        combine_shares([shares[0], " ".join(words)])
    assert (caught.value.reason, caught.value.details) == ("share_word", {"share": 2, "word": 7})
    assert not any(word in str(caught.value).split() for word in words)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, WORDS - 1), st.integers(1, 1023))
def test_a_word_replaced_by_another_of_the_list_is_noticed(place: int, shift: int) -> None:
    _, shares = share_secret(2, 2)
    words = shares[0].split()
    words[place] = WORDLIST[(WORDLIST.index(words[place]) + shift) % 1024]
    with pytest.raises(ShareUnreadable) as caught:
        combine_shares([" ".join(words), shares[1]])
    assert caught.value.details == {"share": 1}


def test_two_words_exchanged_are_noticed() -> None:
    _, shares = share_secret(2, 2)
    words = shares[0].split()
    place = next(i for i in range(WORDS - 1) if words[i] != words[i + 1])
    words[place], words[place + 1] = words[place + 1], words[place]
    with pytest.raises(ShareUnreadable):
        combine_shares([" ".join(words), shares[1]])


def test_a_word_too_few_is_said_so() -> None:
    _, shares = share_secret(2, 2)
    with pytest.raises(ShareUnreadable) as caught:
        combine_shares([shares[0], shares[1].rpartition(" ")[0]])
    assert (caught.value.reason, caught.value.details["words"]) == ("share_length", 32)


def test_a_share_of_another_set_and_the_same_share_twice_are_told_apart() -> None:
    (_, ours), (_, theirs) = share_secret(2, 3), share_secret(2, 3)
    with pytest.raises(SharesDoNotFit) as mixed:
        combine_shares([ours[0], theirs[1]])
    with pytest.raises(SharesDoNotFit) as twice:
        combine_shares([ours[0], ours[0]])
    with pytest.raises(SharesDoNotFit) as extra:
        combine_shares([ours[0], ours[1], theirs[2]])
    assert [caught.value.reason for caught in (mixed, twice, extra)] == [
        "shares_of_two_sets",
        "share_twice",
        "shares_of_two_sets",
    ]


def test_shares_of_a_shorter_secret_are_not_ours() -> None:
    ((*short,),) = generate_mnemonics(1, [(2, 2)], b"0123456789abcdef", iteration_exponent=0)
    with pytest.raises(ShareUnreadable):
        combine_shares(short)


def test_shares_made_by_the_reference_library_are_read() -> None:
    ((*shares,),) = generate_mnemonics(1, [(3, 5)], b"k" * 32, iteration_exponent=0)
    assert combine_shares([shares[4], shares[0], shares[2]]) == b"k" * 32


@given(st.lists(st.text(max_size=200), max_size=5))
def test_anything_typed_is_answered_plainly(typed: list[str]) -> None:
    with pytest.raises(CockpitError):
        combine_shares(typed)
