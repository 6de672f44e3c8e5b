"""The wheel, built and installed into a clean environment, is the whole product: it serves a page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    environment = tmp_path_factory.mktemp("clean") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True, timeout=600)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, timeout=120)
    return environment / "bin"


def test_the_wheel_holds_every_package_and_no_test(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"cockpit", "cockpit_connectors", "cockpit_policies", "cockpit_web", "cockpit_web_audit"}
    for needed in (
        "cockpit_policies/uses/energy-advice.v1.toml",
        "cockpit_web/templates/home/page.html",
        "cockpit_web/locale/en/LC_MESSAGES/messages.po",
        "cockpit_web_audit/templates/layout.html",
        "cockpit_web_audit/locale/en/LC_MESSAGES/messages.po",
        "cockpit_connectors/fr_2ddoc/manifest.toml",
        "cockpit/demo/coach_energie/coach.py",
        "cockpit/verifier/verify.py",
        "cockpit/store/migrations/env.py",
        "cockpit/store/migrations/script.py.mako",
        "cockpit/store/migrations/versions/0001_every_table.py",
    ):
        assert needed in names, needed


@pytest.fixture
def address(installed: Path, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://localhost:{port}"
    environment = {"PATH": os.environ["PATH"], "COCKPIT_DATA": str(tmp_path / "data"), "COCKPIT_ISSUER": url}
    server = subprocess.Popen([str(installed / "cockpit"), "serve", "--port", str(port)], env=environment, cwd=tmp_path)
    yield url
    server.terminate()
    server.wait(20)


def test_the_installed_command_serves_a_page(address: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            page = httpx2.get(address + "/", timeout=10)
            break
        except httpx2.TransportError:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert page.status_code == 200
    assert "<h1" in page.text
    assert httpx2.get(address + "/log/consent/checkpoint").status_code == 200


def test_the_installed_connectors_and_verifier_answer(installed: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "COCKPIT_DATA": str(tmp_path / "data")}
    doctor = [str(installed / "cockpit"), "doctor"]
    said = subprocess.run(doctor, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    for connector in ("fr.enedis.csv", "intl.ofx", "fr.2ddoc", "eu.facturx"):
        assert connector in said
    nothing = [str(installed / "python"), "-m", "cockpit.verifier", "nothing.zip"]
    assert subprocess.run(nothing, cwd=tmp_path, check=False, capture_output=True).returncode == 2
