"""Client assertions (RFC 7523) and registration tokens: what proves who calls, and everything that does not."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey

from cockpit.acts.authenticate_service import authenticate_service
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.register_service import register_service
from cockpit.domain.service import Service
from cockpit.grants.clients import (
    ASSERTION_TYPE,
    InvalidClient,
    assertion_client,
    checked_assertion,
    checked_initial_access_token,
    new_initial_access_token,
)
from tests.conftest import MovingClock
from tests.consent.worlds import NOW
from tests.grants.registrations import EDWARDS, ISSUER, KEY, STRANGER_KEY, assertion, service

AT = int(NOW.timestamp())
COACH = service()


def check(text: str, known: Service | None = COACH) -> tuple[str, str]:
    return checked_assertion(text, known, ISSUER, NOW)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_signed_assertion_proves_its_service_until_it_expires() -> None:
    hashed, expires = check(assertion(COACH.id, AT))
    assert len(hashed) == 64
    assert expires > "2026-11-23T09:35:00Z", "a replay is remembered for as long as the assertion could be valid"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_an_ed25519_key_signs_under_either_of_its_names(alg: str) -> None:
    known = service(jwks={"keys": [EDWARDS.as_dict(private=False)]})
    assert check(assertion(known.id, AT, EDWARDS, {"alg": alg}), known)


def test_among_several_keys_the_kid_chooses() -> None:
    keys = [{**KEY.as_dict(private=False), "kid": "old"}, {**STRANGER_KEY.as_dict(private=False), "kid": "new"}]
    known = service(jwks={"keys": keys})
    assert check(assertion(known.id, AT, STRANGER_KEY, {"alg": "ES256", "kid": "new"}), known)
    for header in ({"alg": "ES256", "kid": "old"}, {"alg": "ES256", "kid": "none"}, {"alg": "ES256"}):
        with pytest.raises(InvalidClient):
            check(assertion(known.id, AT, STRANGER_KEY, header), known)


@pytest.mark.parametrize("typ", ["JWT", "client-authentication+jwt"])
def test_the_two_types_that_an_assertion_may_say(typ: str) -> None:
    assert check(assertion(COACH.id, AT, header={"alg": "ES256", "typ": typ}))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": AT + 300}, {"exp": AT - 9}, {"iat": None}, {"iat": AT + 10}, {"nbf": AT + 10}, {"nbf": AT - 3600},
        {"jti": "x" * 8}, {"jti": "x" * 256}, {"more": [1]},
    ],
)  # fmt: skip
def test_claims_at_the_edge_are_accepted(claims: dict[str, Any]) -> None:
    assert check(assertion(COACH.id, AT, **claims))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None}, {"aud": [ISSUER]}, {"aud": f"{ISSUER}/"}, {"aud": f"{ISSUER}/par"}, {"aud": {"a": ISSUER}},
        {"iss": None}, {"iss": "c_other"}, {"iss": [COACH.id]}, {"sub": None}, {"sub": "c_other"},
        {"exp": None}, {"exp": AT - 11}, {"exp": AT + 301}, {"exp": str(AT + 60)}, {"exp": AT + 60.5},
        {"exp": float("inf")}, {"exp": [AT]}, {"iat": AT + 61}, {"iat": "now"}, {"nbf": AT + 61}, {"nbf": {}},
        {"jti": None}, {"jti": "x" * 7}, {"jti": "x" * 257}, {"jti": 12345678}, {"jti": ["x" * 9]},
    ],
)  # fmt: skip
def test_every_other_claim_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidClient):
        check(assertion(COACH.id, AT, **claims))


@pytest.mark.parametrize(
    "typ", ["at+jwt", "dpop+jwt", "jwt", "", 3, ["JWT"], {"JWT": 1}]
)  # fmt: skip
def test_a_token_of_another_type_is_no_assertion(typ: Any) -> None:
    signed = assertion(COACH.id, AT)
    header = part({"alg": "ES256", "typ": typ})
    with pytest.raises(InvalidClient):
        check(".".join([header, *signed.split(".")[1:]]))
    if isinstance(typ, str):
        with pytest.raises(InvalidClient):
            check(assertion(COACH.id, AT, header={"alg": "ES256", "typ": typ}))


def test_other_algorithms_and_no_algorithm_are_refused() -> None:
    rsa, secret = RSAKey.generate_key(2048), OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    unsigned = ".".join([part({"alg": "none"}), assertion(COACH.id, AT).split(".")[1], ""])
    for forged in (
        assertion(COACH.id, AT, rsa, {"alg": "RS256"}),
        assertion(COACH.id, AT, secret, {"alg": "HS256"}),
        assertion(COACH.id, AT, ECKey.generate_key("P-384"), {"alg": "ES384"}),
        unsigned,
        assertion(COACH.id, AT, STRANGER_KEY),
    ):
        with pytest.raises(InvalidClient):
            check(forged)


def test_an_unknown_service_and_a_wrong_signature_are_told_apart_by_nobody() -> None:
    with pytest.raises(InvalidClient) as unknown:
        check(assertion("c_nobody", AT), None)
    with pytest.raises(InvalidClient) as wrong:
        check(assertion(COACH.id, AT, STRANGER_KEY))
    assert str(unknown.value) == str(wrong.value)


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "x" * 5000, "\x00", "\ud800.\ud800.x",
        f"{part([])}.{part({})}.x", f"{part({'alg': ['ES256']})}.{part({})}.x",
        f"{part({'alg': 'ES256', 'crit': ['x']})}.{part({})}.x",
        base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.x",
    ],
)  # fmt: skip
def test_what_is_no_token_is_refused_and_names_nobody(text: str) -> None:
    for known in (COACH, None):
        with pytest.raises(InvalidClient):
            check(text, known)
    assert assertion_client(text) is None


@pytest.mark.parametrize("payload", [b"[" * 2900, b"[]", b"{}", b'"iss"', b"{", b"\xff", b"3"])
def test_a_payload_without_an_issuer_names_nobody(payload: bytes) -> None:
    assert assertion_client("e30." + base64.urlsafe_b64encode(payload).decode() + ".x") is None


@given(st.integers(0, 400), st.integers(0, 7))
def test_one_changed_bit_anywhere_refutes_it(position: int, bit: int) -> None:
    signed = assertion(COACH.id, AT, jti="always-the-same")
    header, claims, signature = signed.split(".")
    segments = [bytearray(base64.urlsafe_b64decode(text + "==")) for text in (header, claims, signature)]
    whole = [(segment, index) for segment in segments for index in range(len(segment))]
    segment, index = whole[position % len(whole)]
    segment[index] ^= 1 << bit
    changed = ".".join(base64.urlsafe_b64encode(segment).rstrip(b"=").decode() for segment in segments)
    with pytest.raises(InvalidClient):
        check(changed)


@given(st.text(max_size=300))
def test_no_text_of_chance_is_an_assertion(text: str) -> None:
    with pytest.raises(InvalidClient):
        check(text)


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.lists(st.integers())


@given(st.sampled_from(["iss", "sub", "aud", "exp", "jti"]), json_values)
def test_whatever_stands_in_a_claim_it_is_proved_or_refused(claim: str, value: Any) -> None:
    try:
        check(assertion(COACH.id, AT, **{claim: value}))
    except InvalidClient:
        return
    assert claim == "jti"
    assert isinstance(value, str)


def test_an_assertion_is_accepted_once_and_another_after_it(cockpit: Cockpit, clock: MovingClock) -> None:
    known = register_service(cockpit, service())
    now = int(clock().timestamp())
    first = assertion(known.id, now)
    assert authenticate_service(cockpit, first, ASSERTION_TYPE) == known
    with pytest.raises(InvalidClient):
        authenticate_service(cockpit, first, ASSERTION_TYPE)
    assert authenticate_service(cockpit, assertion(known.id, now), ASSERTION_TYPE) == known
    with pytest.raises(InvalidClient):
        authenticate_service(cockpit, assertion(known.id, now), "urn:ietf:params:oauth:client-assertion-type:saml2")
    # The last moment at which it could be valid: it is still remembered.
    late = assertion(known.id, now, exp=now + 300)
    authenticate_service(cockpit, late, ASSERTION_TYPE)
    clock.forward(seconds=309)
    with pytest.raises(InvalidClient):
        authenticate_service(cockpit, late, ASSERTION_TYPE)


def test_a_registration_token_is_valid_for_its_days_and_from_its_operator(cockpit: Cockpit, clock: MovingClock) -> None:
    token = new_initial_access_token(cockpit.operator, clock(), 2)
    hashed, expires = checked_initial_access_token(cockpit.operator, token, clock())
    assert (len(hashed), expires) == (64, "2026-11-25T09:30:00Z")
    with pytest.raises(InvalidClient, match="expired"):
        checked_initial_access_token(cockpit.operator, token, clock() + timedelta(days=2))
    for forged in ("", ".", "..", token[:-1], token + "0", token.replace("2026", "2036"), "é" * 70, token.upper()):
        with pytest.raises(InvalidClient) as refusal:
            checked_initial_access_token(cockpit.operator, forged, clock())
        assert refusal.value.reason == "invalid_token"
