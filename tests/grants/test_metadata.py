"""Registrations: what is accepted becomes a service, everything else is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from cockpit.grants.metadata import CHECKS, InvalidClientMetadata, is_web_address, service_from_metadata
from tests.consent.worlds import NOW, REGISTRY
from tests.grants.registrations import CALLBACK, EDWARDS, FIELDS, KEY, registration, service

PUBLIC = KEY.as_dict(private=False)
OTHER = ECKey.generate_key("P-256", private=True).as_dict(private=False)


def declared(**changes: Any) -> list[dict[str, Any]]:
    return [{"use": "energy-advice-v1", "fields": FIELDS, "retention": "P6M", **changes}]


def test_a_registration_becomes_a_service_with_a_fresh_id() -> None:
    first, second = service(), service()
    assert first.id != second.id
    assert first.id.startswith("c_")
    assert first.name == "Coach énergie"
    assert first.redirect_uris == (CALLBACK,)
    (use,) = first.uses
    assert (use.use, use.version, use.retention_months) == ("energy-advice", 1, 6)
    assert use.fields == {kind: tuple(names) for kind, names in FIELDS.items()}


def test_only_the_members_that_verifying_needs_are_kept_of_a_key() -> None:
    key = {**PUBLIC, "kid": "1", "use": "sig", "key_ops": ["verify"], "x5c": ["MII"]}
    (kept,) = service(jwks={"keys": [key]}).jwks["keys"]
    assert set(kept) == {"kty", "crv", "x", "y", "kid", "use"}
    assert service(jwks={"keys": [{**EDWARDS.as_dict(private=False), "kid": ""}]}).jwks["keys"][0]["crv"] == "Ed25519"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"client_name": None}, "invalid_client_metadata"),
    ({"client_name": "   "}, "invalid_client_metadata"),
    ({"client_name": "x" * 81}, "invalid_client_metadata"),
    ({"client_name": "Coach\u202eeigrené"}, "invalid_client_metadata"),
    ({"client_name": "Coach\nénergie"}, "invalid_client_metadata"),
    ({"client_name": 3}, "invalid_client_metadata"),
    ({"contacts": []}, "invalid_client_metadata"),
    ({"contacts": [" "]}, "invalid_client_metadata"),
    ({"contacts": ["a@b.example"] * 5}, "invalid_client_metadata"),
    ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"redirect_uris": []}, "invalid_redirect_uri"),
    ({"redirect_uris": [CALLBACK, CALLBACK]}, "invalid_redirect_uri"),
    ({"redirect_uris": [f"https://a.example/{n}" for n in range(9)]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["http://coach.example/retour"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://coach.example/?state=1"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://coach.example/?code"]}, "invalid_redirect_uri"),
    ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
    ({"token_endpoint_auth_signing_alg": "RS256"}, "invalid_client_metadata"),
    ({"grant_types": ["authorization_code", "implicit"]}, "invalid_client_metadata"),
    ({"grant_types": 3}, "invalid_client_metadata"),
    ({"response_types": ["token"]}, "invalid_client_metadata"),
    ({"jwks_uri": "https://coach.example/jwks"}, "invalid_client_metadata"),
    ({"logo_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ({"logo_uri": 3}, "invalid_client_metadata"),
    ({"scope": "openid"}, "invalid_client_metadata"),
    ({"jwks": None}, "invalid_client_metadata"),
    ({"jwks": {}}, "invalid_client_metadata"),
    ({"jwks": {"keys": []}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [PUBLIC] * 9}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [PUBLIC], "more": []}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [KEY.as_dict(private=True)]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [EDWARDS.as_dict(private=True)]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "use": "enc"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "alg": "ES384"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "kid": 1}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "x": "AA"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "kty": "OKP"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{"kty": "EC", "crv": "P-256"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [RSAKey.generate_key(2048).as_dict(private=False)]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [ECKey.generate_key("P-384").as_dict(private=False)]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "kid": "a"}, {**OTHER, "kid": "a"}]}}, "invalid_client_metadata"),
    ({"jwks": {"keys": [{**PUBLIC, "kid": "a"}, {**OTHER, "kid": ""}]}}, "invalid_client_metadata"),
    ({"declared_uses": None}, "invalid_client_metadata"),
    ({"declared_uses": []}, "invalid_client_metadata"),
    ({"declared_uses": declared() * 2}, "invalid_client_metadata"),
    ({"declared_uses": declared(use="energy-advice-v99")}, "invalid_client_metadata"),
    ({"declared_uses": declared(use="../energy-advice-v1")}, "invalid_client_metadata"),
    ({"declared_uses": declared(fields={})}, "invalid_client_metadata"),
    ({"declared_uses": declared(fields={"energy.series": []})}, "invalid_client_metadata"),
    ({"declared_uses": declared(fields={"energy.series": ["meter"]})}, "invalid_client_metadata"),
    ({"declared_uses": declared(fields={"bank.transaction": ["amount"]})}, "invalid_client_metadata"),
    ({"declared_uses": declared(retention="P7M")}, "invalid_client_metadata"),
    ({"declared_uses": declared(retention="P0M")}, "invalid_client_metadata"),
    ({"declared_uses": declared(retention="P180D")}, "invalid_client_metadata"),
    ({"declared_uses": declared(more=1)}, "invalid_client_metadata"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_a_registration_that_says_too_little_too_much_or_something_else_is_refused(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidClientMetadata) as refusal:
        service(**changes)
    assert refusal.value.reason == code
    assert len(str(refusal.value)) > 15


def test_every_named_check_refuses_one_of_these_registrations() -> None:
    said = set()
    for changes, _ in REFUSED:
        with pytest.raises(InvalidClientMetadata) as refusal:
            service(**changes)
        said.add(str(refusal.value))
    assert {sentence for _, sentence, _ in CHECKS} <= said


@pytest.mark.parametrize(
    "address",
    [
        "https://coach.example/retour", "https://coach.example:8443/a?b=c&d", "https://xn--nergie-9ua.example/",
        "http://localhost:9000/", "http://127.0.0.1:9000/a", "http://[::1]:9000/a", "HTTPS://coach.example/",
    ],
)  # fmt: skip
def test_addresses_a_browser_may_be_sent_to(address: str) -> None:
    assert is_web_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "", "coach.example", "//coach.example/", "ftp://coach.example/", "javascript:alert(1)", "https:///a",
        "http://coach.example/", "http://localhost.coach.example/", "http://127.0.0.1.coach.example/",
        "http://2130706433/", "https://a@coach.example/", "https://coach.example/#", "https://coach.example/#a",
        "https://coach.example:0/", "https://coach.example:65536/", "https://coach.example:x/", "https://[::2",
        "https://énergie.example/", "https://coach.example/\u202e", "https://coach.example/a b",
        "https://coach.example;script-src/", "https://coach.example'/", 'https://coach.example/"', "https://-a.example/",
        "https://coach.example\\@evil.example/", "https://coach.example/\r\nX: y", "https://a.example/" + "x" * 512,
    ],
)  # fmt: skip
def test_addresses_a_browser_may_not_be_sent_to(address: str) -> None:
    assert not is_web_address(address)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(registration())), json_values)
def test_whatever_stands_in_a_member_the_answer_is_a_service_or_a_refusal(member: str, value: Any) -> None:
    body = json.dumps({**registration(), member: value}).encode()
    try:
        made = service_from_metadata(body, REGISTRY, NOW)
    except InvalidClientMetadata:
        return
    assert made.name.isprintable()
    assert made.uses


@given(st.sampled_from(sorted(PUBLIC)), json_values)
def test_whatever_stands_in_a_key_the_answer_is_a_service_or_a_refusal(member: str, value: Any) -> None:
    body = json.dumps(registration(jwks={"keys": [{**PUBLIC, member: value}]})).encode()
    try:
        made = service_from_metadata(body, REGISTRY, NOW)
    except InvalidClientMetadata:
        return
    assert all(isinstance(text, str) for text in made.jwks["keys"][0].values())


@given(st.binary(max_size=64))
def test_bytes_that_are_no_registration_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidClientMetadata):
        service_from_metadata(body, REGISTRY, NOW)


@pytest.mark.parametrize("body", [b"", b"[" * 60_000, b"{", b"\xff\xfe{", b'{"client_name":"\xe9"}', b"null"])
def test_truncated_deep_and_wrongly_encoded_registrations_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidClientMetadata):
        service_from_metadata(body, REGISTRY, NOW)


def test_a_use_that_runs_inside_the_cockpit_cannot_be_declared() -> None:
    inside = declared(use="my-energy-v1", fields={"energy.series": ["values"]}, retention="P0M")
    with pytest.raises(InvalidClientMetadata, match="runs inside the cockpit"):
        service(declared_uses=inside)
