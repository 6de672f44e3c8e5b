"""The same statement in every dialect gives the same records."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.domain.record import Json
from cockpit.sources.port import FaultKind
from cockpit_connectors.intl_ofx.values import amount, day

from .statements import HEADER, XML_HEADER, Movement, ofx, outcomes, statement, transactions

MOVES = [
    Movement(name="Épicerie Fraîche & Fils", memo="X1234 LYON", fitid="A1"),
    Movement(date="20240105", amount="1850.00", name="SALAIRE < PRIME", fitid="A2"),
    Movement(date="20240105", amount="-0.50", name="FRAIS"),
]


def contents(content: bytes | str) -> list[tuple[str, dict[str, Json]]]:
    records, faults = outcomes(content)
    assert faults == []
    return [(record.source_key, record.data) for record in records]


def test_every_dialect_gives_the_same_records() -> None:
    wanted = contents(ofx(statement(MOVES)))
    assert len(wanted) == 4
    assert [data["label"] for _, data in wanted[1:]] == ["Épicerie Fraîche & Fils", "SALAIRE < PRIME", "FRAIS"]
    plain = ofx(statement(MOVES))
    dialects: dict[str, bytes | str] = {
        "closed tags": ofx(statement(MOVES, closed=True)),
        "all on one line": ofx(statement(MOVES, end=""), end=""),
        "no line ends, closed": ofx(statement(MOVES, closed=True, end=""), end=""),
        "carriage returns": plain.replace("\n", "\r\n"),
        "no header": plain.removeprefix(HEADER),
        "blank lines first": "\r\n\r\n\n" + plain,
        "header on one line": plain.replace(HEADER, HEADER.replace("\n", " ")),
        "indented": plain.replace("\n<", "\n\t\t  <"),
        "comma": plain.replace("-42.90", "-42,90").replace("1850.00", "+1 850,00"),
        "no needless zero": plain.replace("-42.90", "-42.9").replace("1850.00", "1850").replace("-0.50", "-.5"),
        "times and zones": plain.replace("<DTPOSTED>20240105", "<DTPOSTED>20240105233000.000[-11:SST]"),
        "XML": ofx(statement(MOVES, closed=True), header=XML_HEADER).encode(),
        "XML with a comment": ofx(statement(MOVES, closed=True), header=XML_HEADER + "<!-- <STMTTRN> -->").encode(),
        "UTF-8 that says 1252": plain.encode(),
        "UTF-8 with its mark": plain.encode("utf-8-sig"),
        "UTF-16 with its mark": plain.encode("utf-16"),
        "Latin-1": plain.replace("CHARSET:1252", "CHARSET:ISO-8859-1").encode("latin-1"),
        "no charset": plain.replace("CHARSET:1252", "CHARSET:NONE"),
        "a lone ampersand": plain.replace("&amp;", "&"),
        "lower case": plain.replace("<", "\x00<").lower().replace("\x00", ""),
        "unclosed transactions": plain.replace("</STMTTRN>\n", ""),
    }
    for name, content in dialects.items():
        found = contents(content)
        if name == "lower case":
            found = [(key, {field: str(value).lower() for field, value in data.items()}) for key, data in found]
            assert [data["label"] for _, data in found[1:]] == ["épicerie fraîche & fils", "salaire < prime", "frais"]
        else:
            assert found == wanted, name


def test_the_euro_sign_and_damaged_utf_8() -> None:
    (record,) = transactions(ofx(statement([Movement(name="RETRAIT 20 €")])))
    assert record.data["label"] == "RETRAIT 20 €"
    utf8 = ofx(statement([Movement(name="Crêpe")]), header=XML_HEADER).encode()
    (record,) = transactions(utf8.replace("Crêpe".encode(), b"Cr\xff\xc3\xaape"))
    assert record.data["label"] == "Crêpe"


def test_inner_aggregates_unknown_ones_and_empty_elements() -> None:
    base = ofx(statement([Movement(fitid="A1")]))
    payee = base.replace("<NAME>ACHAT", "<PAYEE><NAME>Librairie<CITY>Nantes</PAYEE>")
    assert transactions(payee)[0].data["label"] == "Librairie"
    unknown = base.replace("<NAME>", "<X.PRIVATE>\n<NAME>not this\n<TRNAMT>9.99\n</X.PRIVATE>\n<NAME>")
    assert transactions(unknown)[0].data == transactions(base)[0].data
    other_account = base.replace("<NAME>", "<BANKACCTTO><BANKID>1<ACCTID>2<ACCTTYPE>SAVINGS</BANKACCTTO><NAME>")
    assert transactions(other_account)[0].data == transactions(base)[0].data
    empty = base.replace("<NAME>", "<CHECKNUM>\n<REFNUM></REFNUM>\n<SIC/>\n<NAME>")
    assert transactions(empty)[0].data == transactions(base)[0].data
    memo_only = base.replace("<NAME>ACHAT", "<NAME>\n<MEMO>CARTE 12/01")
    assert (transactions(memo_only)[0].data["label"], transactions(memo_only)[0].data["details"]) == (
        "CARTE 12/01",
        None,
    )


def test_currencies_and_value_dates() -> None:
    base = ofx(statement([Movement()]))
    foreign = base.replace("<NAME>", "<CURRENCY><CURRATE>1.05<CURSYM>CHF</CURRENCY><NAME>")
    converted = base.replace("<NAME>", "<ORIGCURRENCY><CURRATE>1.05<CURSYM>CHF</ORIGCURRENCY><NAME>")
    assert transactions(foreign)[0].data["currency"] == "CHF"
    assert transactions(converted)[0].data["currency"] == "EUR"
    assert transactions(base.replace("<NAME>", "<DTAVAIL>20240131<NAME>"))[0].data["value_date"] == "2024-01-31"
    assert transactions(base.replace("<CURDEF>EUR", "<CURDEF>"))[0].data["currency"] is None


def test_labels_that_look_like_marks_keep_their_words() -> None:
    for name in ("VIR <Paul>", "A <- B", "5 < 7 > 3", "R&D &nbsp; &#169; &unknown; & co", "<? ok", "a <!- b"):
        text = ofx(statement([Movement(name="@@", fitid="1")])).replace("@@", name)
        label = transactions(text)[0].data["label"]
        assert label == name.replace("&nbsp; ", "").replace("&#169;", "©")


@pytest.mark.parametrize(
    ("written", "read"),
    [("-12,34", "-12.34"), ("+1 234,56", "1234.56"), ("1.234,56", "1234.56"), ("1,234.56", "1234.56")]
    + [("120", "120.00"), (".5", "0.50"), ("0.010", "0.01"), ("-0,00", "0.00"), ("1.234.567", "1234567.00")]
    + [("\u22125,00", "-5.00"), ("1'234.50", "1234.50"), ("1\u00a0234,00", "1234.00"), ("1,234", "1.234")]
    + [(bad, None) for bad in ("", "-", ".", "1E5", "--3", "12,34,56", "1.234.56", "NaN", "Infinity", "٣", "9" * 40)],
)
def test_amounts(written: str, read: str | None) -> None:
    assert amount(written) == read


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from([".", ","]))
@settings(max_examples=200)
def test_amounts_keep_their_value(value: object, mark: str) -> None:
    text = f"{value:.2f}"
    assert amount(text.replace(".", mark)) == (text if text.strip("-0.") else "0.00")


@pytest.mark.parametrize(
    ("written", "read"),
    [("20240229", "2024-02-29"), ("20090401122017.000[-5:EST]", "2009-04-01"), ("20180804093914:014", "2018-08-04")]
    + [("2024-01-31", "2024-01-31"), ("20240131000000[+1:CET]", "2024-01-31"), ("20240131Z", "2024-01-31")]
    + [(bad, None) for bad in ("", "2024", "20230229", "00000000", "99991231", "20240131abc", "٢٠٢٤٠١٣١", "x20240131")],
)
def test_dates(written: str, read: str | None) -> None:
    assert day(written) == read


def test_statements_of_several_accounts_and_cards() -> None:
    card = (
        statement([Movement()], account="4978XXXXXXXX1234")
        .replace("STMTTRNRS", "CCSTMTTRNRS")
        .replace("STMTRS", "CCSTMTRS")
        .replace("BANKACCTFROM", "CCACCTFROM")
    )
    records, faults = outcomes(ofx(statement(MOVES), statement([], account="222"), card))
    assert faults == []
    accounts = [record for record in records if record.kind == "bank.account"]
    assert [(record.data["account"], record.data["type"]) for record in accounts] == [
        ("00012345678", "CHECKING"),
        ("222", "CHECKING"),
        ("4978XXXXXXXX1234", "CREDITCARD"),
    ]
    assert [record.data["account"] for record in records[3:]] == ["00012345678"] * 3 + ["4978XXXXXXXX1234"]


def test_investments_are_said_and_pending_lines_left_out() -> None:
    investment = "<INVSTMTTRNRS><INVSTMTRS><INVBANKTRAN>" + "<STMTTRN><DTPOSTED>20240101<TRNAMT>1</STMTTRN>"
    investment += "</INVBANKTRAN></INVSTMTRS></INVSTMTTRNRS>"
    pending = "<BANKTRANLISTP><STMTTRNP><TRNAMT>-9.99<NAME>PENDING</STMTTRNP></BANKTRANLISTP></STMTRS>"
    records, faults = outcomes(ofx(investment, statement(MOVES).replace("</STMTRS>", pending)))
    assert [(fault.kind, fault.code) for fault in faults] == [(FaultKind.UNSUPPORTED, "unsupported-statement")]
    assert len(records) == 4


@pytest.mark.parametrize(
    "empty",
    ["<STMTTRNP></STMTTRNP>", "<STMTTRNP>", "<BANKTRANLISTP/>", "<INVSTMTRS></INVSTMTRS>", "<AVAILBAL></AVAILBAL>"],
)
def test_empty_and_unclosed_aggregates_swallow_nothing(empty: str) -> None:
    text = ofx(statement(MOVES)).replace("<BANKTRANLIST>", empty + "<BANKTRANLIST>")
    records, faults = outcomes(text)
    assert len(records) == 4
    assert [fault.code for fault in faults] == (["unsupported-statement"] if "INV" in empty else [])


@pytest.mark.parametrize("written", ["", " ", "abc"])
def test_a_balance_that_is_empty_or_wrong_leaves_the_account_without_one(written: str) -> None:
    records, faults = outcomes(ofx(statement(MOVES)).replace("<BALAMT>100.00", f"<BALAMT>{written}"))
    assert (records[0].data["balance"], records[0].data["balance_date"]) == (None, None)
    assert [fault.code for fault in faults] == (["bad-balance"] if written == "abc" else [])
    assert len(records) == 4


def test_the_latest_balance_of_an_account_is_kept() -> None:
    late, soon = statement(MOVES), statement([replace(MOVES[0], date="20231204")]).replace("20240131", "20231231")
    for text in (ofx(late, soon), ofx(soon, late)):
        accounts = [record for record in outcomes(text)[0] if record.kind == "bank.account"]
        assert [record.data["balance_date"] for record in accounts] == ["2024-01-31"]
