"""Whatever is sent to any door, the answer is one of ours: never a server error, never a trace."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.bootstrap import build
from cockpit.settings import Settings
from cockpit_web.app import create_app
from tests.postgresql import Cluster
from tests.web.screen import TestClient

ORIGIN = "http://localhost:8000"
PROGRAM_DOORS = ("/par", "/token", "/register", "/revoke")
PAGE_DOORS = (
    "/espace/creer",
    "/entrer",
    "/entrer/kit",
    "/langue",
    "/sortir",
    "/demande",
    "/sources/ajouter",
    "/ouvrir",
)

text = st.text(max_size=60) | st.sampled_from(["code", "authorization_code", "private_key_jwt", "[]", "{}", "null"])
names = st.sampled_from(
    [
        "client_id", "client_assertion", "client_assertion_type", "grant_type", "code", "redirect_uri", "state",
        "authorization_details", "code_challenge", "handle", "passphrase", "again", "name", "kit", "suite", "langue",
        "request_uri", "decision", "duree",
    ]
)  # fmt: skip
forms = st.dictionaries(names, text, max_size=6)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def client(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            cluster: Cluster = request.getfixturevalue("postgresql")
            database = cluster.address(stack.enter_context(cluster.database()))
        yield stack.enter_context(served(tmp_path_factory.mktemp("doors") / "data", database))


@contextmanager
def served(data: Path, database: str) -> Iterator[TestClient]:
    cockpit = build(Settings(data=data, argon2_memory_kib=64, database=database))
    with TestClient(create_app(cockpit), base_url=ORIGIN, follow_redirects=False) as made:
        yield made
    cockpit.close()


def answered(client: TestClient, path: str, **sent: object) -> None:
    answer = client.post(path, headers={"Origin": ORIGIN}, **sent)  # type: ignore[arg-type]
    assert answer.status_code < 500, (path, answer.status_code)
    assert "Traceback" not in answer.text
    client.cookies.clear()


bounded = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("path", PROGRAM_DOORS + PAGE_DOORS)
@bounded
@given(form=forms)
def test_any_form(client: TestClient, path: str, form: dict[str, str]) -> None:
    answered(client, path, data=form)


@pytest.mark.parametrize("path", PROGRAM_DOORS)
@bounded
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded"]))
def test_any_body(client: TestClient, path: str, body: bytes, kind: str) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": kind})
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {"error", "error_description"}


@bounded
@given(
    kind=st.text(min_size=1, max_size=20).filter(lambda name: "/" not in name and "?" not in name and "#" not in name),
    query=st.dictionaries(st.sampled_from(["from", "until", "fields", "grain", "x"]), text, max_size=3),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
)
def test_any_read(client: TestClient, kind: str, query: dict[str, str], token: str) -> None:
    answer = client.get(
        f"/api/v1/records/{quote(kind, safe='')}", params=query, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code in {400, 401, 404, 307}


@bounded
@given(
    parameters=st.lists(
        st.tuples(st.sampled_from(["kind", "kind", "from", "until", "grain", "fields", "x"]), text), max_size=5
    ),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
)
def test_any_reads_together(client: TestClient, parameters: list[tuple[str, str]], token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/records", params=parameters, headers=headers).status_code in {400, 401}


@bounded
@given(path=st.text(max_size=30).map(lambda path: "/" + path.lstrip("/")), query=st.text(max_size=20))
def test_any_address(client: TestClient, path: str, query: str) -> None:
    answer = client.get("/" + quote(path[1:]), params={"suite": query, "client_id": query, "request_uri": query})
    assert answer.status_code < 500


@pytest.mark.parametrize("name", ["\0", "a\0b", "c" * 500, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_a_name_that_no_database_holds(client: TestClient, name: str) -> None:
    asked = client.get("/authorize", params={"client_id": name, "request_uri": "urn:x"})
    assert asked.status_code < 500
    claims = base64.urlsafe_b64encode(json.dumps({"iss": name, "sub": name}).encode()).decode().rstrip("=")
    header = base64.urlsafe_b64encode(b'{"alg":"ES256"}').decode().rstrip("=")
    form = {
        "client_assertion": f"{header}.{claims}.AAAA",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    for path in PROGRAM_DOORS:
        answered(client, path, data=form)


@pytest.fixture
def signed_in(client: TestClient) -> Iterator[TestClient]:
    again = "une longue phrase à retenir"
    form = {"handle": f"n{uuid.uuid4().hex}", "name": "N", "passphrase": again, "again": again, "langue": "fr"}
    client.post("/espace/creer", data=form, headers={"Origin": ORIGIN})
    yield client
    client.cookies.clear()


@pytest.mark.parametrize("name", ["%00", "a%00b", "c" * 500])
def test_an_address_that_no_database_holds(signed_in: TestClient, name: str) -> None:
    assert signed_in.get("/partages").status_code == 200
    for path in (f"/partages/{name}", f"/donnees/{name}/{name}"):
        assert signed_in.get(path).status_code in {404, 422}
    stopped = signed_in.post(f"/partages/{name}/arreter", headers={"Origin": ORIGIN})
    assert stopped.status_code == 404
