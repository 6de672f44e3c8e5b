"""Mandates: who acts is known from the passphrase that opened, what they may not do is refused, all of it is told."""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

import cockpit.acts
from cockpit.accounts import slots as openings
from cockpit.accounts.kit import read_kit
from cockpit.accounts.sessions import OnlyThePerson, Visit
from cockpit.accounts.slots import Proof, by_kit, by_mandate, by_passphrase, prove
from cockpit.acts.allow_escrow import forbid_escrow
from cockpit.acts.answer_consent import ask_other, defer, give, refuse
from cockpit.acts.ask_consent import pending
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.end_mandate import end_mandate
from cockpit.acts.erase_record import erase_record
from cockpit.acts.export_space import export_space
from cockpit.acts.find_space import visit_once
from cockpit.acts.give_mandate import give_mandate
from cockpit.acts.histories import Verb
from cockpit.acts.list_mandates import list_mandates
from cockpit.acts.list_ways import list_ways
from cockpit.acts.narrow_consent import narrow_consent
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.pause_consent import pause_consent
from cockpit.acts.renew_consent import renew_consent
from cockpit.acts.resume_consent import resume_consent
from cockpit.acts.rotate_collection_keys import rotate_collection_keys
from cockpit.acts.rotate_vault_key import rotate_vault_key
from cockpit.acts.set_rules import set_rules
from cockpit.acts.sign_in import sign_in
from cockpit.acts.try_way import try_way
from cockpit.acts.visits import lock, recognise, sign_out_elsewhere, sign_out_everywhere, unlock
from cockpit.acts.withdraw_consent import withdraw_consent
from cockpit.archive.decisions import present_clause
from cockpit.consent.mandates import BeyondMandate
from cockpit.consent.narrowing import Narrowing
from cockpit.consent.record.form import record_from_json
from cockpit.domain.consent import Clause
from cockpit.domain.consent_record import Actor, ActorRole
from cockpit.domain.errors import CitizenMustAct, NotFound, Tampered, WrongSecret
from cockpit.domain.ids import ConsentId, Kind, RecordUid
from cockpit.domain.mandate import Capacity, Mandate
from cockpit.domain.use import Automation
from cockpit.domain.way import WayId
from cockpit.sealing import slots as sealing
from cockpit.sealing.slots import KdfCost
from cockpit.store import tables
from cockpit.store.space import CONSENTS
from cockpit.store.walls import EVERYONE
from tests.acts.holding import here, proof_of, told
from tests.conftest import PASSPHRASE, MovingClock
from tests.web.furnished import ask, furnish

THEIRS = "la phrase de Jean, à lui seul"
LAST_DAY = "2026-12-20"


@pytest.fixture
def mandate(cockpit: Cockpit, visit: Visit) -> Mandate:
    return give_mandate(cockpit, proof_of(cockpit, visit), "Jean", Capacity.HELPER, LAST_DAY, THEIRS)


@pytest.fixture
def cookie(cockpit: Cockpit, mandate: Mandate) -> str:
    return sign_in(cockpit, "camille", THEIRS)


@pytest.fixture
def jean(cockpit: Cockpit, cookie: str) -> Visit:
    return here(cockpit, cookie)


# Who acts


def test_who_acts_is_known_from_the_passphrase(cockpit: Cockpit, visit: Visit, jean: Visit, mandate: Mandate) -> None:
    assert (jean.person, jean.name, jean.mandate) == (visit.person, "Camille", mandate)
    assert jean.keyring == visit.keyring
    assert here(cockpit, sign_in(cockpit, "camille", PASSPHRASE)).mandate is None
    assert (mandate.name, mandate.capacity, mandate.until) == ("Jean", Capacity.HELPER, "2026-12-20T23:00:00Z")


def test_giving_using_and_ending_are_in_the_history(
    cockpit: Cockpit, visit: Visit, jean: Visit, mandate: Mandate
) -> None:
    end_mandate(cockpit, visit, mandate.id)
    lines = [(line.verb, line.acting.name if line.acting else "") for line in told(cockpit, visit)[:3]]
    assert lines == [(Verb.ENDED_A_MANDATE, "Jean"), (Verb.CAME_FOR_ME, "Jean"), (Verb.GAVE_A_MANDATE, "Jean")]


