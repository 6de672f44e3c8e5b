"""A recipient's statement counts when its registered key signed it; its type says what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from cockpit.consent.duties import ACKNOWLEDGE, ERASE
from cockpit.consent.record.form import record_sha256
from cockpit.domain.ids import ServiceId
from cockpit.grants.statements import ACKNOWLEDGEMENT_TYPE, ERASURE_TYPE, BadStatement, Statement, checked_statement
from cockpit.sealing.canonical import canonical
from tests.consent.records import record
from tests.consent.worlds import NOW, SERVICE

KEY, OTHER = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
PUBLIC = {name: str(value) for name, value in KEY.as_dict(private=False).items()}
KNOWN = replace(SERVICE, jwks={"keys": [PUBLIC]})
HASH = record_sha256(record())
SAID = {"service": SERVICE.id, "record_sha256": HASH, "at": "2026-11-23T09:29:00Z"}


def signed(said: dict[str, Any] = SAID, key: ECKey = KEY, typ: str = ACKNOWLEDGEMENT_TYPE) -> str:
    return jws.serialize_compact({"alg": "ES256", "typ": typ}, canonical(said), key)


def test_a_statement_by_the_registered_key_counts_and_its_type_says_of_what() -> None:
    for typ, action in ((ACKNOWLEDGEMENT_TYPE, ACKNOWLEDGE), (ERASURE_TYPE, ERASE)):
        read = checked_statement(signed(typ=typ), KNOWN, NOW)
        assert read == Statement(action, SERVICE.id, HASH, "2026-11-23T09:29:00Z")


@pytest.mark.parametrize(
    "text",
    [
        signed(key=OTHER),
        signed(typ="JWT"),
        signed(SAID | {"service": ServiceId("c_other")}),
        signed(SAID | {"at": "2026-11-23T09:31:00Z"}),
        signed(SAID | {"at": "yesterday"}),
        signed(SAID | {"more": 1}),
        signed({"service": SERVICE.id}),
        signed()[:-6] + "AAAAAA",
        "eyJhbGciOiJub25lIn0." + signed().split(".")[1] + ".",
        "",
        "a" * 5000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadStatement):
        checked_statement(text, KNOWN, NOW)


def test_a_secret_cannot_be_taken_for_a_public_key() -> None:
    text = jws.serialize_compact(
        {"alg": "HS256", "typ": ACKNOWLEDGEMENT_TYPE}, canonical(SAID), OctKey.import_key(PUBLIC["x"])
    )
    with pytest.raises(BadStatement):
        checked_statement(text, KNOWN, NOW)
