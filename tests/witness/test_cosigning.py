"""A witness answers as C2SP tlog-witness says, and only moves forward."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import add_signatures, find_cosignatures
from cockpit.tlog.note import Verifier, parse_note
from cockpit.witness.memory import NOTHING_YET, Memory
from cockpit.witness.request import MAX_BYTES, Answer
from tests.published_log import grown
from tests.witness.conftest import LOG_KEY, Watching


def cosigned_at(watching: Watching, size: int, answer: Answer) -> int:
    """When the answer's one line says that this checkpoint was seen."""
    note = watching.log.note(size)
    _, lines = parse_note(parse_note(note)[0].encode() + b"\n" + answer.body)
    verifier = watching.witness.identity.verifier()
    return find_cosignatures(add_signatures(note, lines), [verifier])[verifier].at


def known(answer: Answer) -> int:
    assert (answer.status, answer.media_type) == (409, "text/x.tlog.size")
    return int(answer.body)


def test_a_growing_log_is_cosigned_at_each_size(watching: Watching) -> None:
    old = 0
    for size in (1, 2, 3, 7, 255, 256, 257, 300):
        watching.now += 60
        answer = watching.post(old, size)
        assert (answer.status, answer.media_type) == (200, "text/plain; charset=utf-8")
        assert cosigned_at(watching, size, answer) == watching.now
        old = size


def test_the_same_checkpoint_is_cosigned_again_for_an_answer_that_was_lost(watching: Watching) -> None:
    watching.post(0, 7)
    assert known(watching.post(0, 7)) == 7
    watching.now += 5
    assert cosigned_at(watching, 7, watching.post(7, 7)) == watching.now


def test_an_empty_log_may_be_cosigned_and_then_grow(watching: Watching) -> None:
    assert watching.post(0, 0).status == 200
    assert watching.post(0, 3).status == 200


def test_another_old_size_than_the_one_known_is_a_conflict_that_tells_it(watching: Watching) -> None:
    assert known(watching.post(3, 7)) == 0
    watching.post(0, 7)
    for old, new in ((0, 300), (3, 300), (8, 300), (0, 3), (3, 3)):
        assert known(watching.post(old, new)) == 7


def test_a_second_root_at_the_size_known_is_refused_and_kept_as_evidence(watching: Watching) -> None:
    watching.post(0, 7)
    other = grown(300, word="1", key=LOG_KEY)
    assert known(watching.post(7, 7, other)) == 7
    assert known(watching.post(0, 7, other)) == 7
    assert watching.witness.memory.forks() == [(watching.log.origin, 7, watching.log.note(7), other.note(7))]
    assert watching.post(7, 300).status == 200


def test_a_larger_checkpoint_of_another_history_is_unprocessable(watching: Watching) -> None:
    watching.post(0, 7)
    other = grown(300, word="1", key=LOG_KEY)
    for proof in (other.consistency(7, 300), watching.log.consistency(7, 300), []):
        assert watching.post(7, 300, other, proof).status == 422
    assert watching.post(7, 300, proof=watching.log.consistency(7, 299)).status == 422
    assert watching.witness.memory.head(watching.log.origin).size == 7


def test_a_proof_from_nothing_must_be_empty(watching: Watching) -> None:
    assert watching.post(0, 7, proof=[bytes(32)]).status == 422
    watching.post(0, 7)
    assert watching.post(7, 7, proof=[bytes(32)]).status == 422


def test_an_unknown_log_is_not_found_and_a_wrong_key_forbidden(watching: Watching) -> None:
    assert watching.post(0, 7, grown(7, origin="other.example/log", key=LOG_KEY)).status == 404
    assert watching.post(0, 7, grown(7)).status == 403
    note = bytearray(watching.log.note(7))
    note[-10] ^= 1
    assert watching.witness.add_checkpoint(b"old 0\n\n" + bytes(note)).status in (400, 403)
    assert watching.witness.memory.heads() == {}


def test_while_a_log_changes_its_key_either_is_good(watching: Watching) -> None:
    new_key = SigningKey.generate()
    logs = (*watching.witness.logs, Verifier(watching.log.origin, new_key.verify_key()))
    watching.witness = replace(watching.witness, logs=logs)
    assert watching.post(0, 7).status == 200
    assert watching.post(7, 300, grown(300, key=new_key)).status == 200


