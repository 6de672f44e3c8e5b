"""The command line: the same acts as the pages, with exit codes a script can trust."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.accounts.slots import by_passphrase, prove
from cockpit.acts.allow_escrow import allow_escrow
from cockpit.acts.find_space import visit_once
from cockpit.acts.sign_in import sign_in_with_kit
from cockpit.bootstrap import build
from cockpit.cli import main
from cockpit.settings import Settings
from cockpit.verifier.verify import PROVED, REFUTED, verify
from tests.store.test_canaries import BANK_FILE

PASSPHRASE = "quatre mots faciles à retenir"


class Shell:
    """A shell on one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(main, ["--data", str(self.data), *arguments], input=typed)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    made = Shell(tmp_path / "data")
    opened = made("space", "open", "camille", "--passphrase-stdin", typed=PASSPHRASE + "\n")
    assert opened.exit_code == 0, opened.output
    return made


@pytest.fixture
def statement(tmp_path: Path) -> Path:
    path = tmp_path / "releve.ofx"
    path.write_text(BANK_FILE)
    return path


def test_a_file_is_brought_in_without_the_passphrase_and_once(shell: Shell, statement: Path) -> None:
    first, again = (shell("import", str(statement), "--space", "camille") for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "2 new" in first.output
    assert "0 new, 0 changed, 2 already here" in again.output


def test_a_folder_is_read_file_by_file_and_a_bad_one_does_not_stop_the_rest(
    shell: Shell, statement: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    statement.rename(folder / "b.ofx")
    (folder / "a.bin").write_bytes(b"\x00\x01\x02")
    (folder / "c.ofx").write_text(BANK_FILE.replace("20261001", "20261399"))
    done = shell("import", str(folder), str(tmp_path / "missing.pdf"), "--space", "camille")
    assert done.exit_code == 1
    assert "2 new" in done.output
    assert "a.bin" in done.stderr
    assert re.search(r"transaction 1, line \d+", done.stderr)
    assert "missing.pdf: cannot be read" in done.stderr


def test_everything_is_taken_away_and_verified(shell: Shell, statement: Path, tmp_path: Path) -> None:
    shell("import", str(statement), "--space", "camille")
    archive = tmp_path / "archive.zip"
    arguments = ("export", "--space", "camille", "-o", str(archive), "--passphrase-stdin")
    assert shell(*arguments, typed="pas la bonne phrase\n").exit_code == 2
    assert not archive.exists()
    done = shell(*arguments, typed=PASSPHRASE + "\n")
    assert done.exit_code == 0, done.output
    assert shell("verify", str(archive)).exit_code == PROVED
    content = archive.read_bytes()
    assert verify(content).outcome == PROVED
    archive.write_bytes(content[:-1] + b"?")
    assert shell("verify", str(archive)).exit_code == REFUTED


def test_an_archive_that_cannot_be_written_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    arguments = ("export", "--space", "camille", "-o", str(tmp_path / "no" / "a.zip"), "--passphrase-stdin")
    done = shell(*arguments, typed=PASSPHRASE + "\n")
    assert done.exit_code == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "x.ofx", "--space", "nobody"), "nobody has a space under this name"),
        (("import", "x.ofx", "--space", "not a name"), "a sign-in name has"),
        (("space", "open", "camille", "--passphrase-stdin"), "taken"),
    ],
)
def test_a_mistake_is_one_sentence_and_no_traceback(shell: Shell, arguments: tuple[str, ...], sentence: str) -> None:
    done = shell(*arguments, typed=PASSPHRASE + "\n")
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.output + done.stderr


def test_an_issuer_that_is_neither_safe_nor_local_is_refused(tmp_path: Path) -> None:
    done = Shell(tmp_path)("--issuer", "http://cockpit.example", "doctor")
    assert done.exit_code == 2
    assert "https" in done.stderr


def test_doctor_says_what_is_there(shell: Shell) -> None:
    said = shell("doctor").output
    for expected in ("intl.ofx", "energy-advice-v1", "localhost:8000/log"):
        assert expected in said


def test_a_registration_token_is_printed(shell: Shell) -> None:
    assert len(shell("registration-token").output.strip()) > 64


def test_an_operator_recovers_a_space_only_if_its_person_allowed_it(shell: Shell) -> None:
    asked = ("recover", "camille", "--escrow", "--reason", "Demande en personne")
    refused = shell(*asked)
    assert (refused.exit_code, refused.output) == (2, "cockpit: nobody under this name here has allowed it\n")
    cockpit = build(Settings(data=shell.data))
    visit = visit_once(cockpit, "camille", PASSPHRASE)
    allow_escrow(cockpit, prove(cockpit, visit, by_passphrase(PASSPHRASE)), understood=True)
    for wrong in (("recover", "camille"), ("recover", "camille", "--escrow"), asked[:2] + asked[3:]):
        assert shell(*wrong).exit_code == 2
    done = shell(*asked)
    assert done.exit_code == 0, done.output
    (kit,) = re.findall(r"(?:[0-9A-Z]{4}-){13}[0-9A-Z]{4}", done.output)
    assert "Camille" not in done.output
    assert sign_in_with_kit(cockpit, "camille", kit)
    cockpit.database.engine.dispose()