def test_a_locked_session_stays_the_actors(cockpit: Cockpit, cookie: str, jean: Visit, mandate: Mandate) -> None:
    give_mandate(cockpit, proof_of(cockpit, self_of(cockpit)), "Odile", Capacity.HELPER, LAST_DAY, "celle d'Odile ici")
    lock(cockpit, jean)
    locked = here(cockpit, cookie)
    assert locked.mandate == replace(mandate, name="")
    for wrong in (PASSPHRASE, "celle d'Odile ici", "une autre encore"):
        with pytest.raises(WrongSecret):
            unlock(cockpit, locked, cookie, wrong)
    unlock(cockpit, locked, cookie, THEIRS)
    assert here(cockpit, cookie).mandate == mandate


def self_of(cockpit: Cockpit) -> Visit:
    return here(cockpit, sign_in(cockpit, "camille", PASSPHRASE))


def test_the_persons_session_is_not_unlocked_by_an_actor(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, mandate: Mandate
) -> None:
    lock(cockpit, visit)
    with pytest.raises(WrongSecret):
        unlock(cockpit, here(cockpit, opened.cookie), opened.cookie, THEIRS)


@pytest.mark.parametrize("edit", [{"mandate": "", "capacity": ""}, {"capacity": "parent"}, {"mandate": "f" * 32}])
def test_a_session_row_edited_to_hide_who_acts_opens_nothing(
    cockpit: Cockpit, cookie: str, jean: Visit, edit: dict[str, str]
) -> None:
    table = tables.session
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(update(table).where(table.c.session_hash == jean.session).values(**edit))
    with pytest.raises(Tampered):
        recognise(cockpit, cookie)


def test_a_slot_turned_into_the_persons_own_or_made_longer_opens_nothing(cockpit: Cockpit, mandate: Mandate) -> None:
    table = tables.key_slot
    for edit in ({"type": "passphrase"}, {"type": "mandate", "expires": "2036-12-20T23:00:00Z"}):
        with cockpit.database.write(EVERYONE) as connection:
            connection.execute(update(table).where(table.c.slot_id == mandate.id).values(**edit))
        with pytest.raises(WrongSecret):
            sign_in(cockpit, "camille", THEIRS)


def test_nobody_acts_with_a_passphrase_that_is_somebodys_already(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, mandate: Mandate
) -> None:
    for taken in (PASSPHRASE, THEIRS):
        with pytest.raises(CitizenMustAct) as refused:
            give_mandate(cockpit, proof_of(cockpit, visit), "Odile", Capacity.HELPER, LAST_DAY, taken)
        assert refused.value.reason == "passphrase_in_use"
    with pytest.raises(CitizenMustAct) as refused:
        change_passphrase(cockpit, visit, proof_of(cockpit, visit), THEIRS)
    assert refused.value.reason == "passphrase_in_use"


def test_a_mandate_opens_no_other_space(cockpit: Cockpit, visit: Visit, mandate: Mandate) -> None:
    other = here(cockpit, open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr").cookie)
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "odile", THEIRS)
    with cockpit.database.write(EVERYONE) as connection:
        row = connection.execute(select(tables.key_slot).where(tables.key_slot.c.slot_id == mandate.id)).one()
        values = row._asdict() | {"person_id": other.person}
        connection.execute(tables.key_slot.insert().values(**values))
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "odile", THEIRS)
    with pytest.raises(CitizenMustAct):
        list_mandates(cockpit, replace(other, mandate=mandate))


def test_a_command_of_the_shell_is_the_persons(cockpit: Cockpit, mandate: Mandate) -> None:
    with pytest.raises(WrongSecret):
        visit_once(cockpit, "camille", THEIRS)


# Its end


def test_a_mandate_ended_by_the_person_is_over_at_once(
    cockpit: Cockpit, visit: Visit, cookie: str, jean: Visit, mandate: Mandate
) -> None:
    end_mandate(cockpit, visit, mandate.id)
    assert recognise(cockpit, cookie) is None
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", THEIRS)
    with pytest.raises(NotFound):
        end_mandate(cockpit, visit, mandate.id)
    assert list_mandates(cockpit, visit) == ()
    assert recognise(cockpit, sign_in(cockpit, "camille", PASSPHRASE)) is not None


