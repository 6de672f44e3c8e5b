"""A consent through its life: what each change lets a service read, at once, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from sqlalchemy import update

from cockpit.accounts.sessions import Visit, unlocked
from cockpit.acts.answer_consent import defer, give, refuse
from cockpit.acts.ask_consent import ServiceSuspended, ask_consent, pending
from cockpit.acts.change_service import change_service, reinstate_service, suspend_service
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.expire_consents import Expired, expire_consents
from cockpit.acts.issue_tokens import InvalidGrant, Issued, redeem_code, refresh
from cockpit.acts.narrow_consent import narrow_consent
from cockpit.acts.open_space import open_space
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.read_for_service import AccessRefused, InvalidToken, Release, Wanted, read_for_service
from cockpit.acts.renew_consent import renew_consent
from cockpit.acts.resume_consent import resume_consent
from cockpit.acts.review_consent import review_consent
from cockpit.acts.shares import Share, share, shares
from cockpit.acts.sign_in import sign_in, sign_in_with_kit
from cockpit.acts.visits import lock, recognise
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.consent.lifecycle import ChangeNotPossible
from cockpit.consent.narrowing import BadChoice, Narrowing
from cockpit.consent.record.form import record_from_json
from cockpit.consent.reminders import Remind
from cockpit.consent.request import Ask
from cockpit.domain.consent import AccessMode, ConsentStatus
from cockpit.domain.consent_record import Authentication
from cockpit.domain.errors import NotFound, SpaceLocked, Tampered
from cockpit.domain.ids import ConnectorId, ConsentId
from cockpit.domain.moment import instant
from cockpit.domain.service import Service
from cockpit.domain.use import Grain
from cockpit.domain.way import WayType
from cockpit.grants.pushed import Redirect
from cockpit.store import heads, services, tables
from cockpit.store.space import CONSENTS
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import INVOICE, REDIRECT, SERIES, VERIFIER, ask, coach, furnish, invoices, register


@pytest.fixture
def known(cockpit: Cockpit, visit: Visit) -> Visit:
    """A space with energy and invoices, and a registered service."""
    furnish(cockpit, visit)
    return visit


def given(cockpit: Cockpit, visit: Visit, **choice: object) -> Issued:
    """Yes for three months to both kinds, and the service's first tokens."""
    chosen = replace(Narrowing(months=3, kinds=frozenset({INVOICE})), **choice)  # type: ignore[arg-type]
    address = give(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)), chosen)
    return redeem_code(cockpit, coach(), parse_qs(urlsplit(address).query)["code"][0], REDIRECT, VERIFIER)


def fresh(cockpit: Cockpit, token: Issued) -> str:
    """A new access token: those of the beginning live five minutes."""
    assert token.refresh_token is not None
    return refresh(cockpit, coach(), token.refresh_token).access_token


def read(cockpit: Cockpit, token: Issued, wanted: Wanted = Wanted(SERIES)) -> Release:  # noqa: B008 - frozen
    return read_for_service(cockpit, fresh(cockpit, token), wanted)


def told(cockpit: Cockpit, visit: Visit, consent: ConsentId) -> Share:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return share(cockpit, reader, consent)


def ask_again(cockpit: Cockpit, service: Service) -> None:
    """The service as the store has it asks for something."""
    wanted = Ask({SERIES: ()}, {}, frozenset(), "2026-01-01", "2026-11-22", AccessMode.ONCE, 1,
                 "2026-12-01T00:00:00Z", 1)  # fmt: skip
    ask_consent(cockpit, service, "energy-advice-v1", wanted, Redirect(REDIRECT, None, "x" * 43))


