"""``cockpit tend-logs``, and what ``fsck`` and ``doctor`` say of the logs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.acts.open_space import open_space
from cockpit.bootstrap import build
from cockpit.cli import main
from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.event import Event, EventType
from cockpit.settings import Settings, settings_from_environment
from tests.cli.test_operations import PASSPHRASE

LONG_AGO = datetime(2020, 3, 15, tzinfo=UTC)


def run(data: Path, *arguments: str, typed: str = "") -> Result:
    done = CliRunner().invoke(main, ["--data", str(data), *arguments], input=typed)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done


def test_an_old_month_is_closed_and_removed_and_what_covers_it_is_told(tmp_path: Path) -> None:
    cockpit = build(Settings(data=tmp_path, argon2_memory_kib=64), lambda: LONG_AGO)
    person = open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr").person
    with cockpit.database.write(person) as connection:
        cockpit.ledger.append(connection, Event(EventType.TOKEN_ISSUED), LONG_AGO, person)
    cockpit.close()
    tended = run(tmp_path, "tend-logs")
    assert tended.output == "closed: access-2020-03\nremoved the entries of: access-2020-03\n"
    assert run(tmp_path, "tend-logs").output == "Nothing was due.\n"
    assert "/log/access-2020-03, 1 entries" in run(tmp_path, "doctor").output
    assert run(tmp_path, "fsck").exit_code == 0
    assert run(tmp_path, "erase", "camille", "--yes").exit_code == 0
    checked = run(tmp_path, "fsck")
    assert checked.exit_code == 0, checked.output
    assert "openings erased: 1, covered by entry #3 of the consent log" in checked.output


@pytest.mark.parametrize(("written", "months"), [("", 12), ("6", 6), ("12", 12)])
def test_the_months_that_accesses_are_kept(monkeypatch: pytest.MonkeyPatch, written: str, months: int) -> None:
    monkeypatch.setenv("COCKPIT_ACCESS_MONTHS", written)
    assert settings_from_environment().access_months == months


@pytest.mark.parametrize("written", ["5", "13", "six", "-6", "6.0", "٦"])
def test_any_other_number_of_months_is_refused(monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.setenv("COCKPIT_ACCESS_MONTHS", written)
    with pytest.raises(OperatorMustAct, match="6 to 12"):
        settings_from_environment()
