"""Attacks on both sides: auditors who want more than their mandate, and a cockpit that shows another log."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from cockpit.acts.give_audit_mandate import end_audit_mandate, give_audit_mandate
from cockpit.audit.checked import facts_of
from cockpit.audit.faults import NotAnswered, Refuted
from cockpit.audit.frontier import Frontier
from cockpit.audit.house import begin, fix
from cockpit.audit.integrity import integrity
from cockpit.audit.wire import AUDIENCE, BatchRecord, Entry, Opening, Page, Register, State
from cockpit.domain.audit_mandate import Scope
from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.canonical import canonical
from cockpit.store.audited import Audited, Said, filled
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.leaf import commit
from tests.audit.houses import Audited as LivedIn
from tests.audit.houses import Auditor, auditor
from tests.grants.registrations import assertion


def refusal(ada: Auditor, path: str, shape: type[Any] = State, **parameters: Any) -> str:
    with ada.line() as line, pytest.raises(NotAnswered) as refused:
        line.get(path, shape, **parameters)
    return refused.value.reason


def asked(ada: Auditor, token: str, path: str = "state", **query: Any) -> httpx2.Response:
    """A request as any program would send it."""
    with httpx2.Client() as http:
        headers = {"Authorization": f"Bearer {token}"}
        return http.get(f"{ada.running.address}{AUDIENCE}/{path}", params=query, headers=headers)


def signed(ada: Auditor, key: Any = None, **changes: Any) -> str:
    """An assertion as the house makes it, but for the changes."""
    known = key or OKPKey.import_key(ada.house.key_pem())
    now = int(ada.running.cockpit.clock().timestamp())
    claims = {"aud": ada.running.address + AUDIENCE, **changes}
    return assertion(ada.mandate.id, now, known, {"alg": "ES256" if isinstance(known, ECKey) else "Ed25519"}, **claims)


def sizes(ada: Auditor) -> int:
    with ada.running.cockpit.database.read() as connection:
        return ada.running.cockpit.ledger.checkpoint(connection)[0]


def test_nobody_reads_without_the_key_of_a_mandate(ada: Auditor) -> None:
    now = int(ada.running.cockpit.clock().timestamp())
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    claims = {"iss": ada.mandate.id, "sub": ada.mandate.id, "aud": ada.running.address + AUDIENCE, "exp": now + 60,
              "jti": "abcdefgh"}  # fmt: skip
    unsigned = f"{header}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}."
    symmetric = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(ada.mandate.jwk["x"]), algorithms=["HS256"])
    forged = {
        "another's key": signed(ada, OKPKey.generate_key("Ed25519", private=True)),
        "another type of key": signed(ada, ECKey.generate_key("P-256", private=True)),
        "for the token endpoint": signed(ada, aud=ada.running.address),
        "for another cockpit": signed(ada, aud="https://other.example" + AUDIENCE),
        "for several": signed(ada, aud=[ada.running.address + AUDIENCE]),
        "expired": signed(ada, exp=now - 60),
        "for an hour": signed(ada, exp=now + 3600),
        "without an end": signed(ada, exp=None),
        "without a number": signed(ada, jti=None),
        "an unknown mandate": signed(ada, iss="m_" + "0" * 24, sub="m_" + "0" * 24),
        "a service": signed(ada, iss="c_coach", sub="c_coach"),
        "unsigned": unsigned,
        "symmetric": symmetric,
        "nothing": "x",
        "no token": "x" * 5000,
    }
    before = sizes(ada)
    for why, token in forged.items():
        answer = asked(ada, token, "entries", log="consent", first=0, count=5)
        assert answer.status_code == 401, why
        assert answer.json()["code"] == "invalid_client", why
        assert answer.headers["content-type"] == "application/problem+json"
    assert sizes(ada) == before
    assert asked(ada, signed(ada)).status_code == 200


def test_an_assertion_is_good_once(ada: Auditor) -> None:
    token = signed(ada)
    assert asked(ada, token).status_code == 200
    assert asked(ada, token).status_code == 401


def test_a_mandate_that_is_over_opens_nothing(ada: Auditor) -> None:
    end_audit_mandate(ada.running.cockpit, ada.mandate.id)
    assert asked(ada, signed(ada)).json()["code"] == "mandate_over"
    assert refusal(ada, "entries", Page, log="consent", first=0, count=5) == "mandate_over"


def test_a_mandate_ends_with_its_last_day(ada: Auditor, tmp_path: Path) -> None:
    today = ada.running.cockpit.clock().date()
    for last_day in (today - timedelta(days=1), today + timedelta(days=800)):
        with pytest.raises(OperatorMustAct):
            give_audit_mandate(ada.running.cockpit, "Late", (Scope.USES,), last_day, begin(tmp_path / "late"))
    live = ada.mandate
    assert live.live(f"{live.until[:10]}T23:59:58Z")
    assert not live.live(live.until)


@pytest.mark.parametrize("pem", [b"", b"not a key", ECKey.generate_key("P-256", private=True).as_pem(private=False),
                                 OKPKey.generate_key("X25519", private=True).as_pem(private=False),
                                 OKPKey.generate_key("Ed25519", private=True).as_pem(private=True)])  # fmt: skip
def test_only_a_public_signing_key_gets_a_mandate(ada: Auditor, pem: bytes) -> None:
    last_day = ada.running.cockpit.clock().date()
    with pytest.raises(OperatorMustAct):
        give_audit_mandate(ada.running.cockpit, "Somebody", (Scope.USES,), last_day, pem)


def test_one_key_is_one_auditor(ada: Auditor) -> None:
    public = OKPKey.import_key(ada.house.key_pem()).as_pem(private=False)
    with pytest.raises(OperatorMustAct, match="mandate already"):
        give_audit_mandate(ada.running.cockpit, "Two", (Scope.CASES,), ada.running.cockpit.clock().date(), public)


def test_a_scope_opens_what_it_covers_and_no_more(audited: LivedIn, tmp_path: Path) -> None:
    narrow = auditor(audited.running, tmp_path / "narrow", "Nora", (Scope.RECIPIENTS,))
    narrow.sync()
    with narrow.house.reading() as kept:
        opened = {row[0] for row in kept.execute("SELECT DISTINCT type FROM fact WHERE part IS NOT NULL")}
        closed = {row[0] for row in kept.execute("SELECT DISTINCT type FROM fact WHERE part IS NULL")}
    assert opened == {"recipient.registered", "auditor.mandated"}
    assert {"consent.given", "access.allowed", "space.opened"} <= closed
    # It can still hold the whole log to its root: leaves hold nothing personal.
    with narrow.house.reading() as kept:
        assert integrity(kept).sound
    assert narrow.ask("in-force").unopened > 0
    uses = auditor(audited.running, tmp_path / "uses", "Ulla", (Scope.USES,))
    assert refusal(uses, "register", Register) == "out_of_scope"
    assert refusal(uses, "cases", tuple) == "out_of_scope"
    uses.sync()


def test_no_answer_holds_a_person_or_a_subject_opening(audited: LivedIn, ada: Auditor) -> None:
    ada.sync()
    page = asked(ada, signed(ada), "entries", log="consent", first=0, count=500)
    said = page.text + asked(ada, signed(ada), "register").text + asked(ada, signed(ada)).text
    for secret in (audited.visit.person, audited.live, audited.withdrawn, "Camille", "camille"):
        assert secret not in said
    for entry in page.json()["entries"]:
        assert set(entry) == {"index", "leaf", "opening", "records"}
        assert set(entry["opening"]) == {"salt", "part"}


@pytest.mark.parametrize(
    "query",
    [{"subject": "1"}, {"count": 501}, {"count": 0}, {"count": "-1"}, {"first": "-1"}, {"first": "x"},
     {"first": "٣"}, {"first": 10**30}, {"log": "../consent"}, {"log": "access-2026-11'; --"}],
)  # fmt: skip
def test_what_is_not_offered_is_refused_and_leaves_no_entry(ada: Auditor, query: dict[str, Any]) -> None:
    before = sizes(ada)
    answer = asked(ada, signed(ada), "entries", **{"log": "consent", "first": 0, "count": 5, **query})
    assert answer.status_code in {400, 404}
    assert sizes(ada) == before


def test_reading_beyond_the_end_gives_nothing(ada: Auditor) -> None:
    before = sizes(ada)
    assert asked(ada, signed(ada), "entries", log="consent", first=10**9, count=5).json()["entries"] == []
    assert sizes(ada) == before
    last = asked(ada, signed(ada), "entries", log="consent", first=before - 1, count=500)
    assert len(last.json()["entries"]) == 1


def test_a_page_of_large_batches_is_short() -> None:
    said = Said(b"{}", "", {})
    batches = [Audited(index, b"{}", None, (said,) * 1024) for index in range(10)]
    assert [entry.index for entry in filled(batches)] == [0, 1, 2, 3]
    leaves = [Audited(index, b"{}", said) for index in range(500)]
    assert len(list(filled(leaves))) == 500


def test_every_reading_is_an_entry(ada: Auditor) -> None:
    ada.sync()
    ada.sync()
    rows = [row for row in ada.ask("auditors").rows if row[2] == "auditor.read"]
    assert ("consent", ada.mandate.id) in {(row[4], row[3]) for row in rows}
    assert ("register", ada.mandate.id) in {(row[4], row[3]) for row in rows}


# A cockpit that lies.


def entries_changed(at: int, change: Any) -> Any:
    """A lie about one entry of a page."""

    def lie(request: httpx2.Request, said: Any) -> Any:
        if request.url.path.endswith("/entries"):
            for entry in said["entries"]:
                if entry["index"] == at:
                    change(entry)
        return said

    return lie


def refuted(ada: Auditor, *lies: Any) -> Refuted:
    ada.lies[:] = lies
    with pytest.raises(Refuted) as found:
        ada.sync()
    ada.lies.clear()
    with ada.house.reading() as kept:
        told = integrity(kept)
    assert not told.sound
    assert told.evidence[-1].code == found.value.reason
    return found.value


def test_an_edited_opening_is_refused_and_named(ada: Auditor) -> None:
    def change(entry: dict[str, Any]) -> None:
        entry["opening"]["part"]["service"] = "c_innocent"

    found = refuted(ada, entries_changed(3, change))
    assert (found.reason, found.evidence["index"]) == ("other-opening", 3)
    with ada.house.reading() as kept:
        assert kept.execute("SELECT count(*) FROM entry").fetchone() == (0,), "nothing of it was kept"


def test_an_edited_leaf_is_refused_and_named(ada: Auditor) -> None:
    def change(entry: dict[str, Any]) -> None:
        leaf = json.loads(base64.b64decode(entry["leaf"]))
        leaf["at"] = "2020-01-01T00:00Z"
        entry["leaf"] = base64.b64encode(canonical(leaf)).decode()

    for first in (True, False):
        if not first:
            ada.sync()
        at = 4 if first else sizes(ada)
        found = refuted(ada, entries_changed(at if first else at - 1, change))
        assert (found.reason, found.evidence["index"]) == ("entry-changed", at if first else at - 1)


def test_a_leaf_of_another_form_is_refused(ada: Auditor) -> None:
    def spaced(entry: dict[str, Any]) -> None:
        entry["leaf"] = base64.b64encode(base64.b64decode(entry["leaf"]).replace(b",", b", ", 1)).decode()

    def longer(entry: dict[str, Any]) -> None:
        leaf = {**json.loads(base64.b64decode(entry["leaf"])), "person": "camille"}
        entry["leaf"] = base64.b64encode(canonical(leaf)).decode()

    assert refuted(ada, entries_changed(2, spaced)).reason == "leaf-form"
    assert refuted(ada, entries_changed(2, longer)).reason == "leaf-form"


def test_moved_and_withheld_entries_are_refused(ada: Auditor) -> None:
    def swapped(request: httpx2.Request, said: Any) -> Any:
        if request.url.path.endswith("/entries"):
            said["entries"][1], said["entries"][2] = said["entries"][2], said["entries"][1]
        return said

    def none(request: httpx2.Request, said: Any) -> Any:
        return {**said, "entries": []} if request.url.path.endswith("/entries") else said

    assert refuted(ada, swapped).reason == "entry-moved"
    assert refuted(ada, none).reason == "entries-missing"


def with_checkpoint(make: Any) -> Any:
    """A lie about the newest checkpoint: ``make`` gives the note for the true one's size."""

    def lie(request: httpx2.Request, said: Any) -> Any:
        if request.url.path.endswith("/state"):
            said["logs"][0]["checkpoint"] = make(said["logs"][0])
        return said

    return lie


