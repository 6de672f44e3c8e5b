"""Checking and publishing documents from the shell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli import main

POLICIES = Path(__file__).parents[2] / "policies" / "cockpit_policies"
STUDY = "energy-study.v1.toml"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["policies", "check", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "uses").mkdir()
    shutil.copy(POLICIES / "uses" / STUDY, tmp_path / "uses" / STUDY)
    return tmp_path


def reword(folder: Path) -> None:
    document = folder / "uses" / STUDY
    document.write_text(document.read_text("utf-8").replace("no commercial aim", "no aim but public"), "utf-8")


def test_the_shipped_documents_have_no_fault() -> None:
    code, said = run()
    assert (code, said.splitlines()[-1].endswith(" 0 faults")) == (0, True), said


def test_somebody_elses_folder_is_checked_against_our_kinds_and_published_once(folder: Path) -> None:
    code, said = run(str(folder))
    assert code == 1
    assert "energy-study-v1: not published" in said
    assert run(str(folder), "--publish")[0] == 0
    assert run(str(folder))[0] == 0


def test_a_published_use_never_changes_not_even_by_publishing_again(folder: Path) -> None:
    run(str(folder), "--publish")
    before = (folder / "published.toml").read_text("utf-8")
    reword(folder)
    for options in ((), ("--publish",)):
        code, said = run(str(folder), *options)
        assert code == 1
        assert "changed after it was published" in said
    assert (folder / "published.toml").read_text("utf-8") == before


def test_a_comment_may_change(folder: Path) -> None:
    run(str(folder), "--publish")
    document = folder / "uses" / STUDY
    document.write_text("# Another comment.\n" + document.read_text("utf-8"), "utf-8")
    assert run(str(folder))[0] == 0


def test_nothing_is_published_while_something_is_wrong(folder: Path) -> None:
    document = folder / "uses" / STUDY
    document.write_text(document.read_text("utf-8").replace('places = ["EU"]', 'places = ["US"]'), "utf-8")
    assert run(str(folder), "--publish")[0] == 1
    assert not (folder / "published.toml").exists()


def test_faults_can_be_read_by_a_program(folder: Path) -> None:
    code, said = run(str(folder), "--json")
    (fault,) = json.loads(said)["faults"]
    assert (code, fault["document"], set(fault)) == (1, "energy-study-v1", {"document", "key", "says", "instead"})
