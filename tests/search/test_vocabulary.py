"""The vocabulary: words begun, words mistyped, in a time that the number of words does not lead."""

from __future__ import annotations

import random
import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cockpit.search.vocabulary import MOST_CANDIDATES, MOST_CORRECTIONS, Vocabulary

LETTERS = st.text("abé·1", min_size=1, max_size=4)


@given(st.lists(LETTERS), st.lists(LETTERS), st.text("abé·1", max_size=3))
def test_counts_and_beginnings_are_those_of_all_that_was_added(loaded: list[str], fresh: list[str], begun: str) -> None:
    first = Vocabulary()
    first.add(loaded)
    vocabulary = Vocabulary(first.dump())
    vocabulary.add(fresh)
    counts = Counter(loaded + fresh)
    for term in counts:
        assert vocabulary.count(term) == counts[term]
    assert vocabulary.count("zz") == 0
    begins = {term: count for term, count in counts.items() if term.startswith(begun)}
    found, number, documents = vocabulary.starting(begun, 1000)
    assert (set(found), number, documents) == (set(begins), len(begins), sum(begins.values()))
    assert [counts[term] for term in found] == sorted(begins.values(), reverse=True)


def vocabulary_of(*terms: str) -> Vocabulary:
    vocabulary = Vocabulary()
    vocabulary.add(terms)
    vocabulary.dump()
    return vocabulary


def test_one_mistake_in_a_short_word_two_in_a_long_one() -> None:
    vocabulary = vocabulary_of("boulangerie", "boulanger", "loyer", "port", "123456")
    assert vocabulary.closest("boulangrie") == ["boulangerie"]
    assert vocabulary.closest("boualngeire") == ["boulangerie"]
    assert vocabulary.closest("buolangreie") == []
    assert vocabulary.closest("loyre") == ["loyer"]
    assert vocabulary.closest("loeyre") == []
    assert vocabulary.closest("prt") == []
    assert vocabulary.closest("123457") == []
    assert vocabulary.closest("") == []


def test_the_commonest_of_the_nearest_comes_first() -> None:
    vocabulary = vocabulary_of("carte", "carpe", "carpe", "carnet")
    vocabulary.add(["carde"])
    assert vocabulary.closest("carze") == ["carpe", "carde", "carte"]


@given(st.text("abcdef", min_size=5, max_size=12), st.integers(0, 11), st.data())
def test_any_single_mistake_is_understood(word: str, place: int, data: st.DataObject) -> None:
    place %= len(word)
    letter = data.draw(st.sampled_from("abcdefz"))
    mistyped = data.draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
            ]
        )
    )
    half = max(2, len(mistyped) // (3 if len(mistyped) >= 8 else 2))
    begins_or_ends_alike = mistyped[:half] == word[:half] or mistyped[-half:] == word[-half:]
    if len(mistyped) >= 4 and begins_or_ends_alike:
        assert word in vocabulary_of(word).closest(mistyped)


def test_three_hundred_thousand_words_are_compared_in_bounded_time() -> None:
    chance = random.Random(1)
    words = {"".join(chance.choices("aeioulmnrst", k=chance.randint(5, 11))) for _ in range(320_000)}
    vocabulary = Vocabulary("\n" + "".join(f"{word} 1\n" for word in sorted(words)))
    assert len(words) > 290_000
    for word in ("aaaaaaaa", "aaaat", "mlonteras", chance.choice(sorted(words))[:-1] + "z"):
        begun = time.process_time()
        found = vocabulary.closest(word)
        # Generous: the machine that tests may be busy. The measure that counts is the number of comparisons.
        assert time.process_time() - begun < 0.25
        assert len(found) <= MOST_CORRECTIONS
        assert len(vocabulary._candidates(word, 2)) <= MOST_CANDIDATES
