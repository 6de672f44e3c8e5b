"""The operator's commands about services: listed, stopped with a reason, let in again."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.cli import main
from tests.web.furnished import furnish


def run(cockpit: Cockpit, *arguments: str) -> tuple[int, str]:
    folder: Path = cockpit.settings.data
    result = CliRunner().invoke(main, ["--data", str(folder), "services", *arguments])
    return result.exit_code, result.output


def test_a_service_is_listed_stopped_and_let_in_again(cockpit: Cockpit, visit: Visit) -> None:
    furnish(cockpit, visit)
    assert run(cockpit, "list")[1].startswith("c_coach  registered  Coach énergie  (energy-advice-v1)")
    code, said = run(cockpit, "suspend", "c_coach", "--reason", "Enquête en cours")
    assert (code, said) == (0, "c_coach is suspended, and 1 consents with it\n")
    assert "suspended" in run(cockpit, "list")[1]
    assert run(cockpit, "reinstate", "c_coach")[0] == 0
    assert "registered" in run(cockpit, "list")[1]


def test_an_unknown_service_or_a_missing_reason_is_said(cockpit: Cockpit) -> None:
    assert run(cockpit, "suspend", "c_nobody", "--reason", "x")[0] == 2
    assert run(cockpit, "suspend", "c_nobody", "--reason", " ")[0] == 2
    assert run(cockpit, "suspend", "c_nobody")[0] == 2
    assert run(cockpit, "reinstate", "c_nobody")[0] == 2
