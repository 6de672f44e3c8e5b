"""One receipt by itself, and an archive held to what was kept: on logs made by hand, so that each part can be bent."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cockpit.receipts.signed_records import receipts_name
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.note import vkey
from cockpit.verifier.verify import (
    NOT_PROVED,
    PROVED,
    REFUTED,
    UNREADABLE,
    Report,
    main,
    verify,
    verify_file,
    verify_receipt,
    verify_since,
)
from tests.verifier.specimen import CONSENTS, ORIGIN, Specimen

BOTH = ["receipt", "in-log"]


def lived() -> Specimen:
    specimen = Specimen()
    specimen.live()
    return specimen


def keys(specimen: Specimen) -> tuple[str, str]:
    """The vkeys of the log and of the receipts."""
    return (
        vkey(f"{ORIGIN}/{CONSENTS}", specimen.log_key.verify_key()),
        vkey(receipts_name(ORIGIN), specimen.receipts_key.verify_key()),
    )


def proof_of(specimen: Specimen, index: int) -> str:
    hashes = [base64.b64encode(one).decode() for one in specimen.proof(CONSENTS, index)]
    note = specimen.tree(CONSENTS).checkpoint.decode()
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *hashes]) + "\n\n" + note


def receipts(specimen: Specimen) -> list[dict[str, Any]]:
    """The receipts of the consent and of its withdrawal, with proofs under the newest checkpoint."""
    return [one | {"proof": proof_of(specimen, one["log"]["index"])} for _, one in sorted(specimen.receipts.items())]


def faults(report: Report) -> list[tuple[str, str]]:
    return [(name, fault.fault) for name, fault in report.checks if fault]


# A receipt alone


def test_a_receipt_is_proved_with_both_keys_and_says_its_logs_size() -> None:
    specimen = lived()
    for receipt in receipts(specimen):
        report = verify_receipt(canonical(receipt), keys(specimen))
        assert report.outcome == PROVED
        assert [name for name, _ in report.checks] == BOTH
        assert faults(report) == []
        assert report.counts == {"log_size": specimen.logs[CONSENTS].edge.size}
        assert set(report.not_proved) == set(NOT_PROVED) - {"keys", "in-log", "earlier", "grew"}


def test_without_a_key_or_a_proof_it_says_that_the_log_was_not_looked_at() -> None:
    specimen = lived()
    log, signer = keys(specimen)
    (given, _) = receipts(specimen)
    for content, trusted, left in (
        (given, (signer,), {"in-log"}),
        (given | {"proof": ""}, (log, signer), {"in-log"}),
        (given, (), {"in-log", "keys"}),
    ):
        report = verify_receipt(canonical(content), trusted)
        assert (report.outcome, [name for name, _ in report.checks]) == (PROVED, ["receipt"])
        assert {"in-log", "keys"} & set(report.not_proved) == left
        assert report.counts == {}


def of_a_later_state(receipt: dict[str, Any], specimen: Specimen) -> None:
    specimen.logs[CONSENTS].grow(b"more")
    path = receipt["proof"].partition("\n\n")[0]
    receipt["proof"] = path + "\n\n" + specimen.tree(CONSENTS).checkpoint.decode()


def bent_proof(change: Callable[[str], str]) -> Callable[[dict[str, Any], Specimen], None]:
    def bend(receipt: dict[str, Any], specimen: Specimen) -> None:
        changed = change(receipt["proof"])
        assert changed != receipt["proof"]
        receipt["proof"] = changed

    return bend


def without_a_hash(proof: str) -> str:
    lines = proof.split("\n")
    return "\n".join(lines[:2] + lines[3:])


def with_another_hash(proof: str) -> str:
    lines = proof.split("\n")
    return "\n".join([*lines[:2], base64.b64encode(bytes(32)).decode(), *lines[3:]])


BENDS: dict[str, tuple[Callable[[dict[str, Any], Specimen], object], tuple[str, str]]] = {
    "a member more": (lambda one, _: one.update(more=1), ("receipt", "other-format")),
    "a member less": (lambda one, _: one.pop("acknowledgement"), ("receipt", "other-format")),
    "another schema": (lambda one, _: one.update(schema="x mesinfos-cockpit receipt v2"), ("receipt", "other-format")),
    "another record": (lambda one, _: one["record"].update(at="2020-01-01T00:00:00Z"), ("receipt", "signature")),
    "another place": (lambda one, _: one["log"].update(index=0), ("receipt", "signature")),
    "no leaf": (lambda one, _: one["opened"].pop("leaf"), ("receipt", "signature")),
    "a place that is none": (lambda one, _: one.update(log=[]), ("receipt", "damaged")),
    "another index": (bent_proof(lambda one: one.replace("\nindex ", "\nindex 1")), ("in-log", "receipt-disagrees")),
    "another hash": (bent_proof(with_another_hash), ("in-log", "not-in-log")),
    "a proof of another form": (bent_proof(lambda one: one.replace("@v1", "@v2")), ("in-log", "proof-form")),
    "a hash less": (bent_proof(without_a_hash), ("in-log", "proof-form")),
    "another size": (bent_proof(lambda one: one.replace("/consent\n", "/consent\n1")), ("in-log", "signature")),
    "a proof that is text": (bent_proof(lambda one: "text"), ("in-log", "proof-form")),
    "a checkpoint of a later state": (of_a_later_state, ("in-log", "proof-form")),
}  # fmt: skip


@pytest.mark.parametrize("name", BENDS)
def test_a_bent_receipt_is_refuted_and_nothing_is_looked_at_after(name: str) -> None:
    change, fault = BENDS[name]
    specimen = lived()
    receipt = json.loads(json.dumps(receipts(specimen)[0]))
    trusted = keys(specimen)
    change(receipt, specimen)
    report = verify_receipt(canonical(receipt), trusted)
    assert (report.outcome, faults(report)) == (REFUTED, [fault])
    assert [name for name, _ in report.checks] == BOTH[: BOTH.index(fault[0]) + 1]
    assert report.not_proved == []


def test_keys_that_are_not_trusted_refute_and_what_is_no_receipt_is_unreadable() -> None:
    specimen, other = lived(), lived()
    content = canonical(receipts(specimen)[0])
    for trusted in (keys(specimen)[:1], keys(other)):
        assert faults(verify_receipt(content, trusted)) == [("receipt", "untrusted-receipts")]
    # The log's key of another deployment is no key of this log.
    mixed = (keys(other)[0], keys(specimen)[1])
    assert faults(verify_receipt(content, mixed)) == [("in-log", "checkpoint-unsigned")]
    for nothing in (b"{}", b"", b"[]"):
        report = verify_receipt(nothing, keys(specimen))
        assert (report.outcome, report.reason, report.checks) == (UNREADABLE, "not-ours", [])


def test_an_extra_line_of_a_proof_is_no_hash() -> None:
    specimen = lived()
    receipt = receipts(specimen)[0]
    receipt["proof"] = receipt["proof"].replace("@v1\n", "@v1\nextra AAAA\n")
    assert verify_receipt(canonical(receipt), keys(specimen)).outcome == PROVED


class Contradicting(Specimen):
    """A log whose entry of a decision says one thing otherwise than the signed record does."""

    says: ClassVar[dict[str, str]] = {}

    def log(self, event: str, audit: Any, subject: Any, minute: int = 30, log: str = "") -> dict[str, Any]:
        said = subject | self.says if event == "consent.given" else subject
        return super().log(event, audit, said, minute, log)


@pytest.mark.parametrize("name", ["consent", "clause_sha256", "record_sha256", "notice_sha256"])
def test_an_entry_that_contradicts_the_record_in_one_thing_is_refuted(name: str) -> None:
    specimen = type("Bent", (Contradicting,), {"says": {name: "0" * 64}})()
    specimen.live()
    given, withdrawn = receipts(specimen)
    assert faults(verify_receipt(canonical(given), keys(specimen))) == [("receipt", "receipt-disagrees")]
    assert verify_receipt(canonical(withdrawn), keys(specimen)).outcome == PROVED


@pytest.mark.parametrize(
    ("bend", "fault"),
    [
        (lambda proof: proof, ""),
        (with_another_hash, "not-in-log"),
        (without_a_hash, "proof-form"),
        (lambda proof: proof.replace("/consent\n", "/consent\n1"), "signature"),
    ],
)
def test_the_proofs_of_an_archives_receipts_are_looked_at(bend: Callable[[str], str], fault: str) -> None:
    specimen = lived()
    for path, receipt in specimen.receipts.items():
        specimen.receipts[path] = receipt | {"proof": bend(proof_of(specimen, receipt["log"]["index"]))}
    report = verify(specimen.taken(), keys(specimen))
    assert faults(report) == ([("receipts", fault)] if fault else [])


def test_an_entry_that_bears_somebody_elses_tag_is_none_of_this_person() -> None:
    specimen = lived()
    specimen.tag_key = bytes(32)
    assert faults(verify(specimen.taken())) == [("completeness", "entries-moved")]


def test_what_is_left_open_depends_on_the_keys_that_are_trusted() -> None:
    specimen = lived()
    archive = specimen.taken()
    left = set(NOT_PROVED) - {"in-log", "grew"}
    assert set(verify(archive).not_proved) == left
    assert set(verify(archive, keys(specimen)).not_proved) == left - {"keys"}
    nothing = verify(b"nothing of ours")
    assert (nothing.outcome, nothing.reason) == (UNREADABLE, "not-ours")


# What was kept


def grown(specimen: Specimen) -> bytes:
    """The archive after one thing more."""
    specimen.log("way.added", {}, {"way": "kit"}, 40)
    return specimen.taken()


def since(data: bytes, kept: bytes, trusted: tuple[str, ...] = ()) -> tuple[int, list[tuple[str, str]]]:
    report = verify_since(data, kept, trusted)
    assert report.outcome != UNREADABLE, report.reason
    return report.outcome, faults(report)


def test_whatever_was_kept_of_a_log_that_grew_is_found_again() -> None:
    specimen = lived()
    older, receipt, note = specimen.taken(), receipts(specimen)[0], specimen.tree(CONSENTS).checkpoint
    newer, trusted = grown(specimen), keys(specimen)
    for kept in (older, canonical(receipt), canonical(receipt | {"proof": ""}), note, receipt["proof"].encode()):
        for known in ((), trusted):
            report = verify_since(newer, kept, known)
            assert (report.outcome, faults(report)) == (PROVED, [])
            assert report.checks[-1] == ("since", None)
            assert "earlier" not in report.not_proved
            assert ("grew" in report.not_proved) == (kept != canonical(receipt | {"proof": ""}))
            assert report.counts == verify(newer).counts
    same = verify_since(newer, newer)
    assert (same.outcome, "grew" in same.not_proved) == (PROVED, False)


def test_an_archive_that_does_not_hold_is_refuted_before_anything_is_compared() -> None:
    specimen = lived()
    older = specimen.taken()
    report = verify_since(grown(specimen)[:-1], older)
    assert report.outcome == REFUTED
    assert "since" not in dict(report.checks)


def put_back(specimen: Specimen) -> Specimen:
    """The same keys, and a life that begins again."""
    other = Specimen(log_key=specimen.log_key, receipts_key=specimen.receipts_key)
    other.log("space.opened", {}, {"handle": "another"}, 29)
    return other


def test_what_is_gone_shorter_or_forked_is_refuted() -> None:
    specimen = lived()
    receipt, note, older = receipts(specimen)[0], specimen.tree(CONSENTS).checkpoint, specimen.taken()
    shorter = put_back(specimen)
    assert since(shorter.taken(), older) == (REFUTED, [("since", "since-gone")])
    assert since(shorter.taken(), canonical(receipt)) == (REFUTED, [("since", "since-gone")])
    other = put_back(specimen)
    assert since(other.taken(), note) == (REFUTED, [("since", "since-cut")])
    forked = put_back(specimen)
    while forked.logs[CONSENTS].edge.size < specimen.logs[CONSENTS].edge.size - 2:
        forked.logs[CONSENTS].grow(b"another's")
    assert since(forked.taken(), note) == (REFUTED, [("since", "since-fork")])


def test_a_changed_entry_is_gone() -> None:
    specimen = lived()
    older = specimen.taken()
    bent = lived()
    bent.log_key, bent.receipts_key = specimen.log_key, specimen.receipts_key
    assert since(living_again(bent), older)[1] == [("since", "since-gone")]


def living_again(specimen: Specimen) -> bytes:
    """The same person and keys, with one entry more before all others."""
    again = Specimen(log_key=specimen.log_key, receipts_key=specimen.receipts_key)
    again.log("way.added", {}, {"way": "kit"}, 20)
    again.live()
    return again.taken()


def test_what_is_of_others_or_does_not_hold_by_itself_proves_nothing() -> None:
    specimen, other = lived(), lived()
    newer, receipt = grown(specimen), receipts(specimen)[0]
    somebody = Specimen(log_key=specimen.log_key, receipts_key=specimen.receipts_key, tag_key=bytes(32))
    somebody.live()
    unsigned = specimen.tree(CONSENTS).checkpoint.partition(b"\n\n")[0] + b"\n\n"
    elsewhere = put_back(specimen)
    elsewhere.log_key = SigningKey.generate()
    for kept in (
        other.taken(),
        somebody.taken(),
        elsewhere.taken(),
        newer[:-1],
        canonical(receipts(other)[0]),
        canonical(receipt | {"log": receipt["log"] | {"index": 7}}),
        canonical(receipt | {"proof": "text"}),
        other.tree(CONSENTS).checkpoint,
        unsigned,
        receipt["proof"].encode().replace(b"/consent\n", b"/access-2026-11\n"),
        receipt["proof"].encode().replace(b"cockpit.example", b"cockpit.invalid"),
        b"",
        b"\xff",
        b"{",
    ):
        report = verify_since(newer, kept)
        assert (report.outcome, report.reason, report.checks) == (UNREADABLE, "since-unreadable", [])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_command_says_each_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str) -> None:
    specimen = lived()
    older, newer, receipt = (tmp_path / name for name in ("older.zip", "newer.zip", "receipt.json"))
    older.write_bytes(specimen.taken())
    receipt.write_bytes(canonical(receipts(specimen)[0]))
    newer.write_bytes(grown(specimen))
    words = [str(newer), "--since", str(older), "--lang", language]
    assert main(words) == PROVED
    said = capsys.readouterr().out.split("\n")
    assert said[0] == f"{newer}: " + {"en": "PROVED", "fr": "PROUVÉ"}[language]
    assert any(line.startswith("  + ") for line in said)
    assert {"en": "  Not proved:", "fr": "  Non prouvé :"}[language] in said
    assert main([*words, "--json"]) == PROVED
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"verdict", "reason", "checks", "counts", "not_proved"}
    assert (told["verdict"], told["reason"]) == ("proved", None)
    assert set(told["checks"].values()) == {"ok"}
    assert told["counts"]["entries"] == len(specimen.entries)
    assert all(isinstance(sentence, str) and " " in sentence for sentence in told["not_proved"])
    assert main([str(older), "--since", str(newer), "--lang", language]) == REFUTED
    assert any(line.startswith("  x ") for line in capsys.readouterr().out.split("\n"))
    assert main([str(older), "--since", str(newer), "--json"]) == REFUTED
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["checks"]["since"]) == ("refuted", "an entry that you kept is gone or changed")
    assert main([str(receipt), "--vkey", keys(specimen)[1], "--lang", language]) == PROVED
    capsys.readouterr()
    assert main([str(receipt), "--since", str(older), "--json"]) == UNREADABLE
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["checks"]) == ("unreadable", {})
    assert told["reason"] == "only an archive can be held to what you kept"


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_bytes(lived().taken())
    for path, kept, reason in (
        (tmp_path / "none", None, "no-file"),
        (there, tmp_path / "none", "no-file"),
        (tmp_path, None, "no-plain-file"),
        (there, tmp_path, "no-plain-file"),
    ):
        report = verify_file(path, (), kept)
        assert (report.outcome, report.reason) == (UNREADABLE, reason)
    assert verify_file(there, ()).outcome == PROVED


def test_keys_that_are_not_trusted_refute_whatever_the_file(tmp_path: Path) -> None:
    specimen, other = lived(), lived()
    older, newer, receipt = (tmp_path / name for name in ("older.zip", "newer.zip", "receipt.json"))
    older.write_bytes(specimen.taken())
    receipt.write_bytes(canonical(receipts(specimen)[0]))
    newer.write_bytes(grown(specimen))
    for path, kept in ((newer, None), (newer, older), (receipt, None)):
        assert verify_file(path, keys(specimen), kept).outcome == PROVED
        assert verify_file(path, keys(other), kept).outcome == REFUTED


@pytest.mark.parametrize(
    ("environment", "french"),
    [
        ({"LANG": "fr_FR.UTF-8"}, True),
        ({"LC_MESSAGES": "fr_FR", "LANG": "en_US"}, True),
        ({"LC_ALL": "fr", "LC_MESSAGES": "en_US"}, True),
        ({"LC_ALL": "C", "LANG": "fr_FR"}, False),
        ({"LC_ALL": "", "LANG": "fr_FR"}, True),
        ({}, False),
    ],
)
def test_it_speaks_as_the_system_does(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    french: bool,
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main([str(tmp_path / "none")]) == UNREADABLE
    assert capsys.readouterr().out.endswith(
        "ILLISIBLE\n  ce fichier n'existe pas\n" if french else "UNREADABLE\n  there is no such file\n"
    )


@pytest.mark.parametrize("arguments", [[], ["a", "--lang", "de"], ["a", "--vkey", "x"], ["a", "--vkey", "a+b+c"]])
def test_a_wrong_usage_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == UNREADABLE
    assert capsys.readouterr().err.startswith("usage: verify")


def test_the_report_says_line_by_line_what_holds_and_what_it_leaves_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specimen = lived()
    path = tmp_path / "a\x1b[2J.zip"
    path.write_bytes(specimen.taken())
    assert main([str(path), "--lang", "en"]) == PROVED
    name, *lines = capsys.readouterr().out.split("\n")
    assert name == f"{tmp_path}/a?[2J.zip: PROVED"
    assert lines[:2] == ["  + every byte is under the signature", "  + nothing is hidden in the file"]
    assert lines[lines.index("  Not proved:") + 1].startswith("    - that these keys are the cockpit's")
    assert main([str(path), "--json"]) == PROVED
    assert json.loads(capsys.readouterr().out)["not_proved"][0].startswith("that these keys are the cockpit's")
