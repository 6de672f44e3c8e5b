"""A recipient's acknowledgement counts when its registered key signed it, about this record; late is computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from cockpit.consent.record.acknowledgement import Acknowledgement, AcknowledgementState, acknowledgement_due
from cockpit.consent.record.form import record_sha256
from cockpit.domain.ids import ServiceId
from cockpit.domain.moment import instant
from cockpit.domain.use import Obligation
from cockpit.grants.acknowledgements import ACKNOWLEDGEMENT_TYPE, BadAcknowledgement, checked_acknowledgement
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


def test_an_acknowledgement_by_the_registered_key_counts() -> None:
    read = checked_acknowledgement(signed(), KNOWN, HASH, NOW)
    assert read == Acknowledgement(SERVICE.id, HASH, "2026-11-23T09:29:00Z")


@pytest.mark.parametrize(
    "text",
    [
        signed(key=OTHER),
        signed(typ="JWT"),
        signed(SAID | {"record_sha256": "0" * 64}),
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
    with pytest.raises(BadAcknowledgement):
        checked_acknowledgement(text, KNOWN, HASH, NOW)


def test_a_secret_cannot_be_taken_for_a_public_key() -> None:
    text = jws.serialize_compact(
        {"alg": "HS256", "typ": ACKNOWLEDGEMENT_TYPE}, canonical(SAID), OctKey.import_key(PUBLIC["x"])
    )
    with pytest.raises(BadAcknowledgement):
        checked_acknowledgement(text, KNOWN, HASH, NOW)


DUTY = Obligation("acknowledge", "consent.withdrawn", 3, "jws")
MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "now", "state", "days"),
    [
        (None, MADE, AcknowledgementState.AWAITED, 0),
        (None, MADE + timedelta(days=3), AcknowledgementState.AWAITED, 0),
        (None, MADE + timedelta(days=3, seconds=1), AcknowledgementState.LATE, 0),
        (None, MADE + timedelta(days=10), AcknowledgementState.LATE, 7),
        (MADE + timedelta(days=3), MADE + timedelta(days=90), AcknowledgementState.IN_TIME, 0),
        (MADE + timedelta(days=5), MADE + timedelta(days=90), AcknowledgementState.AFTERWARDS, 2),
    ],
)
def test_lateness_is_counted_from_the_version(
    received: datetime | None, now: datetime, state: AcknowledgementState, days: int
) -> None:
    found = acknowledgement_due(instant(MADE), DUTY, instant(received) if received else None, now)
    assert (found.due, found.state, found.days_late) == ("2026-11-26T09:30:00Z", state, days)


@given(st.integers(0, 60), st.integers(0, 60 * 86400), st.integers(0, 60 * 86400))
def test_time_only_makes_it_later(days: int, first: int, more: int) -> None:
    duty = replace(DUTY, days=days)
    early, late = (
        acknowledgement_due(instant(MADE), duty, None, MADE + timedelta(seconds=seconds))
        for seconds in (first, first + more)
    )
    assert early.days_late <= late.days_late
    assert not (early.state is AcknowledgementState.LATE and late.state is AcknowledgementState.AWAITED)
