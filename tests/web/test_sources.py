"""Dropping files: what came of each is said, with the line or page of what could not be read."""

from __future__ import annotations

from cockpit.sources.port import Fault, FaultKind
from cockpit_web.fault_words import told_fault
from tests.web.screen import TestClient, spaced

STATEMENT = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261102<LANGUAGE>FRA</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>10011<BRANCHID>00020<ACCTID>00020123456<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261001<DTEND>20261031
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261005<TRNAMT>-12.34<FITID>A1<NAME>BOULANGERIE</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261006<TRNAMT>twelve<FITID>A2<NAME>LIBRAIRIE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>100.00<DTASOF>20261031</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def drop(client: TestClient, *files: tuple[str, bytes]) -> tuple[int, str]:
    answer = client.post("/sources/ajouter", files=[("fichiers", file) for file in files])
    return answer.status_code, " ".join(spaced(answer.text).split())


def test_a_statement_is_recognised_kept_and_its_bad_line_named(camille: TestClient) -> None:
    status, text = drop(camille, ("releve.ofx", STATEMENT))
    assert status == 200
    assert "C'est rangé dans votre espace" in text
    assert "Opération 2, ligne 16" in text
    assert "BOULANGERIE" in camille.get("/donnees/banque").text
    assert "LIBRAIRIE" not in camille.get("/donnees/banque").text


def test_the_same_file_twice_adds_nothing(camille: TestClient) -> None:
    drop(camille, ("releve.ofx", STATEMENT))
    _, text = drop(camille, ("releve.ofx", STATEMENT))
    assert "<dt>Nouvelles</dt><dd>0</dd>" in text
    assert "<dt>Modifiées</dt><dd>0</dd>" in text


def test_a_file_may_be_added_to_a_locked_space(camille: TestClient) -> None:
    camille.post("/verrouiller")
    status, text = drop(camille, ("releve.ofx", STATEMENT))
    assert status == 200
    assert "C'est rangé" in text


def test_one_bad_file_does_not_stop_the_others(camille: TestClient) -> None:
    status, text = drop(camille, ("vide.txt", b""), ("photo.bin", bytes(range(256)) * 40), ("releve.ofx", STATEMENT))
    assert status == 200
    assert text.count("<section") == 3
    assert "Ce fichier est vide." in text
    assert "C'est rangé" in text


def test_hostile_names_are_shown_as_text(camille: TestClient) -> None:
    _, text = drop(camille, ("../../<img src=x>\u202eexe.ofx", STATEMENT))
    assert "&lt;img src=x&gt;" in text
    assert "\u202e" not in text
    assert "../" not in text


def test_no_file_is_said(camille: TestClient) -> None:
    assert drop(camille)[0] == 422
    answer = camille.post("/sources/ajouter", data={"fichiers": "texte"})
    assert answer.status_code == 422
    assert "Choisissez au moins un fichier" in answer.text


def test_too_many_files_are_refused(camille: TestClient) -> None:
    assert drop(camille, *[(f"{number}.ofx", b"x") for number in range(60)])[0] == 400


def test_a_fault_says_where_in_the_persons_language() -> None:
    fault = Fault(FaultKind.BAD_LINE, "bad-date", "The date is not a date.", "line 12")
    assert (told_fault(fault, "fr").sentence, told_fault(fault, "fr").place) == (
        "Une date n'existe pas ou est mal écrite.", "ligne 12",
    )  # fmt: skip
    assert told_fault(fault, "en").place == "line 12"


def test_a_fault_nobody_has_words_for_is_said_by_its_kind() -> None:
    for kind in FaultKind:
        assert told_fault(Fault(kind, "never-heard-of", "x"), "fr").sentence
