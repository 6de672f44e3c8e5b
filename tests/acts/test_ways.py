"""Ways to open a space: added, tried, replaced, removed; never the last, never a passkey alone."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import delete, insert, update

from cockpit.accounts.kit import read_kit
from cockpit.accounts.sessions import Visit
from cockpit.accounts.slots import by_guardians, by_kit, by_passphrase, prove
from cockpit.accounts.ways import LastWay
from cockpit.acts.add_passkey import add_passkey
from cockpit.acts.allow_escrow import allow_escrow, forbid_escrow
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import Verb
from cockpit.acts.list_ways import list_ways
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.recover_with_escrow import recover_with_escrow
from cockpit.acts.recover_with_guardians import recover_with_guardians
from cockpit.acts.remove_way import remove_way
from cockpit.acts.renew_kit import renew_kit
from cockpit.acts.set_guardians import set_guardians
from cockpit.acts.sign_in import sign_in, sign_in_with_kit, sign_in_with_passkey
from cockpit.acts.try_way import try_way
from cockpit.acts.visits import lock, recognise
from cockpit.domain.errors import CitizenMustAct, CockpitError, NotFound, OperatorMustAct, SpaceLocked, WrongSecret
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.shares import combine_shares
from cockpit.sealing.slots import new_prf_salt
from cockpit.store import tables
from cockpit.store.walls import EVERYONE
from tests.acts.holding import Authenticator, here, proof_of, slot_rows, told, types
from tests.conftest import PASSPHRASE, MovingClock

PHONE, LAPTOP = Authenticator(b"phone" * 8), Authenticator(b"laptop" * 6)
NEW = "une toute nouvelle phrase"
GUARDIANS = ("Odile", "Marc", "Inès")


def add(cockpit: Cockpit, visit: Visit, device: Authenticator, label: str) -> tuple[WayId, bytes]:
    salt = new_prf_salt()
    return add_passkey(cockpit, proof_of(cockpit, visit), salt, device.prf(salt), label), salt


def test_a_new_space_has_a_passphrase_and_a_kit(cockpit: Cockpit, visit: Visit) -> None:
    assert types(cockpit, visit) == [WayType.KIT, WayType.PASSPHRASE]


def test_several_passkeys_open_the_space_each_by_its_own_secret(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit
) -> None:
    _, phone = add(cockpit, visit, PHONE, " Mon  téléphone ")
    laptop_way, laptop = add(cockpit, visit, LAPTOP, "Portable")
    for device, salt in ((PHONE, phone), (LAPTOP, laptop)):
        assert here(cockpit, sign_in_with_passkey(cockpit, "camille", device.prf(salt))).name == "Camille"
    for wrong in (PHONE.prf(laptop), LAPTOP.prf(phone), b"", bytes(32)):
        with pytest.raises(WrongSecret):
            sign_in_with_passkey(cockpit, "camille", wrong)
    labels = [way.about.label for way in list_ways(cockpit, visit) if way.type is WayType.PASSKEY]
    assert sorted(labels) == ["Mon téléphone", "Portable"]
    remove_way(cockpit, proof_of(cockpit, visit), laptop_way)
    with pytest.raises(WrongSecret):
        sign_in_with_passkey(cockpit, "camille", LAPTOP.prf(laptop))
    assert sign_in_with_passkey(cockpit, "camille", PHONE.prf(phone))


@pytest.mark.parametrize(("salt", "output"), [(b"", bytes(32)), (bytes(32), bytes(31)), (bytes(33), bytes(32))])
def test_a_passkey_without_a_whole_prf_is_refused(cockpit: Cockpit, visit: Visit, salt: bytes, output: bytes) -> None:
    with pytest.raises(CitizenMustAct):
        add_passkey(cockpit, proof_of(cockpit, visit), salt, output, "Téléphone")


@pytest.mark.parametrize("label", ["", "   ", "x" * 61, "a\x00b", "a\u202eb"])
def test_a_name_that_cannot_be_shown_is_refused(cockpit: Cockpit, visit: Visit, label: str) -> None:
    with pytest.raises(CitizenMustAct):
        add(cockpit, visit, PHONE, label)
    with pytest.raises(CitizenMustAct):
        set_guardians(cockpit, proof_of(cockpit, visit), 2, ["Odile", label])


def test_there_are_at_most_ten_passkeys(cockpit: Cockpit, visit: Visit) -> None:
    for number in range(10):
        add(cockpit, visit, PHONE, f"Appareil {number}")
    with pytest.raises(CitizenMustAct, match="ten"):
        add(cockpit, visit, PHONE, "Un de plus")


def test_every_order_of_removals_ends_with_one_lasting_way(cockpit: Cockpit, visit: Visit) -> None:
    """Whatever is removed first, neither nothing nor passkeys and escrow alone can remain."""
    add(cockpit, visit, PHONE, "Téléphone")
    allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)
    proof = proof_of(cockpit, visit)
    saved = slot_rows(cockpit)
    lasting = {WayType.PASSPHRASE, WayType.KIT, WayType.GUARDIANS}
    orders = itertools.permutations(way.id for way in list_ways(cockpit, visit))
    for order in itertools.islice(orders, 0, None, 7):
        refused = 0
        for way in order:
            try:
                remove_way(cockpit, proof, way)
            except LastWay:
                refused += 1
        left = types(cockpit, visit)
        assert refused == 1
        assert len(left) == 1
        assert set(left) <= lasting
        with cockpit.database.write(EVERYONE) as connection:
            connection.execute(delete(tables.key_slot))
            connection.execute(insert(tables.key_slot), saved)


def test_a_passkey_is_not_added_when_nothing_lasting_is_left(cockpit: Cockpit, visit: Visit) -> None:
    proof = proof_of(cockpit, visit)
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(delete(tables.key_slot))
    with pytest.raises(LastWay):
        add_passkey(cockpit, proof, bytes(32), bytes(32), "Téléphone")


def test_another_persons_way_cannot_be_removed(cockpit: Cockpit, visit: Visit) -> None:
    other = here(cockpit, open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr").cookie)
    theirs = list_ways(cockpit, other)[0].id
    with pytest.raises(NotFound):
        remove_way(cockpit, proof_of(cockpit, visit), theirs)
    assert len(list_ways(cockpit, other)) == 2


def test_an_unlocked_session_alone_cannot_change_the_ways(cockpit: Cockpit, visit: Visit) -> None:
    with pytest.raises(WrongSecret):
        proof_of(cockpit, visit, "pas la bonne phrase")
    lock(cockpit, visit)
    locked = Visit(visit.person, visit.session, None, "", "")
    with pytest.raises(SpaceLocked):
        proof_of(cockpit, locked)
    with pytest.raises(SpaceLocked):
        list_ways(cockpit, locked)


def test_the_old_passphrase_opens_nothing(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    change_passphrase(cockpit, visit, proof_of(cockpit, visit), NEW)
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", PASSPHRASE)
    assert sign_in(cockpit, "camille", NEW)


def test_a_drill_changes_nothing_but_its_date_and_is_due_again_after_a_year(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, clock: MovingClock
) -> None:
    kit = next(way for way in list_ways(cockpit, visit) if way.type is WayType.KIT)
    assert kit.drill_due(clock())
    before = slot_rows(cockpit)
    tried = try_way(cockpit, visit, by_kit(read_kit(opened.kit)))
    assert (tried.id, tried.about.drilled_at) == (kit.id, "2026-11-23T09:30:00Z")
    assert not tried.drill_due(clock())
    after = slot_rows(cockpit)
    assert [{**row, "sealed_about": b""} for row in before] == [{**row, "sealed_about": b""} for row in after]
    assert not any(b"2026-11-23T09:30:00Z" in bytes(row["sealed_about"]) for row in after)  # type: ignore[arg-type]
    clock.forward(days=365)
    assert not tried.drill_due(clock())
    clock.forward(days=1)
    assert tried.drill_due(clock())


def test_a_drill_with_the_wrong_paper_says_so_and_keeps_no_date(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit
) -> None:
    renew_kit(cockpit, proof_of(cockpit, visit))
    shares = set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)
    set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)
    old = combine_shares([" ".join(share.words) for share in shares[:2]])
    for presented in (by_kit(read_kit(opened.kit)), by_guardians(old), by_passphrase("pas la bonne phrase")):
        with pytest.raises(WrongSecret):
            try_way(cockpit, visit, presented)
    assert all(way.about.drilled_at is None for way in list_ways(cockpit, visit))


def test_guardians_give_the_space_back_with_a_new_passphrase_and_a_new_kit(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit
) -> None:
    shares = [" ".join(share.words) for share in set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)]
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)
    found = recover_with_guardians(cockpit, "camille", [shares[2], shares[0]], NEW)
    assert here(cockpit, found.cookie).name == "Camille"
    assert recognise(cockpit, elsewhere) is None
    assert recognise(cockpit, opened.cookie) is None
    with pytest.raises(WrongSecret):
        sign_in(cockpit, "camille", PASSPHRASE)
    with pytest.raises(WrongSecret):
        sign_in_with_kit(cockpit, "camille", opened.kit)
    assert sign_in(cockpit, "camille", NEW)
    assert sign_in_with_kit(cockpit, "camille", found.kit)
    assert told(cockpit, here(cockpit, found.cookie))[0].verb is Verb.RECOVERED


def test_guardians_open_no_other_space_and_names_stay_secret(cockpit: Cockpit, visit: Visit) -> None:
    open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr")
    shares = [" ".join(share.words) for share in set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)]
    said = set()
    for handle in ("odile", "nobody", "", "é"):
        with pytest.raises(WrongSecret) as caught:
            recover_with_guardians(cockpit, handle, shares, NEW)
        said.add((str(caught.value), caught.value.reason))
    assert len(said) == 1
    files = [path for path in cockpit.settings.data.rglob("*") if path.is_file()]
    database = b"".join(path.read_bytes() for path in files)
    assert database
    assert not any(name.encode() in database for name in GUARDIANS)
    assert not any(share.encode() in database or share.split()[5].encode() + b" " in database for share in shares)


def test_too_few_shares_recover_nothing(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    shares = [" ".join(share.words) for share in set_guardians(cockpit, proof_of(cockpit, visit), 3, GUARDIANS)]
    before = slot_rows(cockpit)
    for given in ([], shares[:1], shares[:2], [shares[0]] * 3):
        with pytest.raises(CockpitError):
            recover_with_guardians(cockpit, "camille", given, NEW)
    with pytest.raises(CitizenMustAct):
        recover_with_guardians(cockpit, "camille", shares, "court")
    assert slot_rows(cockpit) == before
    assert recognise(cockpit, opened.cookie) is not None


@pytest.mark.parametrize(
    ("threshold", "names"),
    [(1, GUARDIANS), (4, GUARDIANS), (2, ("Odile",)), (2, ("Odile", "odile ")), (2, [f"G{n}" for n in range(17)])],
)
def test_a_plan_that_cannot_hold_is_refused(
    cockpit: Cockpit, visit: Visit, threshold: int, names: tuple[str, ...]
) -> None:
    with pytest.raises(CitizenMustAct):
        set_guardians(cockpit, proof_of(cockpit, visit), threshold, names)
    assert WayType.GUARDIANS not in types(cockpit, visit)


def test_an_escrow_needs_the_persons_yes_and_is_taken_back_at_once(cockpit: Cockpit, visit: Visit) -> None:
    with pytest.raises(CitizenMustAct):
        allow_escrow(cockpit, proof_of(cockpit, visit), understood=False)
    with pytest.raises(NotFound):
        recover_with_escrow(cockpit, "camille", "incendie")
    for _ in range(2):
        allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    assert types(cockpit, visit).count(WayType.ESCROW) == 1
    for _ in range(2):
        forbid_escrow(cockpit, visit)
    with pytest.raises(NotFound):
        recover_with_escrow(cockpit, "camille", "incendie")
    verbs = [line.verb for line in told(cockpit, visit) if line.way is WayType.ESCROW]
    assert verbs == [Verb.LOST_A_WAY, Verb.GAINED_A_WAY]


def test_using_the_escrow_is_told_to_the_person_and_gives_a_kit_for_three_days(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, clock: MovingClock
) -> None:
    allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    made = recover_with_escrow(cockpit, " Camille ", "Maison  brûlée, demande en personne")
    assert made.expires == "2026-11-26T09:30:00Z"
    line = told(cockpit, visit)[0]
    assert (line.verb, line.reason) == (Verb.USED_ESCROW, "Maison brûlée, demande en personne")
    found = here(cockpit, sign_in_with_kit(cockpit, "camille", made.kit))
    change_passphrase(cockpit, found, prove(cockpit, found, by_kit(read_kit(made.kit))), NEW)
    with pytest.raises(WrongSecret):
        sign_in_with_kit(cockpit, "camille", made.kit)
    assert sign_in_with_kit(cockpit, "camille", opened.kit), "the lasting kit is untouched"
    late = recover_with_escrow(cockpit, "camille", "encore")
    clock.forward(days=3)
    with pytest.raises(WrongSecret):
        sign_in_with_kit(cockpit, "camille", late.kit)
    saved = slot_rows(cockpit)
    assert any(row["type"] == "temporary-kit" for row in saved)
    sign_in(cockpit, "camille", NEW)
    assert not any(row["type"] == "temporary-kit" for row in slot_rows(cockpit)), "an ended kit is swept"
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(delete(tables.key_slot))
        connection.execute(insert(tables.key_slot), saved)
        longer = update(tables.key_slot).where(tables.key_slot.c.type == "temporary-kit")
        connection.execute(longer.values(expires="2099-01-01T00:00:00Z"))
    with pytest.raises(WrongSecret):
        sign_in_with_kit(cockpit, "camille", late.kit)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\x1b[2Jb"])
def test_an_escrow_is_not_used_without_a_reason(cockpit: Cockpit, visit: Visit, reason: str) -> None:
    allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    with pytest.raises(OperatorMustAct):
        recover_with_escrow(cockpit, "camille", reason)


def test_an_escrow_that_does_not_open_leaves_no_entry_and_no_kit(cockpit: Cockpit, visit: Visit) -> None:
    allow_escrow(cockpit, proof_of(cockpit, visit), understood=True)
    before = len(told(cockpit, visit))
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(update(tables.key_slot).where(tables.key_slot.c.type == "escrow").values(salt=bytes(32)))
    with pytest.raises(WrongSecret):
        recover_with_escrow(cockpit, "camille", "incendie")
    assert len(told(cockpit, visit)) == before


def test_every_change_is_one_line_of_the_history(cockpit: Cockpit, visit: Visit) -> None:
    way, _ = add(cockpit, visit, PHONE, "Téléphone")
    set_guardians(cockpit, proof_of(cockpit, visit), 2, GUARDIANS)
    set_guardians(cockpit, proof_of(cockpit, visit), 3, GUARDIANS)
    renew_kit(cockpit, proof_of(cockpit, visit))
    change_passphrase(cockpit, visit, proof_of(cockpit, visit), NEW)
    remove_way(cockpit, proof_of(cockpit, visit, NEW), way)
    assert [(line.verb, line.way) for line in reversed(told(cockpit, visit))][1:] == [
        (Verb.GAINED_A_WAY, WayType.PASSKEY),
        (Verb.GAINED_A_WAY, WayType.GUARDIANS),
        (Verb.CHANGED_A_WAY, WayType.GUARDIANS),
        (Verb.CHANGED_A_WAY, WayType.KIT),
        (Verb.CHANGED_A_WAY, WayType.PASSPHRASE),
        (Verb.LOST_A_WAY, WayType.PASSKEY),
    ]
