"""The sample service as a stranger would run it: a program of its own, met by somebody with a browser."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from cockpit.demo.persons import demo_files
from cockpit.grants.clients import new_initial_access_token
from tests.walks.conftest import Running, free_port
from tests.walks.test_walk_1_a_datum import PASSPHRASE, drop, sign_up

PROGRAM = Path(__file__).parents[2] / "examples" / "coach_energie"


def started(running: Running, token: str, port: int) -> subprocess.Popen[str]:
    settings = {"COACH_ISSUER": running.address, "COACH_REGISTRATION_TOKEN": token, "COACH_PORT": str(port)}
    command = [sys.executable, "coach.py"]
    return subprocess.Popen(
        command, cwd=PROGRAM, env={**os.environ, **settings}, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )


@pytest.fixture
def coach(running: Running) -> Iterator[str]:
    token, port = new_initial_access_token(running.cockpit.operator, running.cockpit.clock(), 1), free_port()
    address = f"http://localhost:{port}"
    with started(running, token, port) as program:
        for _ in range(200):
            try:
                httpx2.get(address, timeout=5)
                break
            except httpx2.TransportError:
                assert program.poll() is None, program.communicate()[1]
                time.sleep(0.1)
        yield address
        program.terminate()


@pytest.fixture
def person(running: Running) -> httpx2.Client:
    browser = running.browser()
    sign_up(browser)
    (camille,) = demo_files(1, datetime.now(UTC).date(), "camille")
    for file in camille.files:
        if file.name.endswith(".csv"):
            drop(browser, file.name, file.content)
    return browser


def asked(person: httpx2.Client, coach: str, running: Running) -> dict[str, str]:
    """Press the button of the service's page; the form of the cockpit's page it leads to."""
    sent = person.post(f"{coach}/demander")
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{running.address}/authorize?")
    shown = person.get(person.get(sent.headers["location"]).headers["location"])
    assert "Coach énergie" in shown.text
    return dict(httpx2.URL(sent.headers["location"]).params)


def test_a_person_is_advised_then_stops_the_share(running: Running, coach: str, person: httpx2.Client) -> None:
    home = person.get(coach)
    assert "style-src 'self'" in home.headers["content-security-policy"]
    assert "<style" not in home.text
    form = asked(person, coach, running)
    answer = person.post("/demande", data={**form, "decision": "oui", "duree": "3"})
    assert answer.headers["location"].startswith(f"{coach}/retour?")
    assert person.get(answer.headers["location"]).headers["location"] == "/conseils"
    advised = person.get(f"{coach}/conseils")
    assert advised.status_code == 200
    assert re.search(r"Vous avez consommé [\d\u202f]+ kWh", advised.text)
    assert "ne descend pas sous" in advised.text

    # Away and locked, the person is still advised.
    person.post("/verrouiller")
    assert person.post(f"{coach}/actualiser").headers["location"] == "/conseils"
    assert person.get(f"{coach}/conseils").status_code == 200

    person.post("/ouvrir", data={"passphrase": PASSPHRASE})
    link = re.search(r'action="(/partages/[0-9a-f]{32}/arreter)"', person.get("/partages").text)
    assert link is not None
    person.post(link.group(1))
    stopped = person.get(f"{coach}/conseils")
    assert stopped.status_code == 403
    assert "Ce partage est terminé" in stopped.text
    # It stated that it knows both decisions, and that it erased the data; its signature is in the receipts.
    share = link.group(1).removesuffix("/arreter")
    owed = person.get(share).text
    assert owed.count("Fait le") == 3
    assert "Attendu" not in owed
    for number in (1, 2):
        assert person.get(f"{share}/recu/{number}/receipt").json()["acknowledgement"].count(".") == 2
    assert person.get(coach).status_code == 200


def test_saying_no_is_taken_for_a_no(running: Running, coach: str, person: httpx2.Client) -> None:
    form = asked(person, coach, running)
    answer = person.post("/demande", data={**form, "decision": "non"})
    back = person.get(answer.headers["location"])
    assert "Vous avez dit non" in back.text
    assert person.get(f"{coach}/conseils").headers["location"] == "/"
    # The same answer again, or one for somebody else, is nobody's.
    assert person.get(answer.headers["location"]).status_code == 400
    forged = answer.headers["location"].replace("iss=", "iss=x")
    asked(person, coach, running)
    assert person.get(forged).status_code == 400


def test_asking_too_much_is_shown_as_refused(coach: str, person: httpx2.Client) -> None:
    refused = person.post(f"{coach}/demander-trop")
    assert refused.status_code == 400
    assert "dépasse ce que notre service a déclaré" in refused.text
    assert "invalid_authorization_details" in refused.text


def test_a_cockpit_that_does_not_answer_is_said_plainly(running: Running, coach: str, person: httpx2.Client) -> None:
    running.stop()
    silent = person.post(f"{coach}/demander")
    assert silent.status_code == 502
    assert "ne répond pas" in silent.text


def test_without_a_good_registration_token_it_stops_and_says_so(running: Running) -> None:
    with started(running, "not-a-token", free_port()) as program:
        _, said = program.communicate(timeout=30)
    assert program.returncode == 1
    assert "registration was refused: the initial access token is not valid" in said


@pytest.fixture(scope="module")
def advising() -> ModuleType:
    specification = importlib.util.spec_from_file_location("coach_energie_advice", PROGRAM / "advice.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def block(start: str, values: Sequence[float | None], interval: str = "PT30M") -> dict[str, Any]:
    return {"start": start, "interval": interval, "unit": "W", "values": list(values)}


def test_advice_is_worked_out_from_the_curve(advising: ModuleType) -> None:
    # Thirty winter days from local midnight: 100 W always, and 1100 W from 19:00 to 20:00 in Paris.
    day = [100.0] * 38 + [1100.0] * 2 + [100.0] * 8
    said = advising.advice([block("2025-12-31T23:00:00Z", day * 30)], [{"total": "60.50"}, {"total": "9.5"}])
    assert said == [
        "Vous avez consommé 102 kWh sur la période que vous partagez.",
        "La nuit, votre logement ne descend pas sous 100 W : "
        "c'est environ 876 kWh par an pour des appareils en veille.",
        "Votre heure la plus lourde est 19 h : 1100 W en moyenne. Un lave-linge peut tourner à un autre moment.",
        "Vos factures transmises font 70,00 €.",
    ]


def test_totals_say_nothing_of_hours(advising: ModuleType) -> None:
    months = [{"month": f"2026-{n:02}", "value": 300_000 - n * 10_000} for n in range(1, 7)]
    said = advising.advice([{"interval": "P1M", "start": "2026-01", "unit": "Wh", "values": months}], [])
    assert said == [
        "Vous avez consommé 1\u202f590 kWh sur la période que vous partagez.",
        # The first and the last month are seldom whole: they are not compared.
        "Votre mois le plus fort est février 2026 (280 kWh), le plus faible mai 2026 (250 kWh).",
    ]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{}],
        [{"values": []}],
        [block("2026-01-01T00:00:00Z", [None])],
        [{"values": [1, 2]}],
        [{"interval": "PT30M"}],
    ],
)
def test_where_nothing_can_be_worked_out_no_number_is_said(advising: ModuleType, items: list[dict[str, Any]]) -> None:
    assert not any(re.search(r"[1-9]", sentence) for sentence in advising.advice(items, []))
