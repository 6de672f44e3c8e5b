"""``cockpit policies explain``: a decision on a request written down, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli.explaining import compile_policies, explain

CASES = Path(__file__).parents[2] / "policies" / "cockpit_policies" / "cases"
SHIPPED = CASES.parent / "cedar" / "policies.json"


@pytest.mark.parametrize(
    ("case", "code", "said"),
    [
        ("two of the fields", 0, "autorisé"),
        ("a field that was not given", 1, "Il manquerait : le champ « Numéro du compteur »"),
        ("a day too early", 1, "la période avant le 2025-11-23"),
        ("a day that is none", 1, "undecidable"),
        ("no such case", 2, "there is no case"),
    ],
)
def test_a_request_is_explained(case: str, code: int, said: str) -> None:
    done = CliRunner().invoke(explain, [str(CASES / "data.toml"), "--case", case])
    assert done.exit_code == code
    assert said in done.output


def test_every_policy_is_shown_with_its_verdict() -> None:
    done = CliRunner().invoke(explain, [str(CASES / "data.toml"), "--case", "finer", "--lang", "en"])
    assert "- forbid-grain" in done.output
    assert "The consent covers only coarser data. [GDPR art. 5(1)(c), art. 25]" in done.output
    assert "+ permit-by-consent" in done.output
    assert "What is missing: a consent for finer data." in done.output


def test_json_says_the_same() -> None:
    done = CliRunner().invoke(explain, [str(CASES / "consent.toml"), "--case", "paused", "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["allowed"]) == (1, False)
    assert told["decision"]["grounds"]["facets"] == ["paused"]
    assert {one["said"] for one in told["policies"]} == {"permits", "forbids", "silent"}
    assert told["missing"][0]["en"] == "the end of the pause"


@pytest.mark.parametrize("content", [b"no = [", b"\xff\xfe", b"[request]\nkind = 1"])
def test_what_cannot_be_read_exits_with_two(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "request.toml").write_bytes(content)
    done = CliRunner().invoke(explain, [str(tmp_path / "request.toml")])
    assert done.exit_code == 2
    assert "cannot be read" in done.output


def test_compiling_writes_what_is_shipped(tmp_path: Path) -> None:
    done = CliRunner().invoke(compile_policies, [str(tmp_path)])
    assert done.exit_code == 0
    assert (tmp_path / "policies.json").read_text() == SHIPPED.read_text()
