"""Open indexes: few, small, somebody's, and forgotten with the session."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta

from cockpit.domain.ids import PersonId
from cockpit.search.open_indexes import OpenIndexes
from tests.conftest import MovingClock

CAMILLE, ODILE = PersonId("c"), PersonId("o")


@dataclass(frozen=True)
class Box:
    size: int = 10


def holder(clock: MovingClock, most: int = 3, most_bytes: int = 100) -> OpenIndexes[Box]:
    return OpenIndexes(clock, timedelta(minutes=15), most, most_bytes)


def test_an_index_is_for_its_session_and_its_person(clock: MovingClock) -> None:
    open_indexes, box = holder(clock), Box()
    open_indexes.keep("s", CAMILLE, box)
    assert open_indexes.get("s", CAMILLE) is box
    assert open_indexes.get("s", ODILE) is None
    assert open_indexes.get("other", CAMILLE) is None


def test_locking_and_leaving_forget(clock: MovingClock) -> None:
    open_indexes = holder(clock)
    for session, person in (("a", CAMILLE), ("b", CAMILLE), ("c", ODILE)):
        open_indexes.keep(session, person, Box())
    open_indexes.drop_person(CAMILLE, but="a")
    assert [open_indexes.get(session, CAMILLE) is None for session in "ab"] == [False, True]
    open_indexes.drop("a")
    open_indexes.drop("a")
    assert len(open_indexes) == 1


def test_what_is_not_used_is_forgotten(clock: MovingClock) -> None:
    open_indexes = holder(clock)
    open_indexes.keep("a", CAMILLE, Box())
    open_indexes.keep("b", ODILE, Box())
    clock.forward(minutes=10)
    assert open_indexes.get("a", CAMILLE) is not None
    clock.forward(minutes=10)
    open_indexes.sweep()
    assert len(open_indexes) == 1
    clock.forward(minutes=16)
    assert open_indexes.get("a", CAMILLE) is None


def test_the_least_used_make_room(clock: MovingClock) -> None:
    open_indexes = holder(clock)
    for session in "abc":
        open_indexes.keep(session, CAMILLE, Box())
    open_indexes.get("a", CAMILLE)
    open_indexes.keep("d", CAMILLE, Box())
    assert [open_indexes.get(session, CAMILLE) is not None for session in "abcd"] == [True, False, True, True]
    open_indexes.keep("big", CAMILLE, Box(85))
    assert len(open_indexes) == 2
    open_indexes.keep("too big", CAMILLE, Box(101))
    assert open_indexes.get("too big", CAMILLE) is None
    assert open_indexes.get("big", CAMILLE) is not None


def test_many_threads_share_it(clock: MovingClock) -> None:
    open_indexes = holder(clock, most=5, most_bytes=10_000)

    def use(number: int) -> None:
        for turn in range(300):
            session = f"{(number + turn) % 9}"
            open_indexes.keep(session, CAMILLE, Box())
            open_indexes.get(session, CAMILLE)
            open_indexes.drop(f"{turn % 9}")

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(open_indexes) <= 5
