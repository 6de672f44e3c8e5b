"""Check that nothing was erased, by clicks: the walk, a checkpoint kept from earlier, and what is no checkpoint."""

from __future__ import annotations

from cockpit.acts.cockpit import Cockpit
from cockpit.tlog.checkpoint import Checkpoint, sign_checkpoint
from cockpit.tlog.logs import CONSENT, origin_of
from tests.web.screen import TestClient, check_page, spaced


def note(cockpit: Cockpit) -> str:
    with cockpit.database.write() as connection:
        return cockpit.ledger.checkpoint(connection, CONSENT)[1].decode()


def test_the_walk_says_that_all_is_whole(furnished: TestClient) -> None:
    page = furnished.get("/verification")
    check_page(page.text, "fr")
    assert "rien ne manque, rien n'a changé, rien ne vous est caché" in spaced(page.text)
    assert "/verification" in furnished.get("/historique").text


def test_a_checkpoint_kept_is_compared_as_text_or_file(furnished: TestClient, cockpit: Cockpit) -> None:
    kept = note(cockpit)
    as_text = furnished.post("/verification", data={"point": kept.replace("\n", "\r\n")})
    as_file = furnished.post("/verification", data={"point": ""}, files={"fichier": ("consent", kept.encode())})
    for page in (as_text, as_file):
        assert page.status_code == 200
        check_page(page.text, "fr")
        assert "est tout entier, inchangé" in spaced(page.text)


def test_another_past_is_shown_with_its_evidence(furnished: TestClient, cockpit: Cockpit) -> None:
    origin = origin_of(cockpit.ledger.origin, CONSENT)
    other = sign_checkpoint(Checkpoint(origin, 10_000, b"\x02" * 32), cockpit.operator.log).decode()
    page = furnished.post("/verification", data={"point": other})
    check_page(page.text, "fr")
    assert "ne continue pas celui que vous aviez gardé" in spaced(page.text)
    assert "10000" in page.text


def test_anything_else_is_refused_in_words(furnished: TestClient) -> None:
    for given in ("", "bonjour", "x" * 70_000):
        page = furnished.post("/verification", data={"point": given})
        assert page.status_code in {413, 422}
        check_page(page.text, "fr")
