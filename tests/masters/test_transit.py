"""The master on a real OpenBao server: what a policy allows, and what an operator reads when something is wrong."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.domain.errors import OperatorMustAct
from cockpit.sealing.transit import TransitMaster, open_transit_master
from tests.masters.openbao import KEY, SERVER_POLICY, OpenBao


def refused(master: TransitMaster) -> OperatorMustAct:
    with pytest.raises(OperatorMustAct) as caught:
        master.wrap(b"x", "a")
    return caught.value


@pytest.fixture
def sealed(bao: OpenBao, transit: TransitMaster) -> Iterator[OpenBao]:
    bao.root.sys.seal()
    yield bao
    bao.root.sys.submit_unseal_key(bao.unseal_key)


def test_the_servers_own_token_wraps_but_neither_rotates_nor_retires(
    bao: OpenBao, transit: TransitMaster, token_file: Path
) -> None:
    token_file.write_text(bao.token(SERVER_POLICY))
    assert transit.unwrap(transit.wrap(b"x", "a"), "a") == b"x"
    for forbidden in (transit.rotate, transit.retire):
        with pytest.raises(OperatorMustAct, match="denies"):
            forbidden()
    assert bao.root.secrets.transit.read_key(KEY)["data"]["latest_version"] == 1


def test_a_sealed_server_says_so_and_works_again_once_unsealed(sealed: OpenBao, transit: TransitMaster) -> None:
    assert refused(transit).reason == "master_sealed"
    sealed.root.sys.submit_unseal_key(sealed.unseal_key)
    assert transit.unwrap(transit.wrap(b"x", "a"), "a") == b"x"


def test_a_server_that_is_away_says_so(bao: OpenBao, token_file: Path, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        away = open_transit_master(tmp_path, bao.options(token_file) | {"url": url})
        assert refused(away).reason == "master_away"


def test_a_server_with_another_certificate_is_not_spoken_to(bao: OpenBao, token_file: Path, tmp_path: Path) -> None:
    options = bao.options(token_file)
    del options["ca_file"]
    assert refused(open_transit_master(tmp_path, options)).reason == "master_tls"


def test_a_bundle_named_in_the_environment_is_not_trusted(
    bao: OpenBao, token_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "VAULT_CACERT"):
        monkeypatch.setenv(name, str(bao.ca_file))
    options = bao.options(token_file)
    del options["ca_file"]
    assert refused(open_transit_master(tmp_path, options)).reason == "master_tls"


@pytest.mark.parametrize(("option", "value"), [("key", "another"), ("mount", "elsewhere")])
def test_a_missing_key_or_engine_is_never_made(
    bao: OpenBao, token_file: Path, tmp_path: Path, option: str, value: str
) -> None:
    token_file.write_text("root-of-a-test-server")
    master = open_transit_master(tmp_path, bao.options(token_file) | {option: value})
    with pytest.raises(OperatorMustAct) as caught:
        master.begin()
    assert caught.value.reason == "master_missing"
    with pytest.raises(OperatorMustAct) as caught:
        master.unwrap(b"vault:v1:AAAA", "a")
    assert caught.value.reason == "master_missing"
    assert bao.root.secrets.transit.list_keys()["data"]["keys"] == [KEY]


@pytest.mark.parametrize("kind", [{"key_type": "ed25519"}, {"derived": True}, {"exportable": True}])
def test_a_key_of_another_type_is_refused(
    bao: OpenBao, token_file: Path, tmp_path: Path, kind: dict[str, object]
) -> None:
    token_file.write_text("root-of-a-test-server")
    bao.root.secrets.transit.create_key("odd", **kind)
    try:
        with pytest.raises(OperatorMustAct, match="aes256-gcm96"):
            open_transit_master(tmp_path, bao.options(token_file) | {"key": "odd"}).begin()
    finally:
        bao.root.secrets.transit.update_key_configuration("odd", deletion_allowed=True)
        bao.root.secrets.transit.delete_key("odd")


def test_a_denied_or_ended_token_says_so_and_never_shows_itself(
    bao: OpenBao, transit: TransitMaster, token_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    token = token_file.read_text().strip()
    bao.root.auth.token.revoke(token)
    error = refused(transit)
    assert error.reason == "master_denied"
    shown = "".join(traceback.format_exception(error)) + caplog.text + repr(transit)
    assert token not in shown


def test_a_token_renewed_in_its_file_is_taken_up_without_a_restart(
    bao: OpenBao, transit: TransitMaster, token_file: Path
) -> None:
    transit.wrap(b"x", "a")
    old = token_file.read_text().strip()
    token_file.write_text(bao.token(SERVER_POLICY))
    bao.root.auth.token.revoke(old)
    assert transit.unwrap(transit.wrap(b"x", "a"), "a") == b"x"


@pytest.mark.parametrize(("content", "mode"), [("", 0o600), ("a\nb", 0o600), ("é", 0o600), ("token", 0o604)])
def test_a_token_file_that_holds_none_or_that_all_may_read_is_refused(
    transit: TransitMaster, token_file: Path, content: str, mode: int
) -> None:
    token_file.write_text(content)
    token_file.chmod(mode)
    assert refused(transit).reason in {"master_denied", "keys"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"url": "http://127.0.0.1:8200"}, "master_tls"),
        ({"ca_file": "/nowhere/ca.pem"}, "master_tls"),
        ({"tls": "off"}, "master"),
        ({"url": None}, "master"),
        ({"token_file": None}, "master"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_asked(
    tmp_path: Path, changed: dict[str, str | None], code: str
) -> None:
    options = {"url": "https://bao.example", "token_file": "/run/token"} | changed
    with pytest.raises(OperatorMustAct) as caught:
        open_transit_master(tmp_path, {name: value for name, value in options.items() if value is not None})
    assert caught.value.reason == code
