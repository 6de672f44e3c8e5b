"""``cockpit-audit verify``: bundles of a rewritten log, signed by both the log and the house, and what is proved."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.audit.export import CONTEXT
from cockpit.domain.event import Event, EventType
from cockpit.domain.record import Json
from cockpit.sealing.canonical import canonical
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import add_signatures, cosign
from cockpit.tlog.logs import LogName, origin_of
from cockpit.tlog.note import COSIGNATURE, Verifier, parse_note
from cockpit.verifier.audit_bundle import verify_bundle
from cockpit.verifier.audit_command import main
from tests.audit.houses import Auditor, command
from tests.published_log import PublishedLog

ENTRIES, SEEN = "logs/consent/entries.jsonl", "logs/consent/checkpoints.json"
WITNESSES = {name: SigningKey.generate() for name in ("one", "two")}


class Handed:
    """An auditor's bundle whose log and house both lie: whatever is changed is signed again by both."""

    def __init__(self, ada: Auditor, path: Path) -> None:
        # The first reading is an entry too, which the second one brings: the log ends after the mandate's entry.
        ada.sync()
        ada.sync()
        assert command(ada.house.folder, "export", str(path)).returncode == 0
        self.folder, self.whole = path.parent, path.read_bytes()
        self.house, self.log = ada.house.signing_key(), ada.running.cockpit.operator.log
        with zipfile.ZipFile(path) as packed:
            self.files = {name: packed.read(name) for name in packed.namelist()}
        self.entries = [json.loads(line) for line in self.files[ENTRIES].splitlines()]
        self.leaves = [base64.b64decode(entry["leaf"]) for entry in self.entries]
        self.origin = json.loads(self.files[SEEN])[-1]["origin"]

    def log_of(self, leaves: list[bytes]) -> PublishedLog:
        return PublishedLog(leaves, self.log, self.origin)

    def signed(self, files: dict[str, bytes]) -> bytes:
        """The bundle with these files in place of its own, and the house's signature over them."""
        changed = {name: body for name, body in (self.files | files).items() if not name.startswith("manifest.")}
        listed = [
            {"path": path, "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            for path, body in sorted(changed.items())
        ]
        manifest = canonical(json.loads(self.files["manifest.json"]) | {"files": listed})
        signature = base64.b64encode(self.house.sign(CONTEXT, manifest)) + b"\n"
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            for name, body in {"manifest.json": manifest, "manifest.sig": signature, **changed}.items():
                packed.writestr(name, body)
        return made.getvalue()

    def rewritten(self, entries: list[dict[str, object]], note: bytes = b"") -> bytes:
        """The bundle of a log that says these entries, under a checkpoint that the log signed (or ``note``)."""
        moved = [entry | {"index": index} for index, entry in enumerate(entries)]
        leaves = [base64.b64decode(str(entry["leaf"])) for entry in moved]
        said = (note or self.log_of(leaves).note(len(leaves))).decode()
        seen = [{"origin": self.origin, "size": int(said.split("\n")[1]), "note": said, "seen_at": "2026-11-23T09:00Z"}]
        lines = b"".join(json.dumps(entry).encode() + b"\n" for entry in moved)
        return self.signed({ENTRIES: lines, SEEN: json.dumps(seen).encode()})

    def kept(self, content: bytes, name: str) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def vkey(self) -> str:
        return Verifier(self.origin, self.log.verify_key()).vkey()


@pytest.fixture
def handed(ada: Auditor, tmp_path: Path) -> Handed:
    return Handed(ada, tmp_path / "bundle.zip")


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = main(["verify", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def edited(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return [*entries[:1], entries[1] | {"leaf": entries[2]["leaf"], "opening": None}, *entries[2:]]


def deleted(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return [*entries[:1], *entries[2:], entries[1]]


def inserted(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return [entries[0], *entries]


def reordered(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return [entries[1], entries[0], *entries[2:]]


def truncated(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    return entries[:-1]


def back_dated(entries: list[dict[str, object]]) -> list[dict[str, object]]:
    leaves = [json.loads(base64.b64decode(str(entry["leaf"]))) for entry in entries]
    (index,) = (index for index, leaf in enumerate(leaves) if leaf["type"] == "consent.withdrawn")
    earlier = base64.b64encode(canonical(leaves[index] | {"at": "2020-01-01T00:00Z"})).decode()
    return [*entries[:index], entries[index] | {"leaf": earlier}, *entries[index + 1 :]]


@pytest.mark.parametrize("rewrite", [edited, deleted, inserted, reordered, truncated, back_dated])
def test_a_log_rewritten_and_signed_again_is_refuted_by_what_was_kept(
    handed: Handed, capsys: pytest.CaptureFixture[str],
    rewrite: Callable[[list[dict[str, object]]], list[dict[str, object]]],
) -> None:  # fmt: skip
    false = handed.kept(handed.rewritten(rewrite(handed.entries)), "false.zip")
    # Signed by the log and by the house, it holds together: only an earlier state, or a witness, tells.
    assert main(["verify", false]) == 0
    capsys.readouterr()
    old = handed.log_of(handed.leaves)
    size = len(handed.leaves)
    for kept in (old.note(size), handed.whole, b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + old.note(size)):
        code, said = report(capsys, false, "--since", handed.kept(kept, "kept"))
        assert (code, said["verdict"]) == (1, "refuted")
        assert [name for name, found in dict(said["checks"]).items() if found != "ok"] == ["since"]  # type: ignore[call-overload]


def test_a_fork_between_two_persons_is_refuted(handed: Handed) -> None:
    """One was shown the true log, the other one of the same size; each kept what they were shown."""
    other = handed.kept(handed.rewritten(reordered(handed.entries)), "other.zip")
    mine = handed.kept(handed.whole, "mine.zip")
    assert main(["verify", mine, "--since", other]) == 1
    assert main(["verify", other, "--since", mine]) == 1
    assert main(["verify", mine, "--since", mine]) == 0


def test_every_earlier_state_of_the_log_is_accepted(handed: Handed) -> None:
    log = handed.log_of(handed.leaves)
    for size in range(1, len(handed.leaves) + 1):
        assert main(["verify", handed.kept(handed.whole, "b"), "--since", handed.kept(log.note(size), "kept")]) == 0
    stranger = PublishedLog(handed.leaves, SigningKey.generate(), handed.origin).note(2)
    assert main(["verify", handed.kept(handed.whole, "b"), "--since", handed.kept(stranger, "kept")]) == 1


def test_entries_after_the_last_checkpoint_are_refuted(handed: Handed) -> None:
    log = handed.log_of(handed.leaves)
    content = handed.rewritten(handed.entries, log.note(len(handed.leaves) - 1))
    assert "after its last checkpoint" in verify_bundle(content)["checks"]["logs"]


def note_of(ada: Auditor, month: str, leaves: list[bytes]) -> bytes:
    """A checkpoint of a month's log, as this cockpit signs it."""
    cockpit = ada.running.cockpit
    log = PublishedLog(leaves, cockpit.operator.log, origin_of(cockpit.ledger.origin, LogName(month)))
    return log.note(len(leaves))


def say(ada: Auditor, event: EventType, part: dict[str, Json]) -> None:
    cockpit = ada.running.cockpit
    with cockpit.database.write() as connection:
        cockpit.ledger.append(connection, Event(event, part), cockpit.clock())


def test_openings_that_are_gone_without_a_covering_entry_are_refuted(ada: Auditor, tmp_path: Path) -> None:
    gone = [b"one", b"two"]
    kept = note_of(ada, "access-2025-11", gone)
    before = Handed(ada, tmp_path / "before.zip")
    assert main(["verify", before.kept(before.whole, "b"), "--since", before.kept(kept, "kept")]) == 1
    root = PublishedLog(gone, ada.running.cockpit.operator.log).root(2)
    for size, digest, code in ((1, root, 1), (2, bytes(32), 1), (2, root, 0)):
        part: dict[str, Json] = {"log": "access-2025-11", "size": size, "root": digest.hex()}
        say(ada, EventType.SHARD_EXPIRED, part)
        after = Handed(ada, tmp_path / "after.zip")
        assert main(["verify", after.kept(after.whole, "b"), "--since", after.kept(kept, "kept")]) == code


def test_a_month_that_is_not_as_it_was_closed_is_refuted(ada: Auditor, tmp_path: Path) -> None:
    true = Handed(ada, tmp_path / "bundle.zip")
    (month,) = (name.split("/")[1] for name in true.files if name.startswith("logs/access-") and "entries" in name)
    note = json.loads(true.files[f"logs/{month}/checkpoints.json"])[-1]["note"].split("\n")
    root = base64.b64decode(note[2])
    assert verify_bundle(true.whole)["checks"]["closed"] == "ok"
    for size, digest, found in ((int(note[1]), root, "ok"), (int(note[1]) + 1, root, "is not the log that was closed")):
        say(ada, EventType.SHARD_CLOSED, {"log": month, "size": size, "root": digest.hex()})
        now = Handed(ada, tmp_path / "bundle.zip")
        assert found in verify_bundle(now.whole)["checks"]["closed"]


def test_only_the_keys_that_are_trusted_sign(handed: Handed) -> None:
    bundle = handed.kept(handed.whole, "b")
    assert main(["verify", bundle, "--vkeys", handed.kept(f"# ours\n{handed.vkey()}\n".encode(), "keys")]) == 0
    other = Verifier(handed.origin, SigningKey.generate().verify_key()).vkey()
    renamed = Verifier("other.example/log", handed.log.verify_key()).vkey()
    for text in (other, renamed):
        assert main(["verify", bundle, "--vkeys", handed.kept(f"{text}\n".encode(), "keys")]) == 1


def test_a_quorum_wants_its_witnesses_over_this_very_checkpoint(handed: Handed) -> None:
    size = len(handed.leaves)
    note = handed.log_of(handed.leaves).note(size)
    keys = [Verifier(f"{name}.example", key.verify_key(), COSIGNATURE) for name, key in WITNESSES.items()]
    lines = [f"log {handed.vkey()}", *(f"witness {key.name} {key.vkey()}" for key in keys)]
    file = "\n".join([*lines, "group both all one.example two.example", "quorum both", ""])
    quorum = handed.kept(file.encode(), "quorum")

    def verdict(text: str, *names: str) -> int:
        signatures = [cosign(text, f"{name}.example", WITNESSES[name], 100) for name in names]
        content = handed.rewritten(handed.entries, add_signatures(note, signatures))
        return main(["verify", handed.kept(content, "cosigned"), "--quorum", quorum])

    text, _ = parse_note(note)
    assert verdict(text, "one", "two") == 0
    assert verdict(text, "one") == 1
    assert verdict(text) == 1
    assert verdict(text.replace(f"\n{size}\n", f"\n{size + 1}\n"), "one", "two") == 1


def test_what_cannot_be_read_is_not_taken_for_an_answer(handed: Handed) -> None:
    bundle = handed.kept(handed.whole, "b")
    for option in ("--vkeys", "--quorum", "--since"):
        for content in (b"", b"nothing of this", b"\xff\n\n", b"quorum all\n", b"PK\x05\x06" + bytes(18)):
            assert main(["verify", bundle, option, handed.kept(content, "file")]) == 2, (option, content)
        assert main(["verify", bundle, option, str(handed.folder / "none")]) == 2, option


def test_the_report_says_what_it_did_not_prove(handed: Handed, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = handed.kept(handed.whole, "b")
    keys = handed.kept(f"{handed.vkey()}\n".encode(), "keys")
    _, bare = report(capsys, bundle)
    _, more = report(capsys, bundle, "--vkeys", keys, "--since", bundle)
    options = ("--vkeys", "--house-key", "--quorum", "--since")

    def asked(said: dict[str, object]) -> set[str]:
        return {option for option in options if option in str(said["not_proved"])}

    assert asked(bare) == set(options)
    assert asked(more) == {"--house-key", "--quorum"}
    assert main(["verify", bundle]) == 0
    assert "not proved: that each decision follows from the policies" in capsys.readouterr().out