NOTE = grown(7, key=LOG_KEY).note(7)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"old 0", b"old 0\n", b"old 0\n\n", b"old 0\n" + NOTE, b"old 00\n\n" + NOTE, b"old -1\n\n" + NOTE,
        b"old  0\n\n" + NOTE, b"old 0 \n\n" + NOTE, b"old 0\r\n\r\n" + NOTE, b"new 0\n\n" + NOTE, b"old 8\n\n" + NOTE,
        b"old 0\nAAAA\n\n" + NOTE, b"old 0\n" + b"A" * 42 + b"B=\n\n" + NOTE, b"old 0\n\xe9\n\n" + NOTE,
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + NOTE, b"old 0\n\n\n" + NOTE, b"old 0\n\n" + NOTE[:-1],
        b"old 0\n\n" + NOTE + b"x" * MAX_BYTES, b"old " + b"9" * 20 + b"\n\n" + NOTE,
    ],
    ids=count(),
)  # fmt: skip
def test_what_is_no_request_is_a_bad_one(watching: Watching, body: bytes) -> None:
    assert watching.witness.add_checkpoint(body).status == 400


def test_of_many_requests_at_once_one_history_is_cosigned(watching: Watching) -> None:
    """Two histories of every size, all from nothing, at the same moment: what is cosigned is of one of them."""
    other = grown(300, word="1", key=LOG_KEY)
    posts = [(size, log) for size in range(1, 21) for log in (watching.log, other)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda post: watching.post(0, *post), posts))
    cosigned = [post for post, answer in zip(posts, answers, strict=True) if answer.status == 200]
    assert len(cosigned) == 1
    assert {answer.status for answer in answers} == {200, 409}
    size, log = cosigned[0]
    assert watching.witness.memory.head(log.origin).root == log.root(size)


def test_requests_at_once_move_forward_only_and_later_times_stand_on_larger_checkpoints(watching: Watching) -> None:
    watching.witness = replace(watching.witness, clock=iter(range(1, 10_000)).__next__)

    def climb(_: int) -> list[tuple[int, int]]:
        seen, old = [], 0
        while old < 60:
            answer = watching.post(old, min(old + 1, 60))
            if answer.status == 200:
                old = min(old + 1, 60)
                seen.append((cosigned_at(watching, old, answer), old))
            else:
                old = known(answer)
        return seen

    with ThreadPoolExecutor(4) as threads:
        seen = sorted(pair for climbed in threads.map(climb, range(4)) for pair in climbed)
    assert [size for _, size in seen] == sorted(size for _, size in seen)


def test_when_the_clock_goes_back_the_time_of_a_cosignature_does_not(watching: Watching) -> None:
    watching.post(0, 3)
    before, watching.now = watching.now, 5
    assert cosigned_at(watching, 7, watching.post(3, 7)) == before


def test_when_the_head_moved_since_it_was_looked_at_nothing_is_written(watching: Watching) -> None:
    memory, log = watching.witness.memory, watching.log
    watching.post(0, 7)
    head = memory.advance(log.origin, NOTHING_YET, 3, log.root(3), log.note(3), lambda: 0)
    assert head.size == memory.head(log.origin).size == 7


@pytest.mark.parametrize(
    "statement",
    ["UPDATE heads SET size = 6", "UPDATE heads SET root = zeroblob(32)", "UPDATE heads SET at = 5",
     "DELETE FROM heads", "UPDATE heads SET origin = 'x'", "UPDATE heads SET size = 8, root = zeroblob(31)"],
)  # fmt: skip
def test_the_file_itself_refuses_to_go_back(watching: Watching, tmp_path: Path, statement: str) -> None:
    watching.post(0, 7)
    with closing(sqlite3.connect(tmp_path / "witness.sqlite")) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


def test_a_second_process_on_the_same_file_knows_the_same(watching: Watching, tmp_path: Path) -> None:
    watching.post(0, 7)
    again = replace(watching.witness, memory=Memory(tmp_path / "witness.sqlite"))
    assert known(Watching(watching.log, again).post(0, 300)) == 7
