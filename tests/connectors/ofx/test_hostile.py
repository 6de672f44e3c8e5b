"""Damaged and hostile files end in typed faults: good transactions stay, nothing is raised, nothing is resolved."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.sources.port import FaultKind, Probe
from cockpit_connectors.intl_ofx.connector import MOST_BAD_LINES, connector

from .statements import ACCOUNT, HEADER, XML_HEADER, Movement, ofx, outcomes, statement

SAMPLES = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "samples").glob("*.ofx")}
MARKS = [
    "<OFX>",
    "</OFX>",
    "<STMTRS>",
    "</STMTRS>",
    "<STMTTRN>",
    "</STMTTRN>",
    "<DTPOSTED>20240101",
    "<TRNAMT>1",
    "<NAME>x",
    "<BANKACCTFROM>",
    "</BANKACCTFROM>",
    "<ACCTID>7",
    "<LEDGERBAL>",
    "<BALAMT>1",
    "<PAYEE>",
    "</PAYEE>",
    "<INVSTMTRS>",
    "</INVSTMTRS>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<STMTTRNP>",
    "<BANKTRANLIST>",
    "</BANKTRANLIST>",
]
MOVES = [Movement(fitid=str(rank), amount=f"-{rank}.00", name=f"LINE {rank}") for rank in range(1, 6)]


def check(content: bytes) -> None:
    """Whatever the bytes, there is an answer, and faults hold no value of the file."""
    assert 0.0 <= connector.recognise(Probe("x.ofx", content[: 64 * 1024], len(content))) <= 1.0
    records, faults = outcomes(content)
    assert records or faults
    for fault in faults:
        assert isinstance(fault.kind, FaultKind)
        assert ACCOUNT not in fault.message + (fault.place or "")


@pytest.mark.parametrize("stem", sorted(SAMPLES))
def test_every_truncation(stem: str) -> None:
    sample = SAMPLES[stem]
    whole = {record.source_key for record in outcomes(sample)[0]}
    for size in range(len(sample)):
        check(sample[:size])
        records, faults = outcomes(sample[:size])
        # Nothing is made up of a value cut short: whatever is read was in the whole file.
        assert {record.source_key for record in records} <= whole
        assert faults or size >= sample.index(b"</OFX>")


@pytest.mark.parametrize("stem", sorted(SAMPLES))
def test_flipped_bits(stem: str) -> None:
    chance = random.Random(stem)
    for _ in range(300):
        damaged = bytearray(SAMPLES[stem])
        for _ in range(chance.randint(1, 5)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        check(bytes(damaged))


@given(content=st.binary(max_size=200), header=st.sampled_from([b"", HEADER.encode(), b"<OFX>", b"<OFX><STMTTRN>"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes(content: bytes, header: bytes) -> None:
    check(header + content)


@given(marks=st.lists(st.sampled_from(MARKS), max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_order_of_marks(marks: list[str]) -> None:
    check(("<OFX>" + "".join(marks)).encode())


def test_a_bad_transaction_is_named_and_the_others_stay() -> None:
    text = (
        ofx(statement(MOVES)).replace("<TRNAMT>-2.00", "<TRNAMT>two").replace("<DTPOSTED>20240104\n<TRNAMT>-4.00", "")
    )
    records, faults = outcomes(text)
    assert [record.data["amount"] for record in records[1:]] == ["-1.00", "-3.00", "-5.00"]
    assert [(fault.kind, fault.code, fault.place) for fault in faults] == [
        (FaultKind.BAD_LINE, "bad-amount", "transaction 2, line 30"),
        (FaultKind.BAD_LINE, "bad-date", "transaction 4, line 44"),
    ]


def test_a_lost_mark_costs_one_transaction_and_is_said() -> None:
    text = ofx(statement(MOVES))
    broken = text.replace("<STMTTRN>\n<TRNTYPE>DEBIT\n<DTPOSTED>20240104\n<TRNAMT>-3", "<TRNTYPE>DEBIT\n<TRNAMT>-3")
    records, faults = outcomes(broken)
    assert [record.data["amount"] for record in records[1:]] == ["-1.00", "-2.00", "-4.00", "-5.00"]
    assert [fault.code for fault in faults] == ["stray-amount"]
    merged = text.replace("</STMTTRN>\n<STMTTRN>\n", "", 1)
    records, faults = outcomes(merged)
    assert [record.data["amount"] for record in records[1:]] == ["-3.00", "-4.00", "-5.00"]
    assert [fault.code for fault in faults] == ["two-amounts"]


def test_a_truncated_file_says_so_and_makes_nothing_up() -> None:
    text = ofx(statement(MOVES))
    records, faults = outcomes(text[: text.index("-3.00") + 2])
    assert [record.data["amount"] for record in records[1:]] == ["-1.00", "-2.00"]
    assert [fault.code for fault in faults] == ["truncated", "truncated-file"]
    records, faults = outcomes(text[: text.index(ACCOUNT) + 3])
    assert (records, [fault.code for fault in faults]) == ([], ["truncated-file"])
    records, _ = outcomes(text[: text.index("100.00") + 2])
    assert records[0].data["balance"] is None


def test_bad_transactions_are_capped_with_a_count() -> None:
    records, faults = outcomes(ofx(statement([Movement(amount="x")] * (MOST_BAD_LINES + 7) + MOVES)))
    assert len(records) == 6
    assert len(faults) == MOST_BAD_LINES + 1
    assert (faults[-1].code, faults[-1].message.split()[0]) == ("more-bad-lines", "7")


def test_a_statement_without_account_keeps_its_lines_and_says_so() -> None:
    records, faults = outcomes(ofx(statement(MOVES, account="")))
    assert {record.data["account"] for record in records} == {"unknown"}
    assert len(records) == 6
    assert [(fault.code, fault.place) for fault in faults] == [("no-account", "statement 1, line 14")]


@pytest.mark.parametrize(
    "declaration",
    ['<!DOCTYPE OFX [<!ENTITY a SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE OFX SYSTEM "x.dtd">', '<!ENTITY a "aaaa">'],
)
def test_declarations_are_refused(declaration: str) -> None:
    content = ofx(statement(MOVES, closed=True), header=XML_HEADER + declaration).replace("LINE 1", "&a;")
    records, faults = outcomes(content)
    assert records == []
    assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.UNSUPPORTED, "declaration-refused")]


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"", FaultKind.UNSUPPORTED, "empty-file"),
        (b"\r\n \n", FaultKind.UNSUPPORTED, "empty-file"),
        (b"Date;Montant\n", FaultKind.LAYOUT_CHANGED, "no-ofx"),
        (HEADER.encode(), FaultKind.LAYOUT_CHANGED, "no-ofx"),
        (b"<OFX></OFX>", FaultKind.UNSUPPORTED, "no-statement"),
        (b" " * (32 * 1024 * 1024 + 1), FaultKind.TOO_BIG, "file-too-big"),
    ],
)
def test_a_file_that_gives_nothing_says_why(content: bytes, kind: FaultKind, code: str) -> None:
    records, faults = outcomes(content)
    assert records == []
    assert [(fault.kind, fault.code) for fault in faults] == [(kind, code)]


@pytest.mark.parametrize(
    "piece",
    ["<", "<!--", "<![CDATA[", "<?", "<AB ", '<AB x="" ', "&amp", "&", "<STMTTRN>", "<A1>", "<X9></X9>", " ", "<OFX>"],
)
def test_time_grows_with_the_size_only(piece: str) -> None:
    before = time.process_time()
    check(("<OFX><STMTTRN><NAME>" + piece * (1_000_000 // len(piece))).encode())
    assert time.process_time() - before < 15


def test_a_value_without_end_is_cut() -> None:
    records, _ = outcomes(ofx(statement([Movement(name="A" * 2_000_000)])))
    assert records[1].data["label"] == "A" * 1000