def test_a_paused_consent_gives_nothing_and_a_resumed_one_again(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    pause_consent(cockpit, known.person, token.consent)
    with pytest.raises((AccessRefused, InvalidToken)):
        read_for_service(cockpit, token.access_token, Wanted(SERIES))
    assert told(cockpit, known, token.consent).status is ConsentStatus.PAUSED
    resume_consent(cockpit, known, token.consent)
    assert read(cockpit, token).count > 0
    assert told(cockpit, known, token.consent).status is ConsentStatus.RENEWED


def test_what_is_dated_in_a_pause_stays_out_for_good(cockpit: Cockpit, known: Visit, clock: MovingClock) -> None:
    token = given(cockpit, known, grains={})
    pause_consent(cockpit, known.person, token.consent)
    clock.now += timedelta(days=3)
    visit = recognise(cockpit, sign_in(cockpit, "camille", PASSPHRASE))
    assert visit is not None
    resume_consent(cockpit, visit, token.consent)
    with cockpit.spaces.write(known.person) as writer:
        days = ("2026-11-22", "2026-11-23")
        late = [
            msgspec.structs.replace(bill, day=day, source_key=day) for bill, day in zip(invoices(), days, strict=True)
        ]
        writer.deposit(ConnectorId("eu.facturx"), late, "2026-11-26T09:30:00Z")
    left = read(cockpit, token, Wanted(INVOICE))
    assert left.count == 3  # the two of before, and the one dated before the pause


def test_pausing_needs_no_open_space_and_resuming_does(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    lock(cockpit, known)
    locked = replace(known, keyring=None)
    pause_consent(cockpit, locked.person, token.consent)
    pause_consent(cockpit, locked.person, token.consent)
    with pytest.raises(SpaceLocked):
        resume_consent(cockpit, locked, token.consent)


def test_a_narrowed_consent_takes_away_at_once(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    assert read(cockpit, token, Wanted(INVOICE)).count == 2
    narrow_consent(cockpit, known, token.consent, Narrowing(months=None, grains={SERIES: Grain.MONTH}))
    with pytest.raises(AccessRefused):
        read(cockpit, token, Wanted(INVOICE))
    with pytest.raises(AccessRefused):
        read(cockpit, token, Wanted(SERIES, grain=Grain.RAW))
    assert read(cockpit, token).count > 0
    kept = told(cockpit, known, token.consent)
    assert [part.kind for part in kept.clause.inputs] == [SERIES]
    assert "un total par mois" in kept.notice_text
    assert kept.status is ConsentStatus.NARROWED


def test_a_collection_that_left_the_terms_gets_new_keys(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    narrow_consent(cockpit, known, token.consent, Narrowing(months=None))
    with cockpit.database.read(known.person) as connection:
        due = {
            name: heads.find(connection, known.person, name).rotation_due
            for name in heads.collections_of(connection, known.person)
        }
    assert due["invoice"] and not due["bank"]


def test_narrowing_by_nothing_or_to_nothing_is_refused(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    with pytest.raises(BadChoice) as caught:
        narrow_consent(cockpit, known, token.consent, Narrowing(months=None, kinds=frozenset({INVOICE})))
    assert caught.value.reason == "nothing_narrower"
    everything = frozenset(token.clause.inputs[0].fields)
    with pytest.raises(BadChoice):
        narrow_consent(cockpit, known, token.consent, Narrowing(months=None, without={SERIES: everything}))
    assert told(cockpit, known, token.consent).status is ConsentStatus.GIVEN


def test_a_renewed_consent_lasts_longer_with_the_same_tokens(
    cockpit: Cockpit, known: Visit, clock: MovingClock
) -> None:
    token = given(cockpit, known)
    before = told(cockpit, known, token.consent).clause
    renew_consent(cockpit, known, token.consent, 12)
    after = told(cockpit, known, token.consent).clause
    assert after.expires > before.expires
    assert replace(after, expires=before.expires, data_until=before.data_until) == before
    clock.now += timedelta(days=100)
    assert read(cockpit, token).count > 0


@pytest.mark.parametrize("months", [0, 2, 24])
def test_a_renewal_is_for_a_time_on_offer(cockpit: Cockpit, known: Visit, months: int) -> None:
    token = given(cockpit, known)
    with pytest.raises(BadChoice):
        renew_consent(cockpit, known, token.consent, months)


def test_a_consent_whose_time_has_come_ends_and_says_so(cockpit: Cockpit, known: Visit, clock: MovingClock) -> None:
    token = given(cockpit, known)
    clock.now += timedelta(days=93)
    assert told(cockpit, known, token.consent).status is ConsentStatus.EXPIRED
    ended = expire_consents(cockpit)
    assert ended.over == 2  # that of the furniture too
    assert expire_consents(cockpit) == Expired(0, 0)
    with pytest.raises(InvalidGrant):
        fresh(cockpit, token)
    assert told(cockpit, known, token.consent).events[-1][0] == "consent.expired"


def test_what_nobody_uses_ends_and_was_announced(cockpit: Cockpit, known: Visit, clock: MovingClock) -> None:
    token = given(cockpit, known)
    renew_consent(cockpit, known, token.consent, 12)
    clock.now += timedelta(days=155)
    assert told(cockpit, known, token.consent).reminder is Remind.UNUSED
    clock.now += timedelta(days=32)
    expire_consents(cockpit)
    ended = told(cockpit, known, token.consent)
    assert (ended.status, ended.reason) == (ConsentStatus.EXPIRED, "unused")


def test_a_reading_keeps_a_consent_from_falling_into_disuse(cockpit: Cockpit, known: Visit, clock: MovingClock) -> None:
    token = given(cockpit, known)
    renew_consent(cockpit, known, token.consent, 12)
    clock.now += timedelta(days=150)
    read(cockpit, token)
    clock.now += timedelta(days=150)
    assert expire_consents(cockpit).unused == 0


def test_a_yearly_look_is_asked_for_and_noted(cockpit: Cockpit, known: Visit, clock: MovingClock) -> None:
    token = given(cockpit, known)
    for _ in range(3):
        renew_consent(cockpit, known, token.consent, 12)
        clock.now += timedelta(days=120)
        read(cockpit, token)
    clock.now += timedelta(days=1)
    review_consent(cockpit, known.person, token.consent)
    noted = told(cockpit, known, token.consent)
    assert noted.status is ConsentStatus.RENEWED
    assert noted.events[-1][0] == "consent.reviewed"


def test_a_request_put_off_allows_nothing_and_goes_on_later(cockpit: Cockpit, known: Visit) -> None:
    address = defer(cockpit, known, pending(cockpit, "c_coach", ask(cockpit)))
    query = parse_qs(urlsplit(address).query)
    assert query["error"] == ["access_denied"]
    assert "code" not in query
    assert known.keyring is not None
    with cockpit.spaces.read(known.keyring) as reader:
        (waiting,) = [one for one in shares(cockpit, reader) if one.status is ConsentStatus.DEFERRED]
    assert waiting.reminder is Remind.WAITS
    token = given(cockpit, known)
    assert token.consent == waiting.consent
    assert [event for event, _ in told(cockpit, known, token.consent).events] == ["consent.deferred", "consent.given"]


def test_a_request_put_off_can_be_refused_later(cockpit: Cockpit, known: Visit) -> None:
    defer(cockpit, known, pending(cockpit, "c_coach", ask(cockpit)))
    refuse(cockpit, known, pending(cockpit, "c_coach", ask(cockpit)))
    assert known.keyring is not None
    with cockpit.spaces.read(known.keyring) as reader:
        assert not [one for one in shares(cockpit, reader) if one.status is ConsentStatus.DEFERRED]


def test_a_declaration_that_grew_suspends_and_one_that_shrank_does_not(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    (use,) = coach().uses
    smaller = replace(coach(), uses=(replace(use, retention_months=3),))
    assert change_service(cockpit, smaller) == 0
    assert read(cockpit, token).count > 0
    assert change_service(cockpit, coach()) == 2  # three months became six again
    with pytest.raises((InvalidGrant, AccessRefused)):
        read(cockpit, token)
    assert told(cockpit, known, token.consent).status is ConsentStatus.SUSPENDED


def test_a_suspension_is_lifted_by_the_person_when_the_service_does_no_more(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    (use,) = coach().uses
    wider = replace(coach(), uses=(replace(use, places=("EU",)),))
    change_service(cockpit, wider)
    with pytest.raises(ChangeNotPossible) as caught:
        renew_consent(cockpit, known, token.consent, 3)
    assert caught.value.reason == "declaration_broader"
    change_service(cockpit, coach())
    assert told(cockpit, known, token.consent).status is ConsentStatus.SUSPENDED
    renew_consent(cockpit, known, token.consent, 3)
    assert read(cockpit, token).count > 0


def test_a_service_under_another_name_must_be_looked_at_again(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    change_service(cockpit, replace(coach(), name="Autre nom"))
    assert told(cockpit, known, token.consent).status is ConsentStatus.SUSPENDED


def test_a_suspended_service_reads_nothing_even_after_its_return(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    assert suspend_service(cockpit, coach().id, "Enquête en cours") == 2
    with cockpit.database.read() as connection:
        stopped = services.find(connection, coach().id)
    assert stopped is not None
    with pytest.raises(ServiceSuspended):
        ask_again(cockpit, stopped)
    reinstate_service(cockpit, coach().id)
    with pytest.raises((InvalidGrant, AccessRefused)):
        read(cockpit, token)
    assert told(cockpit, known, token.consent).reason == "Enquête en cours"
    renew_consent(cockpit, known, token.consent, 3)
    assert read(cockpit, token).count > 0


def test_nothing_follows_a_withdrawal(cockpit: Cockpit, known: Visit) -> None:
    token = given(cockpit, known)
    withdraw_consent(cockpit, known.person, token.consent)
    for change in (
        lambda: pause_consent(cockpit, known.person, token.consent),
        lambda: resume_consent(cockpit, known, token.consent),
        lambda: renew_consent(cockpit, known, token.consent, 3),
        lambda: narrow_consent(cockpit, known, token.consent, Narrowing(months=None)),
        lambda: review_consent(cockpit, known.person, token.consent),
    ):
        with pytest.raises(ChangeNotPossible):
            change()
    assert told(cockpit, known, token.consent).status is ConsentStatus.WITHDRAWN


def test_a_paused_or_suspended_consent_is_withdrawn_as_easily(cockpit: Cockpit, known: Visit) -> None:
    paused, suspended = given(cockpit, known), given(cockpit, known)
    pause_consent(cockpit, known.person, paused.consent)
    change_service(cockpit, replace(coach(), name="Autre nom"))
    for token in (paused, suspended):
        withdraw_consent(cockpit, known.person, token.consent)
        assert told(cockpit, known, token.consent).status is ConsentStatus.WITHDRAWN


def test_nobody_changes_anothers_consent(cockpit: Cockpit, known: Visit) -> None:
    from cockpit.acts.open_space import open_space  # noqa: PLC0415

    token = given(cockpit, known)
    other = open_space(cockpit, "andrea", "une autre phrase de passe longue", "Andréa", "fr")
    stranger = recognise(cockpit, other.cookie)
    assert stranger is not None
    for change in (
        lambda: pause_consent(cockpit, stranger.person, token.consent),
        lambda: resume_consent(cockpit, stranger, token.consent),
        lambda: renew_consent(cockpit, stranger, token.consent, 3),
        lambda: review_consent(cockpit, stranger.person, token.consent),
    ):
        with pytest.raises(NotFound):
            change()


def test_the_record_says_how_whoever_decided_had_proved_who_they_are(cockpit: Cockpit) -> None:
    opened = open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr")
    cookies = {WayType.PASSPHRASE: opened.cookie, WayType.KIT: sign_in_with_kit(cockpit, "odile", opened.kit)}
    register(cockpit)
    for way, cookie in cookies.items():
        visit = recognise(cockpit, cookie)
        assert visit is not None
        refuse(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)))
        with cockpit.spaces.read(unlocked(visit)) as reader:
            signed: Any = list(reader.lines(CONSENTS))[-1]["signed"]
        proved = record_from_json(signed["record"]).authentication
        assert proved == Authentication(f"urn:mesinfos-cockpit:way:{way}", way.value, instant(cockpit.clock()))


def test_a_session_that_says_another_way_opens_nothing(cockpit: Cockpit) -> None:
    opened = open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr")
    with cockpit.database.write() as connection:
        connection.execute(update(tables.session).values(way=WayType.PASSKEY))
    with pytest.raises(Tampered):
        recognise(cockpit, opened.cookie)
