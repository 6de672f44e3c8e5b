"""``cockpit backup``, ``restore``, ``fsck`` and ``erase``: what an operator types, sees, and gets as exit codes."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.cli import main
from tests.store.test_canaries import BANK_FILE

PASSPHRASE = "quatre mots faciles à retenir"
Shell = Callable[..., Result]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    def run(*arguments: str, typed: str = "", data: str = "data") -> Result:
        done = CliRunner().invoke(main, ["--data", str(tmp_path / data), *arguments], input=typed)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        return done

    (tmp_path / "releve.ofx").write_text(BANK_FILE)
    assert run("space", "open", "camille", "--passphrase-stdin", typed=PASSPHRASE).exit_code == 0
    assert run("import", "--space", "camille", str(tmp_path / "releve.ofx")).exit_code == 0
    return run


@pytest.fixture
def addresses(tmp_path: Path) -> tuple[str, str, str]:
    return str(tmp_path / "backup"), "--keyring", str(tmp_path / "apart")


def test_a_backup_is_rehearsed_then_restored_on_another_machine(
    shell: Shell, addresses: tuple[str, str, str], tmp_path: Path
) -> None:
    saved = shell("backup", *addresses)
    assert saved.exit_code == 0, saved.output
    assert "snapshot: " in saved.output
    assert "keys" in saved.output
    rehearsed = shell("restore", *addresses, "--rehearse", "--space", "camille", typed=PASSPHRASE)
    assert rehearsed.exit_code == 0, rehearsed.output
    assert "found nothing wrong" in rehearsed.output
    # The new machine has what was kept in the third place, and nothing else.
    shutil.copytree(tmp_path / "data" / "keys", tmp_path / "new" / "keys")
    shutil.rmtree(tmp_path / "data")
    back = shell("restore", *addresses, "--into", str(tmp_path / "new"), data="new")
    assert back.exit_code == 0, back.output
    checked = shell("fsck", "--space", "camille", typed=PASSPHRASE, data="new")
    assert checked.exit_code == 0, checked.output
    assert "Nothing wrong was found." in checked.output


def test_a_backup_without_its_keyring_says_what_that_means(shell: Shell, addresses: tuple[str, str, str]) -> None:
    saved = shell("backup", addresses[0])
    assert saved.exit_code == 0
    assert "without it no space of this backup opens" in saved.output
    assert shell("restore", *addresses, "--rehearse").exit_code == 2
    refused = shell("backup", addresses[0], "--keyring", f"{addresses[0]}/keyring")
    assert refused.exit_code == 2
    assert "another place" in refused.output


def test_reports_can_be_read_by_programs(shell: Shell, addresses: tuple[str, str, str], tmp_path: Path) -> None:
    saved = json.loads(shell("backup", *addresses, "--json").stdout)
    assert (saved["missing"], saved["keyring_saved"], saved["documents_written"]) == ([], True, 1)
    rehearsed = json.loads(shell("restore", *addresses, "--rehearse", "--json").stdout)
    assert rehearsed["findings"] == []
    assert rehearsed["restored"]["persons"] == 1
    assert json.loads(shell("fsck", "--json").stdout) == []
    next(path for path in (tmp_path / "data/objects").rglob("*") if path.is_file()).unlink()
    checked = shell("fsck", "--json")
    assert checked.exit_code == 1
    (found,) = json.loads(checked.stdout)
    assert found["code"] == "document_missing"
    assert shell("backup", *addresses).exit_code == 0, "what was copied before needs no second look"
    assert shell("backup", str(tmp_path / "elsewhere")).exit_code == 1


def test_findings_are_said_and_told_apart_from_not_being_able_to_look(shell: Shell, tmp_path: Path) -> None:
    next(path for path in (tmp_path / "data/objects").rglob("*") if path.is_file()).unlink()
    checked = shell("fsck")
    assert checked.exit_code == 1
    assert "document_missing: " in checked.output
    assert "1 findings" in checked.output
    assert shell("fsck", "--receipt", str(tmp_path / "none.json")).exit_code == 2
    assert shell("fsck", "--space", "camille", typed="wrong").exit_code == 2
    (tmp_path / "releve.json").write_text("{}")
    assert shell("fsck", "--receipt", str(tmp_path / "releve.json")).exit_code == 2


def test_what_a_crash_left_in_the_object_store_is_swept_once_it_is_old(shell: Shell, tmp_path: Path) -> None:
    (document,) = [path for path in (tmp_path / "data/objects").rglob("*") if path.is_file()]
    left = document.with_name(document.name[:2] + "0" * 30)
    left.write_bytes(b"sealed by a program that was killed")
    assert shell("sweep").output.strip() == "0 objects belong to no document", "it may be of an act that is going on"
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (long_ago, long_ago))
    assert "document_unknown" in shell("fsck").output
    named = shell("sweep")
    assert left.name in named.output
    assert left.exists()
    assert "were removed" in shell("sweep", "--destroy").output
    assert not left.exists()
    assert document.exists()
    assert shell("fsck").exit_code == 0


def test_a_damaged_backup_is_refused_in_one_sentence(
    shell: Shell, addresses: tuple[str, str, str], tmp_path: Path
) -> None:
    shell("backup", *addresses)
    chunk = next(path for path in (tmp_path / "backup/chunks").rglob("*") if path.is_file())
    chunk.write_bytes(chunk.read_bytes()[:-1])
    refused = shell("restore", *addresses, "--rehearse")
    assert refused.exit_code == 2
    assert refused.output.startswith("cockpit: a chunk of this backup does not open")
    assert len(refused.output.strip().splitlines()) == 1
    assert shell("restore", str(tmp_path / "nowhere"), *addresses[1:], "--rehearse").exit_code == 2
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("options", [(), ("--rehearse", "--into", "x"), ("--into", "x", "--space", "camille")])
def test_restoring_asks_for_one_way(shell: Shell, addresses: tuple[str, str, str], options: tuple[str, ...]) -> None:
    assert shell("restore", *addresses, *options).exit_code == 2


def test_a_space_is_erased_only_by_its_name_typed_again(shell: Shell) -> None:
    kept = shell("erase", "camille", typed="camile\n")
    assert kept.exit_code == 2
    assert "nothing was erased" in kept.output
    assert shell("fsck", "--space", "camille", typed=PASSPHRASE).exit_code == 0
    erased = shell("erase", "camille", typed="camille\n")
    assert erased.exit_code == 0, erased.output
    assert "the next one now" in erased.output
    assert shell("erase", "camille", "--yes").exit_code == 2
    assert shell("fsck").exit_code == 0
