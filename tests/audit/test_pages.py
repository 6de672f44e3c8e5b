"""The pages of the house: in both languages, without a script, to whoever has the key and nobody else."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import cockpit_web_audit
from cockpit.audit.house import House, begin
from cockpit.verifier.audit_bundle import verify_bundle
from cockpit_web_audit.app import create_app
from tests.audit.houses import Audited, Auditor
from tests.web.screen import FROM_OUR_PAGES, TestClient, check_page, screen

ADDRESSES = (
    "/", "/registre", "/questions", "/dossier", "/integrite", "/echantillon",
    "/echantillon?graine=loto+du+23&nombre=5", "/export", "/questions/in-force", "/questions/without-consent",
    "/questions/stop-delay", "/questions/denials", "/questions/obligations-overdue", "/questions/recipients",
    "/questions/special", "/questions/changes", "/questions/auditors", "/questions/statistics",
    "/questions/in-force?du=2026-01-01&au=2030-01-01&usage=energy-advice-v1",
)  # fmt: skip
KEY = "the-access-key"


@pytest.fixture
def visitor(ada: Auditor) -> Iterator[TestClient]:
    """The auditor's browser, let in."""
    ada.sync()
    app = create_app(ada.house, ada.running.cockpit.clock, KEY)
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=FROM_OUR_PAGES, follow_redirects=False) as client:
        assert client.get(f"/entrer?cle={KEY}").status_code == 303
        yield client


def test_every_page_in_both_languages(visitor: TestClient) -> None:
    for language in ("fr", "en"):
        visitor.cookies.set("langue", language, domain="127.0.0.1")
        for address in ADDRESSES:
            answer = visitor.get(address)
            assert answer.status_code == 200, address
            check_page(answer.text, language)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "<script" not in answer.text


def test_without_the_key_nothing_is_shown(ada: Auditor) -> None:
    app = create_app(ada.house, ada.running.cockpit.clock, KEY)
    with TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False) as client:
        for address in (*ADDRESSES, "/api/integrity", "/api/queries/in-force", "/entrer?cle=other", "/entrer"):
            assert client.get(address).status_code == 403, address
        client.cookies.set("audit_house", KEY[:-1], domain="127.0.0.1")
        assert client.get("/").status_code == 403
        client.cookies.set("audit_house", KEY, domain="127.0.0.1")
        assert client.get("/").status_code == 200
        # Another site's page, and another site's name for this address, change and see nothing.
        assert client.post("/actualiser", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/actualiser", headers={"Origin": "http://evil.example"}).status_code == 403
        assert client.post("/actualiser").status_code == 403
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_an_audit_by_hand(visitor: TestClient, audited: Audited, ada: Auditor) -> None:
    assert visitor.post("/actualiser").headers["location"] == "/"
    assert "tient ensemble" in visitor.get("/").text
    assert "a été montré sous l" in visitor.get("/registre").text
    assert ada.ask("changes").rows[0][-1] == "known"
    page = screen(visitor.get("/questions/in-force").text)
    assert [cell.text_content() for cell in page.xpath("//tbody/tr/td")] == [
        "c_coach", "energy-advice-v1", "2", "1", "1", "1",
    ]  # fmt: skip
    bundle = visitor.post("/export")
    assert verify_bundle(bundle.content)["verdict"] == "proved"
    assert visitor.get("/api/queries/without-consent").json()["rows"] == []
    assert visitor.get("/api/queries/unknown").status_code == 404
    assert visitor.get("/questions/unknown").status_code == 404
    assert visitor.get("/questions/in-force?du=hier").status_code == 400


def test_a_house_that_has_joined_nothing_says_so(tmp_path: Path, ada: Auditor) -> None:
    begin(tmp_path / "new")
    app = create_app(House(tmp_path / "new"), ada.running.cockpit.clock, KEY)
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=FROM_OUR_PAGES) as client:
        client.cookies.set("audit_house", KEY, domain="127.0.0.1")
        assert "encore rien reçu" in client.get("/").text
        assert client.post("/actualiser").status_code == 400


def test_every_text_has_its_english_and_nothing_is_left_over() -> None:
    root = Path(cockpit_web_audit.__file__).parent
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    found = extract_from_dir(
        root, methods, {"templates/**.html": {"trimmed": "true"}},
        keywords={"_": None, "gettext": None, "marked": None},
    )  # fmt: skip
    said = {message for _, _, message, _, _ in found}
    po = files("cockpit_web_audit").joinpath("locale/en/LC_MESSAGES/messages.po").read_bytes()
    known = {str(m.id): str(m.string) for m in read_po(io.BytesIO(po)) if m.id}
    assert said == set(known)
    blanks = re.compile(r"%\((\w+)\)s")
    assert all(set(blanks.findall(fr)) == set(blanks.findall(en)) and en for fr, en in known.items())
