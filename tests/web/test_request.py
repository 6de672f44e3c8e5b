"""The screen where a person answers a service: fixed order, nothing preselected, equal answers, exact bytes."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.ask_consent import pending
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.shares import shares
from cockpit.consent.notice import QUESTIONS
from cockpit.domain.consent import ConsentStatus
from cockpit_web.visitor import reading
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import REDIRECT, ask
from tests.web.screen import TestClient, screen
from tests.web.test_pages import dump

EVERY_FIELD = ("energy", "direction", "unit", "interval", "start", "values")


@pytest.fixture
def asked(furnished: TestClient, cockpit: Cockpit) -> dict[str, str]:
    return {"client_id": "c_coach", "request_uri": ask(cockpit)}


def shown(client: TestClient, asked: dict[str, str], **choices: str | list[str]) -> Any:
    answer = client.get("/demande?" + urlencode({**asked, **choices}, doseq=True))
    assert answer.status_code == 200
    return screen(answer.text)


def bytes_shown(page: Any) -> list[str]:
    return [pre.text_content() for pre in page.xpath("//div[@id='apercu']//pre")]


def test_the_label_has_its_seven_lines_in_order(furnished: TestClient, asked: dict[str, str]) -> None:
    page = shown(furnished, asked)
    assert [dt.text_content() for dt in page.xpath("//dl[@class='label']//dt")] == [q.fr for q in QUESTIONS]
    sections = [heading.text_content() for heading in page.xpath("//main//h2")]
    assert sections == ["La demande en sept lignes", "Ce qui partirait, exactement", "Vos choix", "Votre réponse"]


def test_nothing_is_preselected(furnished: TestClient, asked: dict[str, str]) -> None:
    page = shown(furnished, asked)
    assert not page.xpath("//main//input[@checked] | //main//option[@selected]")
    durations = page.xpath("//input[@name='duree']/@value")
    assert durations == ["une-fois", "1", "3", "6"]


def test_the_two_answers_weigh_the_same(furnished: TestClient, asked: dict[str, str]) -> None:
    page = shown(furnished, asked)
    no, yes = page.xpath("//div[@class='answers']/button")
    assert (no.text_content(), yes.text_content()) == ("Non, refuser", "Oui, autoriser")
    assert no.get("class") == yes.get("class") is None
    assert no.getparent() is yes.getparent()


def test_the_preview_is_the_exact_bytes(furnished: TestClient, cockpit: Cockpit, asked: dict[str, str]) -> None:
    first = bytes_shown(shown(furnished, asked))
    assert len(first) == 1, "an optional part that nobody ticked is in the preview"
    monthly = shown(furnished, asked, **{"grain.energy.series": "month", "partie": "invoice.document"})
    series, bills = (json.loads(body) for body in bytes_shown(monthly))
    assert all(set(block) == {"direction", "energy", "interval", "start", "unit", "values"} for block in series)
    assert len(bills) == 2
    assert "meter" not in html.unescape(str(bytes_shown(monthly)))
    assert "La demande, avec vos choix" in monthly.text_content()


def test_narrowing_takes_fields_days_and_detail_away(furnished: TestClient, asked: dict[str, str]) -> None:
    choices: dict[str, str | list[str]] = {
        "retirer": ["energy.series/meter", "energy.series/unit"],
        "depuis": "2026-10-01",
        "duree": "1",
        "grain.energy.series": "month",
    }
    page = shown(furnished, asked, **choices)
    (body,) = bytes_shown(page)
    assert [block["start"] for block in json.loads(body)] == ["2026-10"]
    assert "unit" not in json.loads(body)[0]
    assert "01/10/2026" in page.text_content()


@pytest.mark.parametrize(
    "choices",
    [
        {"duree": "7"}, {"duree": "abc"}, {"duree": "-1"}, {"depuis": "2027-10-01"}, {"depuis": "hier"},
        {"depuis": "2026-02-31"}, {"grain.energy.series": "second"}, {"grain.energy.series": "raw\x00"},
        {"retirer": [f"energy.series/{name}" for name in EVERY_FIELD]},
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_said(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, asked: dict[str, str], choices: dict[str, str | list[str]]
) -> None:
    assert shown(furnished, asked, **choices).xpath("//div[@id='apercu']//div[contains(@class, 'unsure')]")
    with reading(cockpit, visit) as reader:
        before = len(shares(cockpit, reader))
    answer = furnished.post("/demande", data={"duree": "1", **asked, **choices, "decision": "oui"})
    assert answer.status_code == 422
    with reading(cockpit, visit) as reader:
        assert len(shares(cockpit, reader)) == before


def test_reading_the_request_decides_nothing(furnished: TestClient, asked: dict[str, str], rows: Path) -> None:
    before = dump(rows)
    shown(furnished, asked, duree="3", decision="oui")
    assert dump(rows) == before


def test_no_goes_back_to_the_service_and_is_kept(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, asked: dict[str, str]
) -> None:
    answer = furnished.post("/demande", data={**asked, "decision": "non"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(REDIRECT)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["access_denied"]
    with reading(cockpit, visit) as reader:
        refused = [share for share in shares(cockpit, reader) if share.status is ConsentStatus.REFUSED]
    assert len(refused) == 2, "one was in the furnished space already"
    assert furnished.get("/donnees").status_code == 200


def test_yes_gives_what_was_chosen_and_no_more(
    furnished: TestClient, cockpit: Cockpit, visit: Visit, asked: dict[str, str]
) -> None:
    page = shown(furnished, asked, duree="3", **{"grain.energy.series": "day"})
    label = [dd.text_content() for dd in page.xpath("//dl[@class='label']//dd")]
    form = {**asked, "duree": "3", "grain.energy.series": "day", "decision": "oui"}
    answer = furnished.post("/demande", data=form)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["code"]
    with reading(cockpit, visit) as reader:
        given = next(share for share in shares(cockpit, reader) if share.status.live
                     and share.clause.inputs[0].grain == "day")  # fmt: skip
    assert [part.kind for part in given.clause.inputs] == ["energy.series"]
    assert given.clause.expires == "2027-02-23T00:00:00Z"
    kept = screen(furnished.get(f"/partages/{given.consent}").text)
    said = [dd.text_content() for dd in kept.xpath("//dl[@class='label']//dd")]
    assert said == label, "what was shown before the decision is not what was kept"


def test_an_answer_cannot_be_given_twice(furnished: TestClient, asked: dict[str, str]) -> None:
    assert furnished.post("/demande", data={**asked, "decision": "non"}).status_code == 303
    for again in ({"decision": "non"}, {"decision": "oui", "duree": "1"}):
        answer = furnished.post("/demande", data={**asked, **again})
        assert answer.status_code == 404
        assert "n'attend plus de réponse" in answer.text


@pytest.mark.parametrize("decision", ["", "peut-être", "oui"])
def test_yes_needs_a_duration_and_a_decision(furnished: TestClient, asked: dict[str, str], decision: str) -> None:
    answer = furnished.post("/demande", data={**asked, "decision": decision})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_the_request_of_another_service_or_an_old_one_is_not_shown(
    furnished: TestClient, asked: dict[str, str], clock: MovingClock
) -> None:
    assert furnished.get("/demande?" + urlencode({**asked, "client_id": "c_other"})).status_code == 404
    assert furnished.get("/demande?" + urlencode({**asked, "request_uri": "urn:x"})).status_code == 404
    clock.forward(minutes=6)
    assert furnished.get("/demande?" + urlencode(asked)).status_code == 404


def test_signing_in_first_leads_to_the_request(furnished: TestClient, asked: dict[str, str]) -> None:
    furnished.post("/sortir")
    sent = furnished.get("/demande?" + urlencode(asked)).headers["location"]
    page = screen(furnished.get(sent).text)
    (suite,) = page.xpath("//form[@action='/entrer']/input[@name='suite']/@value")
    answer = furnished.post("/entrer", data={"handle": "camille", "passphrase": PASSPHRASE, "suite": suite})
    assert answer.headers["location"] == "/demande?" + urlencode(asked)


def test_only_this_page_may_lead_a_form_to_the_service(furnished: TestClient, asked: dict[str, str]) -> None:
    policy = furnished.get("/demande?" + urlencode(asked)).headers["content-security-policy"]
    assert "form-action 'self' http://localhost:8099;" in policy
    assert "form-action 'self';" in furnished.get("/partages").headers["content-security-policy"]


def test_the_whole_text_that_will_be_kept_is_on_the_page(
    furnished: TestClient, cockpit: Cockpit, asked: dict[str, str]
) -> None:
    waiting = pending(cockpit, asked["client_id"], asked["request_uri"])
    page = shown(furnished, asked)
    assert waiting.use.reference in page.text_content()
    assert waiting.use.risks.fr in page.text_content()
