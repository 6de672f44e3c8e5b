"""My shares, by the person's own clicks: pausing, resuming, giving less, longer, later; what each page then says."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from cockpit.acts.change_service import suspend_service
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.ids import ServiceId
from tests.conftest import MovingClock
from tests.web.furnished import ask
from tests.web.screen import TestClient, check_page, screen, spaced


def running(furnished: TestClient) -> str:
    """The address of the one share that runs."""
    (action,) = screen(furnished.get("/partages").text).xpath("//form[contains(@action, '/arreter')]/@action")
    return str(action).removesuffix("/arreter")


def done(furnished: TestClient, address: str, form: dict[str, str | list[str]] | None = None) -> str:
    """Post the form, follow where it leads, and give the page's text."""
    answer = furnished.post(address, data=form or {})
    assert answer.status_code == 303, answer.text
    page = furnished.get(answer.headers["location"])
    check_page(page.text, "fr")
    return spaced(page.text)


def seen(furnished: TestClient, address: str) -> str:
    """The page's text, with ordinary spaces."""
    return spaced(furnished.get(address).text)


def test_a_pause_and_its_end_are_one_click_each(furnished: TestClient) -> None:
    share = running(furnished)
    assert "C'est en pause" in done(furnished, f"{share}/pause")
    assert "Personne d'autre que vous" in seen(furnished, "/partages")
    assert "C'est rouvert" in done(furnished, f"{share}/reprendre")
    assert "Un service peut lire" in seen(furnished, "/partages")


def test_a_pause_works_while_the_space_is_locked(furnished: TestClient) -> None:
    share = running(furnished)
    furnished.post("/verrouiller")
    assert furnished.post(f"{share}/pause").headers["location"] == "/partages?fait=pause"
    assert furnished.post(f"{share}/reprendre").headers["location"].startswith("/ouvrir")


def test_giving_less_shows_the_smaller_label(furnished: TestClient) -> None:
    share = running(furnished)
    page = screen(furnished.get(f"{share}/reduire").text)
    assert page.xpath("//input[@name='retirer']/@value")
    text = done(furnished, f"{share}/reduire", {"duree": "1", "retirer": "energy.series/direction"})
    assert "C'est réduit" in text
    label = screen(text).xpath("//section[@aria-labelledby='etiquette']")[0].text_content()
    assert "sens" not in label.lower()
    assert "23 décembre 2026" in text


def test_giving_the_same_again_is_said_and_changes_nothing(furnished: TestClient) -> None:
    share = running(furnished)
    answer = furnished.post(f"{share}/reduire", data={"duree": ""})
    assert answer.status_code == 422
    assert "Rien n'est réduit" in screen(answer.text).text_content()
    check_page(answer.text, "fr")


@pytest.mark.parametrize(
    "form",
    [{"duree": "99"}, {"duree": "x"}, {"depuis": "hier"}, {"grain.energy.series": "second"}, {"depuis": "2030-01-01"}],
)
def test_a_choice_that_no_form_offers_is_refused(furnished: TestClient, form: dict[str, str]) -> None:
    assert furnished.post(f"{running(furnished)}/reduire", data=form).status_code == 422


def test_extending_takes_a_duration_on_offer(furnished: TestClient) -> None:
    share = running(furnished)
    assert "C'est prolongé" in done(furnished, f"{share}/prolonger", {"duree": "12"})
    assert "23 novembre 2027" in seen(furnished, share)
    for duration in ("", "7", "-1", "٣", "999"):
        assert furnished.post(f"{share}/prolonger", data={"duree": duration}).status_code == 422


def test_a_suspended_share_says_why_and_is_resumed_by_a_further_yes(furnished: TestClient, cockpit: Cockpit) -> None:
    share = running(furnished)
    suspend_service(cockpit, ServiceId("c_coach"), "Fuite de données signalée")
    assert "Fuite de données signalée" in seen(furnished, share)
    home = seen(furnished, "/")
    assert "Suspendu" in home
    refused = furnished.post(f"{share}/prolonger", data={"duree": "3"})
    assert refused.status_code == 422
    assert "ne peut pas recevoir" in refused.text


def test_a_request_can_wait_and_is_found_again(furnished: TestClient, cockpit: Cockpit) -> None:
    asked = {"client_id": "c_coach", "request_uri": ask(cockpit)}
    page = screen(furnished.get("/demande?" + urlencode(asked)).text)
    assert page.xpath("//button[@name='decision' and @value='plus-tard']")
    answer = furnished.post("/demande", data={**asked, "decision": "plus-tard"})
    assert "error=access_denied" in answer.headers["location"]
    shown = seen(furnished, "/partages")
    assert "À décider" in shown
    assert "Attend votre décision" in seen(furnished, "/")


def test_a_year_later_the_share_is_shown_again_and_kept(furnished: TestClient, clock: MovingClock) -> None:
    share = running(furnished)
    assert "J'ai relu" not in seen(furnished, share)
    furnished.post(f"{share}/garder")
    assert "Relu et gardé" in seen(furnished, share)


def test_what_is_over_offers_no_change(furnished: TestClient) -> None:
    share = running(furnished)
    furnished.post(f"{share}/arreter")
    assert not screen(furnished.get(share).text).xpath("//main//form")
    for verb in ("pause", "reprendre", "garder", "prolonger", "reduire"):
        assert furnished.post(f"{share}/{verb}", data={"duree": "3"}).status_code in {409, 422}
    assert furnished.get(f"{share}/reduire").status_code in {409, 422}
