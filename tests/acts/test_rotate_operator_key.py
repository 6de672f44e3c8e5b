"""The master key is rotated while spaces are in use, killed in the middle, resumed, and the old one destroyed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.rotate_operator_key import key_status, retire_operator_keys, rotate_operator_key
from cockpit.acts.sign_in import sign_in
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import PersonId
from cockpit.sealing.box import new_key
from cockpit.sources.port import SourceFile
from cockpit.store.keyrings import OperatorSecrets
from tests.conftest import PASSPHRASE
from tests.store.test_canaries import BANK_FILE

PERSONS = 200

ROTATION = """
import sys
from pathlib import Path
from cockpit.acts.rotate_operator_key import rotate_operator_key
from cockpit.bootstrap import build
from cockpit.settings import Settings
rotate_operator_key(build(Settings(data=Path(sys.argv[1]))), batch=1)
"""


def fill(cockpit: Cockpit, count: int) -> dict[PersonId, OperatorSecrets]:
    """Rows of the keyring, as many openings would leave them."""
    made = {PersonId(f"{n:032x}"): OperatorSecrets(new_key(), new_key(), new_key()) for n in range(count)}
    for person, secrets in made.items():
        cockpit.keyrings.put(person, secrets, "2026-11-23T09:30:00Z")
    return made


def all_open(cockpit: Cockpit, made: dict[PersonId, OperatorSecrets]) -> bool:
    keys = cockpit.keyrings
    return all(
        OperatorSecrets(keys.pepper(person), keys.tag_key(person), keys.source_key(person)) == secrets
        for person, secrets in made.items()
    )


def test_everything_moves_to_the_new_version_and_duties_stay(cockpit: Cockpit) -> None:
    made, login = fill(cockpit, 40), cockpit.operator.duty("login")
    open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    done = rotate_operator_key(cockpit, batch=7)
    assert (done.version, done.rows, done.files, done.resumed) == ("file:v2", 41, 1, False)
    status = key_status(cockpit)
    assert (status.keyring, status.files) == (Counter({"file:v2": 41 * 3}), {"operator.secret": "file:v2"})
    assert retire_operator_keys(cockpit) == "file:v2"
    held = json.loads((cockpit.settings.keys_folder / "operator.key").read_text())["versions"]
    assert [version["version"] for version in held] == [2]
    cockpit.close()
    again = build(cockpit.settings)
    assert again.operator.duty("login") == login
    assert all_open(again, made)
    sign_in(again, "camille", PASSPHRASE)
    again.close()


def test_killed_in_the_middle_while_spaces_are_used_then_resumed_and_the_old_key_destroyed(cockpit: Cockpit) -> None:
    made = fill(cockpit, PERSONS)
    person = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr").person
    stop, wrong, turns = threading.Event(), [], Counter[str]()

    def use() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                sign_in(cockpit, "camille", PASSPHRASE)
                content = BANK_FILE.replace("20261001", f"{20200101 + number % 28}").encode()
                with cockpit.spaces.write(person) as writer:
                    writer.keep_file(content)
                turns["used"] += 1
                late = PersonId(f"{0xF000 + number:032x}")
                made[late] = OperatorSecrets(new_key(), new_key(), new_key())
                cockpit.keyrings.put(late, made[late], "2026-11-23T09:30:00Z")
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
                wrong.append(error)
                return

    using = threading.Thread(target=use)
    using.start()
    try:
        for _ in range(2):
            killed_in_the_middle(cockpit)
            assert key_status(cockpit).behind
            with pytest.raises(OperatorMustAct, match="older versions still wrap"):
                retire_operator_keys(cockpit)
        before = turns["used"]
        assert rotate_operator_key(cockpit).resumed
        assert retire_operator_keys(cockpit) == "file:v2"
        while turns["used"] < before + 3 and not wrong:
            time.sleep(0.01)
    finally:
        stop.set()
        using.join(timeout=30)
    assert not wrong
    assert len(made) > PERSONS
    cockpit.close()
    again = build(cockpit.settings)
    assert set(key_status(again).keyring) == {"file:v2"}
    assert all_open(again, made)
    sign_in(again, "camille", PASSPHRASE)
    again.close()


def killed_in_the_middle(cockpit: Cockpit) -> None:
    """Begin (or go on with) the rotation in another process, one row a transaction, and kill it once rows moved."""
    begun = key_status(cockpit).keyring["file:v2"]
    process = subprocess.Popen([sys.executable, "-c", ROTATION, str(cockpit.settings.data)])
    while key_status(cockpit).keyring["file:v2"] < begun + 60:
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -9


def test_a_killed_rotation_before_its_first_row_is_resumed_not_begun_again(cockpit: Cockpit) -> None:
    made = fill(cockpit, 3)
    cockpit.operator.master.rotate()
    assert rotate_operator_key(cockpit).resumed
    assert key_status(cockpit).newest == "file:v2"
    assert rotate_operator_key(cockpit).version == "file:v3"
    assert all_open(cockpit, made)


def test_a_space_opened_while_versions_are_retired_is_never_lost(cockpit: Cockpit) -> None:
    made: dict[PersonId, OperatorSecrets] = {}
    stop = threading.Event()

    def opening() -> None:
        while not stop.is_set():
            person, secrets = PersonId(f"{len(made):032x}"), OperatorSecrets(new_key(), new_key(), new_key())
            cockpit.keyrings.put(person, secrets, "2026-11-23T09:30:00Z")
            made[person] = secrets
            time.sleep(0.005)  # SQLite's lock is not fair: without a pause nobody else would ever get it

    thread = threading.Thread(target=opening)
    thread.start()
    try:
        for _ in range(10):
            rotate_operator_key(cockpit)
            retire_operator_keys(cockpit)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert made
    assert all_open(cockpit, made)


def test_a_person_shredded_during_a_rotation_does_not_come_back(
    cockpit: Cockpit, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fill(cockpit, 3)
    gone = next(iter(made))
    real = type(cockpit.operator).rewrap

    def shredded_meanwhile(self: object, wrapped: bytes, label: str, person: str) -> bytes:
        cockpit.keyrings.shred(gone)
        return real(self, wrapped, label, person)  # type: ignore[arg-type]

    monkeypatch.setattr(type(cockpit.operator), "rewrap", shredded_meanwhile)
    assert rotate_operator_key(cockpit).rows == 2
    assert sum(key_status(cockpit).keyring.values()) == 6


def test_rotating_and_retiring_are_in_the_log_for_auditors(cockpit: Cockpit) -> None:
    rotate_operator_key(cockpit)
    retire_operator_keys(cockpit)
    with cockpit.database.read() as connection:
        leaves = [(json.loads(found.leaf)["type"], found.part) for found in cockpit.ledger.leaves(connection)]
    assert leaves == [("key.rotated", {"version": "file:v2"}), ("key.retired", {"version": "file:v2"})]


def test_a_source_still_knows_what_it_brought_after_a_rotation(cockpit: Cockpit) -> None:
    person = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr").person
    file = SourceFile("a.ofx", BANK_FILE.encode())
    (first,) = refresh_source(cockpit, person, [file])
    rotate_operator_key(cockpit)
    retire_operator_keys(cockpit)
    (again,) = refresh_source(cockpit, person, [file])
    assert (first.new, again.unchanged) == (2, 2)
