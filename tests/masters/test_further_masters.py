"""A master that another package brings, by its entry point: found, used by a whole cockpit, and never in our stead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.acts.open_space import open_space
from cockpit.acts.rotate_operator_key import key_status, retire_operator_keys, rotate_operator_key
from cockpit.acts.sign_in import sign_in
from cockpit.bootstrap import build
from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.operator import open_master
from cockpit.settings import Settings, settings_from_environment
from tests.conftest import PASSPHRASE

CLOUD_PACKAGE = '''
"""A master of a far-away cloud, as its package would bring it: here the cloud is a folder."""

import hmac, json, os
from pathlib import Path
from cryptography.fernet import Fernet, InvalidToken
from cockpit.domain.errors import OperatorMustAct, Tampered


class CloudMaster:
    scheme, remote = "examplecloud", True

    def __init__(self, path):
        self.path = Path(path)

    def keys(self):
        return json.loads(self.path.read_text())

    def begin(self):
        self.path.write_text(json.dumps({"1": Fernet.generate_key().decode()}))

    def newest(self):
        return f"examplecloud:v{max(map(int, self.keys()))}"

    def wrap(self, secret, context):
        newest = self.newest()
        sealed = Fernet(self.keys()[newest.rpartition("v")[2]]).encrypt(json.dumps([context, secret.hex()]).encode())
        return newest.encode() + b":" + sealed

    def unwrap(self, wrapped, context):
        name, _, sealed = wrapped.decode().rpartition(":")
        key = self.keys().get(name.rpartition("v")[2])
        if key is None:
            raise OperatorMustAct("this version is gone", code="master_version")
        try:
            found, secret = json.loads(Fernet(key).decrypt(sealed.encode()))
        except InvalidToken as error:
            raise Tampered("a wrapped value does not open") from error
        if found != context:
            raise Tampered("a wrapped value stands in another place")
        return bytes.fromhex(secret)

    def needs_rewrap(self, wrapped):
        return not wrapped.startswith(self.newest().encode() + b":")

    def rotate(self):
        keys = self.keys()
        keys[str(max(map(int, keys)) + 1)] = Fernet.generate_key().decode()
        self.path.write_text(json.dumps(keys))
        return self.newest()

    def retire(self):
        number = self.newest().rpartition("v")[2]
        self.path.write_text(json.dumps({number: self.keys()[number]}))


def open_cloud(folder, options):
    return CloudMaster(options["region"])
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    metadata = site / "examplecloud_master-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "examplecloud_master.py").write_text(CLOUD_PACKAGE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: examplecloud-master\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[cockpit.master_keys]\nexamplecloud = examplecloud_master:open_cloud\nfile = examplecloud_master:open_cloud\n"
    )
    monkeypatch.syspath_prepend(str(site))
    return tmp_path / "cloud.json"


def test_a_cockpit_lives_under_a_master_that_a_package_brings(installed: Path, tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path / "data",
        argon2_memory_kib=64,
        master="examplecloud",
        master_options={"region": str(installed)},
    )
    cockpit = build(settings)
    open_space(cockpit, "camille", PASSPHRASE, "Camille", "fr")
    before = sorted(path.name for path in settings.keys_folder.iterdir())
    assert before == ["log.wrapped", "operator.secret", "receipts.wrapped"]
    assert all(b"PRIVATE KEY" not in path.read_bytes() for path in settings.keys_folder.iterdir())
    assert rotate_operator_key(cockpit).version == "examplecloud:v2"
    assert retire_operator_keys(cockpit) == "examplecloud:v2"
    sign_in(cockpit, "camille", PASSPHRASE)
    assert not key_status(cockpit).behind
    cockpit.close()
    again = build(settings)
    sign_in(again, "camille", PASSPHRASE)
    again.close()


def test_no_package_takes_the_place_of_our_own(installed: Path, tmp_path: Path) -> None:
    assert type(open_master("file", tmp_path, {})).__module__ == "cockpit.sealing.file_master"


def test_an_unknown_master_is_refused_with_the_names_there_are(installed: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorMustAct, match="examplecloud, file, transit"):
        open_master("floppy", tmp_path, {})


def test_the_environment_names_the_master_and_its_options_but_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "COCKPIT_MASTER": "transit",
        "COCKPIT_MASTER_URL": "https://bao.example",
        "COCKPIT_MASTER_TOKEN_FILE": "/run/token",
        "COCKPIT_FORMER_MASTER": "file",
        "COCKPIT_KEYRING": "sqlite:////srv/keyring.sqlite",
    }.items():
        monkeypatch.setenv(name, value)
    settings = settings_from_environment(tmp_path)
    assert (settings.master, settings.former_master) == ("transit", "file")
    assert settings.master_options == {"url": "https://bao.example", "token_file": "/run/token"}
    assert settings.keyring_url == "sqlite:////srv/keyring.sqlite"
    assert replace(settings, keyring=None).keyring_url == f"sqlite:///{tmp_path}/keyring.sqlite"
    monkeypatch.setenv("COCKPIT_MASTER_TOKEN", "s.secret")
    with pytest.raises(OperatorMustAct, match="COCKPIT_MASTER_TOKEN_FILE") as refused:
        settings_from_environment(tmp_path)
    assert "s.secret" not in str(refused.value)
