"""The tables of refusals, one row at a time, and metadata that says what is there."""

from __future__ import annotations

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from hypothesis import given
from hypothesis import strategies as st

from cockpit.grants.server import (
    CODE_CHECKS,
    PUSH_CHECKS,
    REFRESH_CHECKS,
    TOKEN_CHECKS,
    Check,
    Parameters,
    ProtocolRefusal,
    redirect_of,
    resource_metadata,
    run_checks,
    server_metadata,
    single_parameters,
)
from tests.grants.registrations import CALLBACK, service

COACH = service()
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
PUSHED: Parameters = {
    "client_id": COACH.id,
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "state": "xyz",
    "code_challenge": create_s256_code_challenge(VERIFIER),
    "code_challenge_method": "S256",
    "authorization_details": "[{}]",
}
CODE: Parameters = {"code": "code_x", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}

ROWS: list[tuple[tuple[Check, ...], Parameters, Parameters, str]] = [
    (PUSH_CHECKS, PUSHED, {"client_id": "c_other"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"request": "eyJ"}, "request_not_supported"),
    (PUSH_CHECKS, PUSHED, {"response_type": ""}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"response_type": "code id_token"}, "unsupported_response_type"),
    (PUSH_CHECKS, PUSHED, {"response_mode": "fragment"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"redirect_uri": ""}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"redirect_uri": CALLBACK.upper()}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"redirect_uri": CALLBACK + "?a=b"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"redirect_uri": CALLBACK.replace("9000", "9001")}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge": ""}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge": "x" * 42}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge": "x" * 44}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge": "=" * 43}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge": "x" * 43 + "\n"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge_method": "plain"}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"code_challenge_method": ""}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"state": "x" * 1025}, "invalid_request"),
    (PUSH_CHECKS, PUSHED, {"scope": "openid"}, "invalid_scope"),
    (PUSH_CHECKS, PUSHED, {"authorization_details": ""}, "invalid_authorization_details"),
    (TOKEN_CHECKS, {"grant_type": "refresh_token"}, {"client_id": "c_other"}, "invalid_request"),
    (TOKEN_CHECKS, {"grant_type": "refresh_token"}, {"grant_type": ""}, "invalid_request"),
    (TOKEN_CHECKS, {"grant_type": "refresh_token"}, {"grant_type": "password"}, "unsupported_grant_type"),
    (CODE_CHECKS, CODE, {"code": ""}, "invalid_request"),
    (CODE_CHECKS, CODE, {"redirect_uri": ""}, "invalid_request"),
    (CODE_CHECKS, CODE, {"code_verifier": ""}, "invalid_grant"),
    (CODE_CHECKS, CODE, {"code_verifier": "x" * 42}, "invalid_grant"),
    (CODE_CHECKS, CODE, {"code_verifier": "x" * 129}, "invalid_grant"),
    (CODE_CHECKS, CODE, {"code_verifier": "é" * 43}, "invalid_grant"),
    (REFRESH_CHECKS, {"refresh_token": "prt_x"}, {"refresh_token": ""}, "invalid_request"),
]


@pytest.mark.parametrize(("checks", "good", "change", "code"), ROWS)
def test_each_change_of_a_good_request_is_refused_with_oauths_word(
    checks: tuple[Check, ...], good: Parameters, change: Parameters, code: str
) -> None:
    run_checks(checks, good, COACH)
    with pytest.raises(ProtocolRefusal) as refusal:
        run_checks(checks, good | change, COACH)
    assert refusal.value.reason == code


@pytest.mark.parametrize("missing", ["response_type", "redirect_uri", "code_challenge", "code_challenge_method"])
def test_what_is_missing_is_refused_like_what_is_empty(missing: str) -> None:
    with pytest.raises(ProtocolRefusal) as refusal:
        run_checks(PUSH_CHECKS, {name: value for name, value in PUSHED.items() if name != missing}, COACH)
    assert refusal.value.reason == "invalid_request"


def test_every_row_of_every_table_refuses_something_here() -> None:
    said = set()
    for checks, good, change, _ in ROWS:
        with pytest.raises(ProtocolRefusal) as refusal:
            run_checks(checks, good | change, COACH)
        said.add((checks[0][1], str(refusal.value)))
    tables = (PUSH_CHECKS, TOKEN_CHECKS, CODE_CHECKS, REFRESH_CHECKS)
    assert {(checks[0][1], sentence) for checks in tables for _, sentence, _ in checks} == said


def test_a_request_may_be_without_state_and_with_parameters_nobody_knows() -> None:
    plain = {name: value for name, value in PUSHED.items() if name != "state"} | {"nonce": "n"}
    run_checks(PUSH_CHECKS, plain, COACH)
    assert redirect_of(plain).state is None
    assert redirect_of(PUSHED).state == "xyz"


@given(st.dictionaries(st.sampled_from([*PUSHED, "request", "request_uri", "scope"]), st.text(max_size=50)))
def test_whatever_is_pushed_the_tables_answer_and_never_break(parameters: Parameters) -> None:
    for checks in (PUSH_CHECKS, TOKEN_CHECKS, CODE_CHECKS, REFRESH_CHECKS):
        with pytest.raises(ProtocolRefusal):
            run_checks(checks, parameters, COACH)


def test_a_parameter_may_not_come_twice_even_with_the_same_value() -> None:
    assert single_parameters([("a", "1"), ("b", "1")]) == {"a": "1", "b": "1"}
    with pytest.raises(ProtocolRefusal, match="twice"):
        single_parameters([("a", "1"), ("b", "2"), ("a", "1")])


def test_the_metadata_is_what_rfc_8414_asks_and_promises_nothing_else() -> None:
    metadata = server_metadata("https://cockpit.example")
    AuthorizationServerMetadata(metadata).validate()
    assert metadata["issuer"] == "https://cockpit.example"
    assert metadata["require_pushed_authorization_requests"] is True
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    # Proof of possession comes with the FAPI profile: until then nobody is told that it is there.
    assert not [name for name in metadata if "dpop" in name or "jwks" in name or "scopes" in name]
    assert resource_metadata("https://cockpit.example")["authorization_servers"] == ["https://cockpit.example"]
