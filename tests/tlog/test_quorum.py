"""Quorum files: what they may say, and which checkpoints they accept."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import add_signatures, cosign
from cockpit.tlog.note import COSIGNATURE, Verifier, parse_note
from cockpit.tlog.quorum import Group, Quorum, check_quorum, parse_quorum
from tests.published_log import ORIGIN, grown

LOG = grown(5)
KEYS = {name: SigningKey.generate() for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
VKEYS = {name: Verifier(f"{name}.example", key.verify_key(), COSIGNATURE).vkey() for name, key in KEYS.items()}
# The example of the specification: two of one organisation and one of the other.
FILE = "\n".join(
    [
        "# whom we trust", f"log {LOG.verifier.vkey()} https://cockpit.example/log", "",
        *(f"witness {name} {text} https://{name}.example" for name, text in VKEYS.items()),
        "group X-witnesses 2 X1 X2 X3", "\tgroup Y-witnesses any  Y1 Y2\tY3 ",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y", "",
    ]
)  # fmt: skip


def cosigned(names: Iterable[str]) -> bytes:
    note = LOG.note(5)
    text, _ = parse_note(note)
    return add_signatures(note, [cosign(text, f"{name}.example", KEYS[name], 100) for name in names])


def test_a_file_says_logs_witnesses_groups_and_one_quorum() -> None:
    quorum = parse_quorum(FILE.encode())
    assert [log.key.name for log in quorum.logs] == [ORIGIN]
    assert (quorum.witnesses[0].name, quorum.witnesses[0].url) == ("X1", "https://X1.example")
    assert quorum.groups[1] == Group("Y-witnesses", 1, ("Y1", "Y2", "Y3"))
    assert quorum.required == "X-and-Y"


@given(st.sets(st.sampled_from(sorted(KEYS))))
def test_a_checkpoint_is_accepted_exactly_when_enough_cosigned(names: set[str]) -> None:
    enough = len(names & {"X1", "X2", "X3"}) >= 2 and bool(names & {"Y1", "Y2", "Y3"})
    quorum = parse_quorum(FILE.encode())
    assert quorum.is_met(names) is enough
    if enough:
        witnessed = check_quorum(quorum, cosigned(names))
        assert witnessed.checkpoint.size == 5
        assert {said.witness for said in witnessed.cosignatures} == {f"{name}.example" for name in names}
    else:
        with pytest.raises(Tampered, match="too few"):
            check_quorum(quorum, cosigned(names))


def test_a_quorum_of_none_wants_the_logs_signature_alone() -> None:
    assert check_quorum(Quorum("none"), LOG.note(5), LOG.verifier).cosignatures == ()
    with pytest.raises(Tampered, match="no log"):
        check_quorum(Quorum("none"), LOG.note(5))
    with pytest.raises(Tampered):
        check_quorum(Quorum("none"), LOG.note(5), grown(5).verifier)


def test_a_group_cannot_be_passed_off_as_a_witness() -> None:
    assert not parse_quorum(FILE.encode()).is_met({"X-and-Y", "X-witnesses", "Y-witnesses"})


def test_a_false_cosignature_is_refused_even_where_enough_others_stand() -> None:
    text, _ = parse_note(LOG.note(4))
    note = add_signatures(cosigned(["X1", "X2", "Y1"]), [cosign(text, "X3.example", KEYS["X3"], 100)])
    with pytest.raises(Tampered):
        check_quorum(parse_quorum(FILE.encode()), note)


def test_a_checkpoint_of_another_log_or_origin_is_refused() -> None:
    quorum = parse_quorum(f"log {LOG.verifier.vkey()}\nquorum none\n".encode())
    assert check_quorum(quorum, LOG.note(5)).checkpoint.size == 5
    for other in (grown(5), grown(5, key=LOG.key, origin="other.example/log")):
        with pytest.raises(Tampered):
            check_quorum(quorum, other.note(5))


def test_a_name_is_octets_whatever_unicode_says_of_them() -> None:
    """The specification's own example: the letter K and the sign of the kelvin are two names."""
    raw = f"witness K {VKEYS['X1']}\nwitness \u212a {VKEYS['X2']}\ngroup g all K \u212a\nquorum g\n".encode()
    assert len(parse_quorum(raw).witnesses) == 2
    raw = f"witness a\u00a0b {VKEYS['X1']}\nquorum a\u00a0b\n".encode()
    assert parse_quorum(raw).required == "a\u00a0b"
    assert parse_quorum(b"witness \xff " + VKEYS["X1"].encode() + b"\nquorum \xff\n").is_met({"\udcff"})


W1, W2 = f"witness a {VKEYS['X1']}\n", f"witness b {VKEYS['X2']}\n"


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "quorum none", "quorum none\r\n", "quorum none\nquorum none\n", "quorum a\n", "quorum none x\n",
        f"quorum a\n{W1}", "witness a\nquorum none\n", f"{W1}{W1}quorum a\n",
        f"{W1}{W1.replace(' a ', ' b ')}quorum a\n",
        f"{W1}{W2.replace(' b ', ' a ')}quorum a\n", f"{W1}{W2.replace(' b ', ' none ')}quorum a\n",
        f"{W1}group g 2 a\nquorum g\n", f"{W1}group g 0 a\nquorum g\n", f"{W1}group g 01 a\nquorum g\n",
        f"{W1}group g all\nquorum g\n", f"{W1}group g any a a\nquorum g\n", f"{W1}group g any none\nquorum g\n",
        f"{W1}group g any g\nquorum g\n", f"{W1}group a any a\nquorum a\n", f"{W1}group g \u0661 a\nquorum g\n",
        f"{W1}group g any a\ngroup h any a\nquorum h\n", f"{W1}group g any b\n{W2}quorum g\n",
        f"log {VKEYS['X1']}\nquorum none\n", f"witness a {LOG.verifier.vkey()}\nquorum a\n",
        f"log {LOG.verifier.vkey()}\nlog {LOG.verifier.vkey()} https://x.example\nquorum none\n",
        f"log {LOG.verifier.vkey()} a b\nquorum none\n", "policy x\nquorum none\n", "quorum none\n\x00\n",
        "#" * (256 * 1024) + "\nquorum none\n",
    ],
    ids=count(),
)  # fmt: skip
def test_a_file_that_says_something_else_is_refused(text: str) -> None:
    with pytest.raises(OperatorMustAct, match="quorum"):
        parse_quorum(text.encode())