def test_forks_and_shrunk_logs_are_shown_with_both_notes(ada: Auditor) -> None:
    ada.sync()
    operator = ada.running.cockpit.operator
    with ada.house.reading() as kept:
        origin, size, ours = kept.execute("SELECT origin, size, note FROM seen WHERE log = 'consent'").fetchone()

    def note(size: int, root: bytes = bytes(32)) -> str:
        return sign_checkpoint(Checkpoint(origin, size, root), operator.log).decode()

    for why, forged in (("shrunk", note(size - 1)), ("fork", note(size)), ("fork", note(size + 1))):
        found = refuted(ada, with_checkpoint(lambda _, forged=forged: forged))
        assert found.reason == why
        assert (found.evidence["ours"], found.evidence["theirs"]) == (ours, forged)
    assert refuted(ada, with_checkpoint(lambda head: head["checkpoint"].replace("\n", "\n1", 1))).reason == (
        "checkpoint-unsigned"
    )
    gone = refuted(ada, lambda request, said: {**said, "logs": []} if "logs" in said else said)
    assert gone.reason == "log-gone"
    # The honest log goes on where it was, and the evidence stays.
    ada.sync()
    with ada.house.reading() as kept:
        assert len(integrity(kept).evidence) == 5


def test_another_key_and_another_cockpit_are_refused(ada: Auditor) -> None:
    ada.sync()
    other = base64.b64encode(bytes(32)).decode()
    found = refuted(ada, lambda request, said: {**said, "log_key": other} if "log_key" in said else said)
    assert found.reason == "other-key"
    elsewhere = {"issuer": "https://other.example"}
    found = refuted(ada, lambda request, said: {**said, **elsewhere} if "issuer" in said else said)
    assert found.reason == "other-cockpit"


