"""``cockpit witness``: a real process that serves, prints its key, and lists what it saw."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.cli import main
from cockpit.sealing.signing import SigningKey
from cockpit.tlog.cosignature import find_cosignatures
from cockpit.tlog.note import COSIGNATURE, parse_vkey
from cockpit.witness.asking import Asked, ask_witnesses
from tests.published_log import grown


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["witness", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_a_witness_serves_in_a_process_of_its_own_and_remembers(tmp_path: Path) -> None:
    data, log = tmp_path / "witness", grown(9)
    key = parse_vkey(run("key", "--data", str(data), "--name", "witness.example/w1").strip())
    assert (key.name, key.type) == ("witness.example/w1", COSIGNATURE)
    command = [sys.executable, "-m", "cockpit", "witness", "serve", "--data", str(data), "--port", "0"]
    command += ["--log", log.verifier.vkey()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr and serving.stdout
        try:
            address = next(found[0] for line in serving.stderr if (found := re.search(r"http://127\S+", line)))
            done = ask_witnesses(log.note(9), [Asked(key, address)], {}, log.consistency)
            other = grown(9, word="1", key=log.key)
            forked = ask_witnesses(other.note(9), [Asked(key, address)], {}, other.consistency)
        finally:
            serving.terminate()
    assert set(find_cosignatures(done.note, [key])) == {key}
    assert "another root at 9" in forked.failed["witness.example/w1"]
    listed = run("list", "--data", str(data), code=1)
    assert f"{log.origin} 9 {log.root(9).hex()} 20" in listed
    assert log.note(9).decode() in listed and other.note(9).decode() in listed


def test_the_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = run("key", "--data", str(tmp_path), "--name", "w.example")
    assert run("key", "--data", str(tmp_path)) == first
    assert stat.S_IMODE((tmp_path / "witness.key").stat().st_mode) == 0o600
    assert "another directory" in run("key", "--data", str(tmp_path), "--name", "v.example", code=2)


@pytest.mark.parametrize("name", [[], ["--name", "two words"], ["--name", "a+b"]])
def test_a_witness_without_a_name_is_not_begun(tmp_path: Path, name: list[str]) -> None:
    assert "give the witness a name" in run("key", "--data", str(tmp_path), *name, code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_and_a_malformed_log_are_said(tmp_path: Path) -> None:
    assert "no witness in" in run("list", "--data", str(tmp_path), code=2)
    assert "malformed" in run("serve", "--data", str(tmp_path), "--log", "x", "--name", "w", code=2)
    for content in (b"w\nnot a key", b"\xff\n" + SigningKey.generate().to_pem()):
        path = tmp_path / "witness.key"
        path.write_bytes(content)
        path.chmod(0o600)
        assert "damaged" in run("key", "--data", str(tmp_path), code=2)
