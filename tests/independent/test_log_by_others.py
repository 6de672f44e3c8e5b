"""Other people's programs verify our log, its proofs and checkpoints, and refuse every rewriting of it.

The rewriter is the operator: it holds the log's key, signs whatever it likes, and shows the best proofs it can make.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import metamorphic_log
import pytest
import tlog_scales.backend
import tlog_scales.reader
import tlog_scales.signing
import tlog_scales.tlog

from cockpit.sealing.signing import SigningKey
from cockpit.tlog.checkpoint import Checkpoint
from cockpit.tlog.cosignature import add_signatures, cosign
from cockpit.tlog.note import COSIGNATURE, Signature, Verifier, key_hash, parse_note, print_signature
from cockpit.tlog.proof_file import ProofFile, print_proof_file
from tests.independent.checkers import CHECKERS, CONSISTENCY, FULL, INCLUSION, NOTE, Checker, Shown
from tests.published_log import ORIGIN, SIZES, PublishedLog, events, grown

each = pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
KEY = SigningKey.generate()
LOG = grown(max(SIZES), key=KEY)
KEPT, HELD, SIZE = 12, 7, 20
"""A person kept the checkpoint of this size, and the entry of this index: a withdrawal. The log then grew to this."""
LEAVES = events(SIZE)


def shown(log: PublishedLog, old: int, new: int, index: int) -> Shown:
    inclusion = log.inclusion(index, new)
    consistency = log.consistency(old, new)
    return Shown(log.verifier.vkey(), log.note(old), log.note(new), consistency, log.leaves[index], index, inclusion)


@each
def test_the_log_is_verified_at_every_size(checker: Checker) -> None:
    asked = [
        shown(LOG, old, new, index)
        for new in SIZES
        for old in SIZES
        if old <= new
        for index in sorted({0, new // 2, new - 1, min(255, new - 1)})
    ]
    assert checker(asked) == [set()] * len(asked)


def edited() -> list[bytes]:
    return [*LEAVES[:HELD], LEAVES[HELD].replace(b"a" * 64, b"c" * 64), *LEAVES[HELD + 1 :]]


def deleted() -> list[bytes]:
    return [*LEAVES[:HELD], *LEAVES[HELD + 1 :], *events(SIZE + 1)[SIZE:]]


def inserted() -> list[bytes]:
    return [*LEAVES[:HELD], *events(1, "e"), *LEAVES[HELD:-1]]


def reordered() -> list[bytes]:
    return [*LEAVES[:HELD], LEAVES[HELD + 1], LEAVES[HELD], *LEAVES[HELD + 2 :]]


def back_dated() -> list[bytes]:
    assert b"consent.withdrawn" in LEAVES[HELD]
    return [*LEAVES[:HELD], LEAVES[HELD].replace(b"09:07Z", b"08:07Z"), *LEAVES[HELD + 1 :]]


def rewritten(leaves: list[bytes]) -> list[Shown]:
    """What the operator may show of the rewritten log: its own proofs, the true log's, or a mix."""
    assert leaves != LEAVES and len(leaves) == SIZE
    true, false = PublishedLog(LEAVES, KEY), PublishedLog(leaves, KEY)
    return [
        Shown(
            true.verifier.vkey(), true.note(KEPT), false.note(SIZE), one.consistency(KEPT, SIZE), LEAVES[HELD], HELD,
            other.inclusion(HELD, SIZE),
        )
        for one in (true, false)
        for other in (true, false)
    ]  # fmt: skip


@each
@pytest.mark.parametrize("rewrite", [edited, deleted, inserted, reordered, back_dated])
def test_a_rewritten_entry_is_refused(checker: Checker, rewrite: Callable[[], list[bytes]]) -> None:
    both = {CONSISTENCY, INCLUSION} if checker in FULL.values() else {INCLUSION}
    asked = rewritten(rewrite())
    assert checker(asked) == [both] * len(asked)


@each
def test_a_truncated_log_is_refused(checker: Checker) -> None:
    log = PublishedLog(LEAVES, KEY)
    cut = [
        Shown(log.verifier.vkey(), log.note(KEPT), log.note(size), consistency, LEAVES[HELD], HELD, inclusion)
        for size in (1, HELD)
        for consistency in ([], log.consistency(size, KEPT))
        for inclusion in (log.inclusion(HELD, KEPT), [])
    ]
    both = {CONSISTENCY, INCLUSION} if checker in FULL.values() else {INCLUSION}
    assert checker(cut) == [both] * len(cut)


@each
def test_a_fork_between_two_persons_is_refused(checker: Checker) -> None:
    """Two checkpoints of one size, both signed by the log, with different roots: one person meets the other's."""
    mine, theirs = PublishedLog(LEAVES, KEY), PublishedLog(edited(), KEY)
    asked = [
        Shown(mine.verifier.vkey(), mine.note(SIZE), theirs.note(SIZE), proof, LEAVES[HELD], HELD, inclusion)
        for proof in ([], [mine.root(SIZE)])
        for inclusion in (mine.inclusion(HELD, SIZE), theirs.inclusion(HELD, SIZE))
    ]
    both = {CONSISTENCY, INCLUSION} if checker in FULL.values() else {INCLUSION}
    assert checker(asked) == [both] * len(asked)