def test_a_mandate_ends_with_its_last_day_even_in_a_session(
    cockpit: Cockpit, mandate: Mandate, clock: MovingClock
) -> None:
    clock.forward(days=27, hours=13, minutes=25)
    cookie = sign_in(cockpit, "camille", THEIRS)
    assert recognise(cockpit, cookie) is not None
    clock.forward(minutes=10)
    assert recognise(cockpit, cookie) is None
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", THEIRS)
    person = self_of(cockpit)
    assert [line.verb for line in told(cockpit, person)][:2] == [Verb.ENDED_A_MANDATE, Verb.CAME_FOR_ME]
    self_of(cockpit)
    assert [line.verb for line in told(cockpit, person)].count(Verb.ENDED_A_MANDATE) == 1


def test_a_locked_session_of_an_ended_mandate_is_over(
    cockpit: Cockpit, visit: Visit, cookie: str, jean: Visit, mandate: Mandate
) -> None:
    lock(cockpit, jean)
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(tables.key_slot.delete().where(tables.key_slot.c.slot_id == mandate.id))
    assert recognise(cockpit, cookie) is None


def test_a_new_vault_key_ends_the_mandates_and_says_so(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, cookie: str, mandate: Mandate
) -> None:
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    assert recognise(cockpit, cookie) is None
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", THEIRS)
    assert Verb.ENDED_A_MANDATE in [line.verb for line in told(cockpit, here(cockpit, opened.cookie))]


def test_a_new_passphrase_leaves_the_mandates_and_ends_their_sessions(
    cockpit: Cockpit, visit: Visit, cookie: str, mandate: Mandate
) -> None:
    change_passphrase(cockpit, visit, proof_of(cockpit, visit), "une toute nouvelle phrase")
    assert recognise(cockpit, cookie) is None
    assert here(cockpit, sign_in(cockpit, "camille", THEIRS)).mandate == mandate


@pytest.mark.parametrize(
    ("capacity", "day"),
    [(Capacity.HELPER, "2026-11-22"), (Capacity.HELPER, "2027-11-24"), (Capacity.GUARDIAN, "2031-11-24"),
     (Capacity.PARENT, "2044-11-24"), (Capacity.HELPER, ""), (Capacity.HELPER, "2026-02-30")],
)  # fmt: skip
def test_a_mandate_has_an_end_within_its_capacitys_bounds(
    cockpit: Cockpit, visit: Visit, capacity: Capacity, day: str
) -> None:
    with pytest.raises(CitizenMustAct):
        give_mandate(cockpit, proof_of(cockpit, visit), "Jean", capacity, day, THEIRS)


def test_there_are_at_most_five(cockpit: Cockpit, visit: Visit) -> None:
    proof = proof_of(cockpit, visit)
    for number in range(5):
        given = give_mandate(cockpit, proof, f"Aide {number}", Capacity.HELPER, LAST_DAY, f"phrase numéro {number}")
        assert here(cockpit, sign_in(cockpit, "camille", f"phrase numéro {number}")).mandate == given
    with pytest.raises(CitizenMustAct) as refused:
        give_mandate(cockpit, proof, "Un de plus", Capacity.HELPER, LAST_DAY, "phrase numéro 6")
    assert refused.value.reason == "too_many_mandates"


# What an actor may not do: each act on one side

