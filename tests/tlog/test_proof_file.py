"""Proof files: printing, reading back, and what they prove."""

from __future__ import annotations

import contextlib
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain.errors import Tampered
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import add_signatures, cosign
from cockpit.tlog.note import COSIGNATURE, Verifier, parse_note
from cockpit.tlog.proof_file import MAX_BYTES, ProofFile, parse_proof_file, print_proof_file, verify_proof_file
from cockpit.tlog.quorum import Quorum, TrustedWitness
from tests.published_log import SIZES, PublishedLog, grown

LOG = grown(max(SIZES))
WITNESS = SigningKey.generate()
QUORUM = Quorum("w", (), (TrustedWitness("w", Verifier("w.example", WITNESS.verify_key(), COSIGNATURE)),))


def proof_of(log: PublishedLog, index: int, size: int, extra: bytes | None = None) -> bytes:
    note = log.note(size)
    cosigned = add_signatures(note, [cosign(parse_note(note)[0], "w.example", WITNESS, 1_700_000_000)])
    return print_proof_file(ProofFile(index, tuple(log.inclusion(index, size)), cosigned, extra))


@pytest.mark.parametrize("size", SIZES)
def test_an_entry_is_proved_by_the_file_alone(size: int) -> None:
    for index in {0, size // 2, size - 1}:
        witnessed = verify_proof_file(proof_of(LOG, index, size), LOG.leaves[index], QUORUM, LOG.verifier)
        assert (witnessed.checkpoint.size, witnessed.cosignatures[0].at) == (size, 1_700_000_000)


def test_the_lines_are_those_of_the_specification() -> None:
    lines = proof_of(LOG, 6, 7, b"extra data").decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra ZXh0cmEgZGF0YQ==", "index 6"]
    assert lines[5:8] == ["", "cockpit.example/log", "7"]


hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple)


@given(st.integers(0, 2**63 - 1), hashes, st.none() | st.binary(min_size=1))
def test_reading_back_is_the_inverse_of_printing(index: int, proof: tuple[bytes, ...], extra: bytes | None) -> None:
    made = ProofFile(index, proof, LOG.note(7), extra)
    assert parse_proof_file(print_proof_file(made)) == made


WHOLE = proof_of(LOG, 2, 7, b"x")


@settings(max_examples=300)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_bytes_that_are_read_are_the_bytes_that_would_be_printed(place: int, byte: int) -> None:
    changed = WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :]
    with contextlib.suppress(Tampered):
        assert print_proof_file(parse_proof_file(changed)) == changed
    # The extra data is authenticated by nothing, as the specification says; everything else is.
    if changed.partition(b"index")[2] != WHOLE.partition(b"index")[2]:
        with pytest.raises(Tampered):
            verify_proof_file(changed, LOG.leaves[2], QUORUM, LOG.verifier)


def test_another_entry_place_log_or_too_few_witnesses_are_refused() -> None:
    other = grown(7)
    uncosigned = print_proof_file(ProofFile(2, tuple(LOG.inclusion(2, 7)), LOG.note(7)))
    for raw, leaf, log in (
        (WHOLE, LOG.leaves[3], LOG),
        (WHOLE.replace(b"index 2", b"index 3"), LOG.leaves[2], LOG),
        (WHOLE.replace(b"index 2", b"index 7"), LOG.leaves[2], LOG),
        (WHOLE, LOG.leaves[2], other),
        (proof_of(other, 2, 7), other.leaves[2], LOG),
        (uncosigned, LOG.leaves[2], LOG),
    ):
        with pytest.raises(Tampered):
            verify_proof_file(raw, leaf, QUORUM, log.verifier)


NOTE = LOG.note(1)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 00\n\n" + NOTE, b"c2sp.org/tlog-proof@v1\nindex -1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + NOTE, b"c2sp.org/tlog-proof@v1\nindex 0\n\n",
        b"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n" + NOTE, b"c2sp.org/tlog-proof@v1\nextra QQ=\nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nextra QR==\nindex 0\n\n" + NOTE, b"c2sp.org/tlog-proof@v1\nextra QQ==\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\r\nindex 0\n\n" + NOTE, b"\xff\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + NOTE,
    ],
    ids=count(),
)  # fmt: skip
def test_what_is_no_proof_file_is_refused(raw: bytes) -> None:
    with pytest.raises(Tampered):
        parse_proof_file(raw)


@pytest.mark.parametrize(
    "proof",
    [
        ProofFile(-1, (), NOTE),
        ProofFile(0, (b"short",), NOTE),
        ProofFile(0, (), b"no note"),
        ProofFile(0, (), NOTE, b""),
    ],
)
def test_nothing_is_printed_that_could_not_be_read_back(proof: ProofFile) -> None:
    with pytest.raises(ValueError, match="read back"):
        print_proof_file(proof)


def test_a_proof_is_bounded_in_hashes_and_in_bytes() -> None:
    longest = print_proof_file(ProofFile(0, (bytes(32),) * 63, LOG.note(7)))
    assert len(parse_proof_file(longest).hashes) == 63
    with pytest.raises(Tampered):
        parse_proof_file(longest.replace(b"index 0\n", b"index 0\n" + b"A" * 43 + b"=\n"))
    with pytest.raises(Tampered):
        parse_proof_file(longest.replace(b"index 0\n", b"extra " + b"A" * MAX_BYTES + b"\nindex 0\n"))