@each
def test_another_key_and_another_origin_are_refused(checker: Checker) -> None:
    other_key, other_origin = PublishedLog(LEAVES), PublishedLog(LEAVES, KEY, "other.example/log")
    # The hardest: the text says another origin, and the signature line is by the very name and key that are trusted.
    text = Checkpoint("other.example/log", SIZE, other_origin.root(SIZE)).text()
    line = Signature(ORIGIN, key_hash(ORIGIN, KEY.verify_key()), KEY.sign(b"", text.encode()))
    mixed = f"{text}\n{print_signature(line)}\n".encode()
    true = shown(PublishedLog(LEAVES, KEY), SIZE, SIZE, HELD)
    asked = [
        Shown(true.vkey, note, note, [], true.leaf, true.index, true.inclusion)
        for note in (other_key.note(SIZE), other_origin.note(SIZE), mixed)
    ]
    assert checker(asked) == [{NOTE}] * 3
    assert checker([true]) == [set()]


@each
def test_a_bit_of_a_checkpoint_or_a_proof_changed_is_refused(checker: Checker) -> None:
    true = shown(PublishedLog(LEAVES, KEY), KEPT, SIZE, HELD)
    bent = [bytes([true.inclusion[0][0] ^ 1]) + true.inclusion[0][1:], *true.inclusion[1:]]
    more = true.new.replace(b"\n20\n", b"\n21\n")
    asked = [
        Shown(true.vkey, true.old, more, true.consistency, true.leaf, HELD, true.inclusion),
        Shown(true.vkey, true.old, true.new, true.consistency, true.leaf, HELD, bent),
        Shown(true.vkey, true.old, true.new, true.consistency, true.leaf, HELD + 1, true.inclusion),
        Shown(true.vkey, true.old, true.new, true.consistency, true.leaf, HELD, true.inclusion[:-1]),
    ]
    assert checker(asked) == [{NOTE}, {INCLUSION}, {INCLUSION}, {INCLUSION}]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_give_others_the_same_root_entries_and_proofs(tmp_path: Path, size: int) -> None:
    reader = read_tiles(tmp_path, LOG.tiles(size))
    assert reader.get_checkpoint().root_hash == reader.calculate_root_hash() == LOG.root(size)
    for index in {0, size // 2, size - 1}:
        assert reader.get_entry(index) == LOG.leaves[index]
        assert reader.get_inclusion_proof(index, size).node_hashes == LOG.inclusion(index, size)
    for old in {1, (size + 1) // 2, size}:
        assert reader.get_consistency_proof(old, size).node_hashes == LOG.consistency(old, size)


@pytest.mark.parametrize(("path", "place"), [("tile/1/000.p/3", 0), ("tile/0/003.p/232", 32 * 100 + 5)])
def test_a_bit_of_a_tile_changed_gives_others_another_root(tmp_path: Path, path: str, place: int) -> None:
    files = LOG.tiles(1000)
    tile = bytearray(files[path])
    tile[place] ^= 1
    files[path] = bytes(tile)
    reader = read_tiles(tmp_path, files)
    assert reader.get_checkpoint().root_hash != reader.calculate_root_hash()


def read_tiles(folder: Path, files: dict[str, bytes]) -> tlog_scales.reader.TilesReader:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return tlog_scales.reader.TilesReader(tlog_scales.backend.LocalBackend(folder))


def test_others_verify_our_cosignatures_and_refuse_those_over_another_text() -> None:
    witness = SigningKey.generate()
    vkey = Verifier("witness.example/w1", witness.verify_key(), COSIGNATURE).vkey()
    note = LOG.note(7)
    text, _ = parse_note(note)
    for said, true in ((text, True), (text.replace("\n7\n", "\n8\n"), False)):
        cosigned = add_signatures(note, [cosign(said, "witness.example/w1", witness, 1_700_000_000)])
        checkpoint = tlog_scales.tlog.Checkpoint.from_text(cosigned.decode())
        keys = tlog_scales.signing.VkeySet(tlog_scales.signing.Vkey.from_string(vkey))
        assert bool(keys.verify(checkpoint.signatures, checkpoint)) is true
        # Those who do not know cosignatures still read the note, by the log's signature.
        assert metamorphic_log.verify_signed_note(cosigned.decode(), [LOG.verifier.vkey()]) == 1
    assert tlog_scales.signing.Vkey.from_string(vkey).serialize() == vkey


def test_a_proof_file_is_line_by_line_what_others_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import tlog_scales.cli  # noqa: PLC0415

    read_tiles(tmp_path, LOG.tiles(257))
    options = tlog_scales.cli.build_parser().parse_args(["gen-proof", str(tmp_path), "100"])
    options.func(options)
    ours = print_proof_file(ProofFile(100, tuple(LOG.inclusion(100, 257)), LOG.note(257)))
    assert capsys.readouterr().out.encode() == ours