Attempt = Callable[[Cockpit, Visit, str, OpenedSpace], object]
FORBIDDEN: dict[str, Attempt] = {
    "give_mandate.give_mandate": lambda c, v, k, o: prove(c, v, by_passphrase(PASSPHRASE)),
    "add_passkey.add_passkey": lambda c, v, k, o: prove(c, v, by_mandate(THEIRS)),
    "allow_escrow.allow_escrow": lambda c, v, k, o: prove(c, v, by_kit(read_kit(o.kit))),
    "change_passphrase.change_passphrase": lambda c, v, k, o: prove(c, v, by_passphrase(PASSPHRASE)),
    "remove_way.remove_way": lambda c, v, k, o: prove(c, v, by_passphrase(PASSPHRASE)),
    "renew_kit.renew_kit": lambda c, v, k, o: prove(c, v, by_passphrase(PASSPHRASE)),
    "set_guardians.set_guardians": lambda c, v, k, o: prove(c, v, by_passphrase(PASSPHRASE)),
    "rotate_vault_key.rotate_vault_key": lambda c, v, k, o: rotate_vault_key(c, v, k, PASSPHRASE),
    "end_mandate.end_mandate": lambda c, v, k, o: end_mandate(c, v, WayId("f" * 32)),
    "list_mandates.list_mandates": lambda c, v, k, o: list_mandates(c, v),
    "allow_escrow.forbid_escrow": lambda c, v, k, o: forbid_escrow(c, v),
    "list_ways.list_ways": lambda c, v, k, o: list_ways(c, v),
    "try_way.try_way": lambda c, v, k, o: try_way(c, v, by_kit(read_kit(o.kit))),
    "rotate_collection_keys.rotate_collection_keys": lambda c, v, k, o: rotate_collection_keys(c, v),
    "export_space.export_space": lambda c, v, k, o: export_space(c, v, io.BytesIO()),
    "erase_record.erase_record": lambda c, v, k, o: erase_record(c, v, Kind("tax.notice"), RecordUid("f" * 32)),
    "set_rules.set_rules": lambda c, v, k, o: set_rules(c, v, []),
    "visits.sign_out_elsewhere": lambda c, v, k, o: sign_out_elsewhere(c, v),
    "visits.sign_out_everywhere": lambda c, v, k, o: sign_out_everywhere(c, v),
}
"""What only the person may do. Those that take a ``Proof`` are refused where it is made."""
ALLOWED = {
    "answer_consent.refuse", "answer_consent.defer", "answer_consent.give", "answer_consent.ask_other",
    "answer_jointly.joint_request", "answer_jointly.answer_jointly", "narrow_consent.narrow_consent",
    "renew_consent.renew_consent", "resume_consent.resume_consent", "search_space.search_space",
    "search_space.open_index", "visits.lock", "visits.unlock", "visits.sign_out",
    "pause_consent.pause_consent", "withdraw_consent.withdraw_consent", "review_consent.review_consent",
    "refresh_source.refresh_source",
}  # fmt: skip
"""What somebody may do for the person, with what ``BeyondMandate`` says of a yes."""
NO_VISITOR = {"erase_space.erase_space", "find_space.find_space", "find_space.visit_once"}
"""Called by the shell for the person who gave their own passphrase: a mandate's is refused there."""


def acts_of_a_person() -> Iterator[tuple[str, set[str]]]:
    for module in pkgutil.iter_modules(cockpit.acts.__path__):
        loaded = importlib.import_module(f"cockpit.acts.{module.name}")
        for name, act in inspect.getmembers(loaded, inspect.isfunction):
            if act.__module__ == loaded.__name__ and not name.startswith("_"):
                yield f"{module.name}.{name}", {str(kind) for kind in inspect.get_annotations(act).values()}


def test_every_act_stands_on_one_side() -> None:
    found = {name for name, kinds in acts_of_a_person() if kinds & {"Visit", "Proof", "PersonId"}}
    assert not set(FORBIDDEN) & ALLOWED
    assert found == set(FORBIDDEN) | ALLOWED | NO_VISITOR


def test_every_act_that_asks_for_a_secret_again_is_the_persons() -> None:
    asking = {name for name, kinds in acts_of_a_person() if Proof.__name__ in kinds}
    assert len(asking) > 5
    assert asking <= set(FORBIDDEN)


@pytest.mark.parametrize("act", FORBIDDEN)
def test_an_actor_may_not(cockpit: Cockpit, opened: OpenedSpace, jean: Visit, cookie: str, act: str) -> None:
    before = len(told(cockpit, jean))
    with pytest.raises(OnlyThePerson):
        FORBIDDEN[act](cockpit, jean, cookie, opened)
    assert len(told(cockpit, jean)) == before
    assert recognise(cockpit, opened.cookie) is not None


# What an actor decides


def lines(cockpit: Cockpit, visit: Visit) -> list[dict[str, object]]:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return list(reader.lines(CONSENTS))


def clause_of(cockpit: Cockpit, visit: Visit, consent: ConsentId) -> Clause:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return present_clause(reader, consent)