def test_a_pinned_key_is_held_from_the_first_time(ada: Auditor) -> None:
    with ada.house.writing() as kept:
        fix(kept, "log_key", "00" * 32)
    assert refuted(ada).reason == "other-key"


def test_a_change_in_the_houses_own_copy_is_seen(ada: Auditor) -> None:
    ada.sync()
    with ada.house.writing() as kept:
        content = kept.execute("SELECT content FROM entry WHERE position = 5").fetchone()[0]
        changed = msgspec.json.decode(content)
        leaf = json.loads(base64.b64decode(changed["leaf"]))
        changed["leaf"] = base64.b64encode(canonical({**leaf, "at": "2020-01-01T00:00Z"})).decode()
        kept.execute("UPDATE entry SET content = ? WHERE position = 5", (msgspec.json.encode(changed),))
    with ada.house.reading() as kept:
        told = integrity(kept)
    assert not told.sound
    assert not told.held[0].holds


def a_batch(count: int = 3) -> tuple[Entry, dict[str, Any]]:
    """A batch leaf as ``docs/reference/log-format.md`` has it, and its own fields."""
    tree, records = Frontier(), []
    for number in range(count):
        part = {"service": "c_coach", "use": "energy-advice-v1", "decision": "allowed", "kind": "energy.series"}
        audit = commit(bytes([number]) * 32, part)
        record = canonical({"v": 1, "type": "access.allowed", "audit": audit, "subject": "0" * 64, "tag": "1" * 32})
        tree.add(record)
        records.append(BatchRecord(record, Opening((bytes([number]) * 32).hex(), part)))
    leaf = {"v": 1, "type": "access.batch", "at": "2026-11-23T09:30Z", "policy": "2" * 64, "count": count,
            "root": tree.root().hex()}  # fmt: skip
    return Entry(0, canonical(leaf), None, tuple(records)), leaf


def test_a_batch_gives_its_records_facts_and_no_others() -> None:
    entry, leaf = a_batch()
    assert [(fact.nth, fact.type, fact.said("service")) for fact in facts_of("access-2026-11", 0, entry)] == [
        (number, "access.allowed", "c_coach") for number in range(3)
    ]
    for wrong, code in (
        (msgspec.structs.replace(entry, records=entry.records[:2]), "batch-root"),
        (msgspec.structs.replace(entry, records=entry.records[::-1]), "batch-root"),
        (msgspec.structs.replace(entry, leaf=canonical({**leaf, "count": 2})), "batch-root"),
        (msgspec.structs.replace(entry, leaf=canonical({**leaf, "count": True})), "leaf-form"),
        (msgspec.structs.replace(entry, records=(BatchRecord(b"{}"),)), "leaf-form"),
    ):
        with pytest.raises(Refuted) as found:
            facts_of("access-2026-11", 0, wrong)
        assert found.value.reason == code
