"""A whole cockpit whose master key is on a real OpenBao server: what it asks, what stops when the server is sealed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import open_space
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.rotate_operator_key import key_status, retire_operator_keys, rotate_operator_key
from cockpit.acts.sign_in import sign_in
from cockpit.acts.visits import recognise
from cockpit.bootstrap import build
from cockpit.cli import main
from cockpit.domain.errors import OperatorMustAct
from cockpit.settings import Settings
from cockpit.sources.port import SourceFile
from tests.conftest import PASSPHRASE
from tests.masters.openbao import KEY, OpenBao
from tests.store.test_canaries import BANK_FILE


@pytest.fixture
def settings(bao: OpenBao, token_file: Path, tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data", argon2_memory_kib=64, master="transit", master_options=bao.options(token_file)
    )


@pytest.fixture
def far(settings: Settings) -> Iterator[Cockpit]:
    built = build(settings)
    yield built
    built.close()


def asked(bao: OpenBao, since: int) -> Counter[str]:
    return Counter(path.split("/")[1] for path in bao.calls()[since:])


def test_no_key_that_opens_anything_lies_in_the_data_directory(far: Cockpit, settings: Settings) -> None:
    open_space(far, "camille", PASSPHRASE, "Camille", "fr")
    assert sorted(path.name for path in settings.keys_folder.iterdir()) == [
        "log.wrapped",
        "operator.secret",
        "receipts.wrapped",
    ]
    secrets = [far.operator.secret, far.operator.duty("login"), far.operator.log.to_pem().splitlines()[1]]
    for path in settings.data.rglob("*"):
        for secret in secrets if path.is_file() else ():
            assert secret not in path.read_bytes(), path.name


def test_how_often_each_act_asks_the_server(bao: OpenBao, far: Cockpit) -> None:
    before = len(bao.calls())
    opened = open_space(far, "camille", PASSPHRASE, "Camille", "fr")
    assert asked(bao, before) == {
        "encrypt": 3,
        "decrypt": 2,
    }  # three secrets; the tag key and the source key, for the first log entry
    before = len(bao.calls())
    refresh_source(far, opened.person, [SourceFile("a.ofx", BANK_FILE.encode())])
    assert recognise(far, opened.cookie) is not None
    assert asked(bao, before) == {}  # remembered; a session needs no master
    for _ in range(2):
        before = len(bao.calls())
        sign_in(far, "camille", PASSPHRASE)
        assert asked(bao, before) == {"decrypt": 1}  # the pepper, never remembered


def test_when_the_server_is_sealed_sessions_go_on_and_nobody_signs_in(bao: OpenBao, far: Cockpit) -> None:
    opened = open_space(far, "camille", PASSPHRASE, "Camille", "fr")
    bao.root.sys.seal()
    try:
        visit = recognise(far, opened.cookie)
        assert visit is not None and visit.keyring is not None
        with far.spaces.read(visit.keyring) as reader:
            assert reader.person == opened.person
        for act in (
            lambda: sign_in(far, "camille", PASSPHRASE),
            lambda: open_space(far, "dominique", PASSPHRASE, "Dominique", "fr"),
            lambda: build(far.settings),
        ):
            with pytest.raises(OperatorMustAct, match="sealed"):
                act()
    finally:
        bao.root.sys.submit_unseal_key(bao.unseal_key)
    sign_in(far, "camille", PASSPHRASE)
    open_space(far, "dominique", PASSPHRASE, "Dominique", "fr")


def test_a_stolen_host_opens_nothing_once_its_token_is_revoked(
    bao: OpenBao, far: Cockpit, settings: Settings, token_file: Path, tmp_path: Path
) -> None:
    open_space(far, "camille", PASSPHRASE, "Camille", "fr")
    far.close()
    stolen = tmp_path / "stolen"
    shutil.copytree(settings.data, stolen)
    bao.root.auth.token.revoke(token_file.read_text().strip())
    for token in (token_file, tmp_path / "guessed"):
        token.touch(mode=0o600)
        options = dict(settings.master_options) | {"token_file": str(token)}
        with pytest.raises(OperatorMustAct) as refused:
            build(replace(settings, data=stolen, master_options=options))
        assert refused.value.reason == "master_denied"


def test_a_first_start_against_a_sealed_server_leaves_nothing_half_made(bao: OpenBao, settings: Settings) -> None:
    bao.root.sys.seal()
    try:
        with pytest.raises(OperatorMustAct, match="sealed"):
            build(settings)
    finally:
        bao.root.sys.submit_unseal_key(bao.unseal_key)
    build(settings).close()


def test_the_key_is_rotated_and_its_first_version_destroyed_on_the_server(bao: OpenBao, far: Cockpit) -> None:
    open_space(far, "camille", PASSPHRASE, "Camille", "fr")
    done = rotate_operator_key(far)
    assert (done.version, done.rows, done.files) == ("vault:v2", 1, 3)
    assert retire_operator_keys(far) == "vault:v2"
    found = bao.root.secrets.transit.read_key(KEY)["data"]
    assert (list(found["keys"]), found["min_available_version"]) == (["2"], 2)
    sign_in(far, "camille", PASSPHRASE)
    build(far.settings).close()


def test_a_cockpit_moves_from_a_file_to_the_server_and_back(settings: Settings) -> None:
    at_home = replace(settings, master="file", master_options={})
    cockpit = build(at_home)
    open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    log_key = cockpit.operator.log.verify_key()
    cockpit.close()
    for former, new, version in ((at_home, settings, "vault:v1"), (settings, at_home, "file:v1")):
        moving = build(replace(new, former_master=former.master, former_master_options=former.master_options))
        sign_in(moving, "camille", PASSPHRASE)
        done = rotate_operator_key(moving)
        assert (done.version, done.rows) == (version, 1)
        moving.close()
        alone = build(new)
        sign_in(alone, "camille", PASSPHRASE)
        assert alone.operator.log.verify_key() == log_key
        assert not key_status(alone).behind
        alone.close()
        assert not (settings.keys_folder / "log.pem").exists()


def test_the_shell_rotates_shows_and_retires(bao: OpenBao, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_MASTER", "transit")
    for name, value in settings.master_options.items():
        monkeypatch.setenv(f"COCKPIT_MASTER_{name.upper()}", value)

    def shell(*arguments: str, typed: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--data", str(settings.data), *arguments], input=typed)
        return done.exit_code, done.output

    assert shell("space", "open", "camille", "--passphrase-stdin", typed=PASSPHRASE)[0] == 0
    assert shell("keys", "rotate")[0] == 2
    code, said = shell("keys", "rotate", "--master")
    assert (code, "rotated: 1 rows and 3 files are now under vault:v2" in said) == (0, True)
    assert shell("keys", "status") == (
        0,
        "newest: vault:v2\nkeyring: 3 values by vault:v2\nfile: log.wrapped by vault:v2\n"
        "file: operator.secret by vault:v2\nfile: receipts.wrapped by vault:v2\n",
    )
    assert shell("keys", "retire", typed="n\n")[0] == 1
    assert shell("keys", "retire", "--yes") == (0, "only vault:v2 is left\n")
    assert shell("keys", "sweep") == (0, "0 rows belong to no space\n")
    bao.root.secrets.transit.rotate_key(KEY)
    assert shell("keys", "status")[0] == 1
    code, said = shell("keys", "retire", "--yes")
    assert (code, "3 by vault:v2" in said or "6 by vault:v2" in said) == (2, True)


def test_the_token_is_in_no_environment_and_no_argument(settings: Settings, token_file: Path) -> None:
    build(settings).close()
    environment = {"PATH": os.environ["PATH"], "COCKPIT_MASTER": "transit"}
    environment |= {f"COCKPIT_MASTER_{name.upper()}": value for name, value in settings.master_options.items()}
    command = [sys.executable, "-m", "cockpit", "--data", str(settings.data), "doctor"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    token = token_file.read_bytes().strip()
    assert token not in done.stdout + done.stderr + "".join([*environment.values(), *command]).encode()