def test_what_an_actor_decides_says_so_everywhere(cockpit: Cockpit, visit: Visit, jean: Visit) -> None:
    furnish(cockpit, visit)
    give(cockpit, jean, pending(cockpit, "c_coach", ask(cockpit)), Narrowing(months=3))
    consent = ConsentId(str(lines(cockpit, visit)[-1]["uid"]))
    terms = clause_of(cockpit, visit, consent)
    assert terms.expires == "2026-12-20T23:00:00Z"
    assert terms.data_until <= "2026-12-20"
    pause_consent(cockpit, jean.person, consent, jean.mandate)
    resume_consent(cockpit, jean, consent)
    renew_consent(cockpit, jean, consent, 6)
    withdraw_consent(cockpit, jean.person, consent, jean.mandate)
    refuse(cockpit, jean, pending(cockpit, "c_coach", ask(cockpit)))
    defer(cockpit, jean, pending(cockpit, "c_coach", ask(cockpit)))
    verbs = {Verb.PUT_OFF, Verb.REFUSED, Verb.STOPPED, Verb.RENEWED, Verb.RESUMED, Verb.PAUSED, Verb.ALLOWED}
    newest = told(cockpit, visit)[:7]
    assert {line.verb for line in newest} == verbs
    assert all(line.acting and (line.acting.name, line.acting.capacity) == ("Jean", "helper") for line in newest)
    assert jean.mandate is not None
    for line in lines(cockpit, visit)[-7:]:
        signed: Any = line["signed"]
        actor = record_from_json(signed["record"]).actor
        assert actor == Actor(ActorRole.HELPER, mandate=jean.mandate.id)
    assert clause_of(cockpit, visit, consent).expires == "2026-12-20T23:00:00Z"


def test_what_the_person_decides_names_nobody_else(cockpit: Cockpit, visit: Visit) -> None:
    furnish(cockpit, visit)
    assert [line.acting for line in told(cockpit, visit)] == [None] * len(told(cockpit, visit))


def test_an_actor_does_not_prolong_or_reopen_what_lasts_longer_than_the_mandate(
    cockpit: Cockpit, visit: Visit, jean: Visit
) -> None:
    furnish(cockpit, visit)
    address = give(cockpit, visit, pending(cockpit, "c_coach", ask(cockpit)), Narrowing(months=3))
    assert "code=" in address
    consent = ConsentId(str(lines(cockpit, visit)[-1]["uid"]))
    with pytest.raises(BeyondMandate):
        renew_consent(cockpit, jean, consent, 6)
    pause_consent(cockpit, jean.person, consent, jean.mandate)
    with pytest.raises(BeyondMandate):
        resume_consent(cockpit, jean, consent)
    resume_consent(cockpit, visit, consent)
    narrow_consent(cockpit, jean, consent, Narrowing(months=1))
    withdraw_consent(cockpit, jean.person, consent, jean.mandate)


@pytest.mark.parametrize("beyond", [{"special": True}, {"automation": Automation.DECIDES}])
@pytest.mark.parametrize("capacity", list(Capacity))
def test_a_helper_says_no_yes_to_health_nor_to_a_machine(
    cockpit: Cockpit, visit: Visit, capacity: Capacity, beyond: dict[str, object]
) -> None:
    furnish(cockpit, visit)
    give_mandate(cockpit, proof_of(cockpit, visit), "Jean", capacity, LAST_DAY, THEIRS)
    jean = here(cockpit, sign_in(cockpit, "camille", THEIRS))
    waiting = pending(cockpit, "c_coach", ask(cockpit))
    waiting = replace(waiting, clause=replace(waiting.clause, **beyond))  # type: ignore[arg-type]
    if capacity is Capacity.HELPER:
        for yes in (give, ask_other):
            with pytest.raises(BeyondMandate):
                yes(cockpit, jean, waiting, Narrowing(months=1))
        refuse(cockpit, jean, waiting)
    else:
        assert "code=" in give(cockpit, jean, waiting, Narrowing(months=1))


def test_a_refusal_takes_the_same_work_whoever_has_mandates_or_a_space(
    cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: each stretching is a quarter of a second at the real cost."""
    done: list[int] = []
    real = sealing.stretch

    def counted(passphrase: str, salt: bytes, cost: KdfCost) -> bytes:
        done.append(cost.memory_kib)
        return real(passphrase, salt, cost)

    for module in (sealing, openings):
        monkeypatch.setattr(module, "stretch", counted)

    def work(handle: str) -> list[int]:
        done.clear()
        with pytest.raises(WrongSecret):
            sign_in(cockpit, handle, "pas la bonne phrase")
        return list(done)

    without = work("camille")
    for number in range(3):
        give_mandate(
            cockpit, proof_of(cockpit, visit), f"Aide {number}", Capacity.HELPER, LAST_DAY, f"phrase numéro {number}"
        )
    assert work("camille") == without == work("nobody-here") == [64, 64]
