"""Opening a space, signing in, locking, unlocking, losing the passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.accounts.kit import read_kit
from cockpit.accounts.passphrase import BadHandle, BadPassphrase
from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import by_kit, by_passphrase, prove
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import HandleTaken, OpenedSpace, open_space
from cockpit.acts.renew_kit import renew_kit
from cockpit.acts.sign_in import sign_in, sign_in_with_kit
from cockpit.acts.visits import lock, recognise, sign_out, unlock
from cockpit.bootstrap import build
from cockpit.domain.errors import CitizenMustAct, OperatorMustAct, WrongSecret
from cockpit.store import sessions
from tests.conftest import PASSPHRASE, MovingClock


def test_a_person_signs_in_with_their_passphrase(cockpit: Cockpit, opened: OpenedSpace) -> None:
    found = recognise(cockpit, sign_in(cockpit, " Camille ", PASSPHRASE))
    assert found is not None
    assert (found.person, found.name, found.language) == (opened.person, "Camille", "fr")


@pytest.mark.parametrize(
    ("handle", "passphrase"), [("camille", "pas la bonne phrase"), ("nobody", PASSPHRASE), ("", "")]
)
def test_a_wrong_name_and_a_wrong_passphrase_look_the_same(
    cockpit: Cockpit, opened: OpenedSpace, handle: str, passphrase: str
) -> None:
    with pytest.raises(WrongSecret, match=r"this (name and )?secret"):
        sign_in(cockpit, handle, passphrase)


def test_the_kit_opens_the_space_and_a_new_passphrase_is_chosen(cockpit: Cockpit, opened: OpenedSpace) -> None:
    found = recognise(cockpit, sign_in_with_kit(cockpit, "camille", opened.kit))
    assert found is not None
    proof = prove(cockpit, found, by_kit(read_kit(opened.kit)))
    change_passphrase(cockpit, found, proof, "une toute nouvelle phrase")
    sign_in(cockpit, "camille", "une toute nouvelle phrase")
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", PASSPHRASE)


def test_a_new_passphrase_ends_the_other_sessions(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)
    change_passphrase(cockpit, visit, prove(cockpit, visit, by_passphrase(PASSPHRASE)), "une toute nouvelle phrase")
    assert recognise(cockpit, elsewhere) is None
    assert recognise(cockpit, opened.cookie) is not None


def test_a_new_kit_makes_the_old_one_useless(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    kit = renew_kit(cockpit, prove(cockpit, visit, by_passphrase(PASSPHRASE)))
    sign_in_with_kit(cockpit, "camille", kit)
    with pytest.raises(WrongSecret):
        sign_in_with_kit(cockpit, "camille", opened.kit)


def test_an_idle_space_locks_itself_and_the_passphrase_unlocks_it(
    cockpit: Cockpit, opened: OpenedSpace, clock: MovingClock
) -> None:
    clock.forward(minutes=16)
    found = recognise(cockpit, opened.cookie)
    assert found is not None
    assert found.keyring is None
    # Once locked, going back in time does not help: the stored key is gone.
    clock.forward(minutes=-16)
    again = recognise(cockpit, opened.cookie)
    assert again is not None
    assert again.keyring is None
    unlock(cockpit, found, opened.cookie, PASSPHRASE)
    unlocked = recognise(cockpit, opened.cookie)
    assert unlocked is not None
    assert unlocked.keyring is not None


def test_using_the_space_keeps_it_open(cockpit: Cockpit, opened: OpenedSpace, clock: MovingClock) -> None:
    for _ in range(5):
        clock.forward(minutes=10)
        found = recognise(cockpit, opened.cookie)
        assert found is not None
        assert found.keyring is not None


def test_locking_on_demand_and_signing_out(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    lock(cockpit, visit)
    found = recognise(cockpit, opened.cookie)
    assert found is not None
    assert found.keyring is None
    sign_out(cockpit, visit)
    assert recognise(cockpit, opened.cookie) is None


def test_a_session_ends_by_itself(cockpit: Cockpit, opened: OpenedSpace, clock: MovingClock) -> None:
    clock.forward(hours=13)
    assert recognise(cockpit, opened.cookie) is None


@pytest.mark.parametrize("cookie", ["", "x", "é" * 43, "A" * 43, "A" * 5000, "=" * 44])
def test_a_cookie_that_is_not_ours_is_nobody(cockpit: Cockpit, opened: OpenedSpace, cookie: str) -> None:
    assert recognise(cockpit, cookie) is None


def test_a_name_is_taken_once(cockpit: Cockpit, opened: OpenedSpace) -> None:
    with pytest.raises(HandleTaken):
        open_space(cockpit, "CAMILLE", PASSPHRASE, "Autre", "fr")


@pytest.mark.parametrize(
    ("handle", "passphrase", "name", "error"),
    [
        ("c", PASSPHRASE, "Camille", BadHandle),
        ("cam ille", PASSPHRASE, "Camille", BadHandle),
        ("camille", "trop court", "Camille", BadPassphrase),
        ("camille", "x" * 257, "Camille", BadPassphrase),
        ("camille", PASSPHRASE, "  ", CitizenMustAct),
        ("camille", PASSPHRASE, "x" * 81, CitizenMustAct),
    ],
)
def test_a_space_is_not_opened_on_bad_input(
    cockpit: Cockpit, handle: str, passphrase: str, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        open_space(cockpit, handle, passphrase, name, "fr")


def test_a_database_without_its_keys_is_not_given_new_ones(cockpit: Cockpit, opened: OpenedSpace) -> None:
    keys: Path = cockpit.settings.data / "keys"
    keys.rename(cockpit.settings.data / "elsewhere")
    with pytest.raises(OperatorMustAct, match="keys"):
        build(cockpit.settings)


def test_keys_that_others_may_read_are_refused(cockpit: Cockpit) -> None:
    (cockpit.settings.data / "keys" / "operator.key").chmod(0o644)
    with pytest.raises(OperatorMustAct, match="chmod 600"):
        build(cockpit.settings)


def test_a_visit_that_cannot_be_noted_is_still_a_visit(
    cockpit: Cockpit, opened: OpenedSpace, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk nothing can be written, and who is signed in goes on reading."""

    def full(*_: object) -> None:
        raise OperatorMustAct("the database did not accept the write; nothing was kept", code="database")

    monkeypatch.setattr(sessions, "touch", full)
    clock.forward(minutes=2)
    visit = recognise(cockpit, opened.cookie)
    assert visit is not None
    assert visit.keyring is not None
