"""The vault key rotates: everything is kept under the new one, and nothing of the old one opens anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from cockpit.accounts.sessions import Visit
from cockpit.accounts.ways import Way
from cockpit.acts import rotate_vault_key as rotation
from cockpit.acts.add_passkey import add_passkey
from cockpit.acts.allow_escrow import allow_escrow
from cockpit.acts.change_passphrase import change_passphrase
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.histories import Verb
from cockpit.acts.list_ways import list_ways
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.recover_with_guardians import recover_with_guardians
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.rotate_vault_key import Fate, fate, rotate_vault_key
from cockpit.acts.set_guardians import set_guardians
from cockpit.acts.sign_in import sign_in, sign_in_with_kit, sign_in_with_passkey
from cockpit.acts.visits import recognise, sign_out_everywhere, unlock
from cockpit.domain.errors import CockpitError, NotFound, SpaceLocked, Tampered, WrongSecret
from cockpit.domain.ids import Kind
from cockpit.domain.way import WayId, WayType
from cockpit.sealing.slots import new_prf_salt
from cockpit.sources.port import SourceFile
from cockpit.store import tables
from cockpit.store.keyrings import keyring
from cockpit.store.walls import EVERYONE
from tests.acts.holding import Authenticator, here, proof_of, slot_rows, told, types
from tests.conftest import PASSPHRASE, MovingClock
from tests.store.test_canaries import BANK_FILE

PHONE, LAPTOP = Authenticator(b"phone" * 8), Authenticator(b"laptop" * 6)


def dump(cockpit: Cockpit, *names: str) -> dict[str, list[dict[str, Any]]]:
    with cockpit.database.read(EVERYONE) as connection:
        return {
            name: [dict(row) for row in connection.execute(select(tables.metadata.tables[name])).mappings()]
            for name in names
        }


def put_back(cockpit: Cockpit, rows: dict[str, list[dict[str, Any]]]) -> None:
    """What somebody who writes in the database may do with an old copy of it."""
    with cockpit.database.write(EVERYONE) as connection:
        for name, old in rows.items():
            connection.execute(delete(tables.metadata.tables[name]))
            connection.execute(insert(tables.metadata.tables[name]), old)


def transactions(cockpit: Cockpit, visit: Visit) -> int:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return len(reader.records(Kind("bank.transaction")))


def test_everything_is_still_there_and_the_way_it_was_told_comes_true(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit
) -> None:
    refresh_source(cockpit, visit.person, [SourceFile("releve.ofx", BANK_FILE.encode())])
    proof, salts = proof_of(cockpit, visit), [new_prf_salt(), new_prf_salt()]
    phone = add_passkey(cockpit, proof, salts[0], PHONE.prf(salts[0]), "Téléphone")
    add_passkey(cockpit, proof, salts[1], LAPTOP.prf(salts[1]), "Portable")
    old_shares = set_guardians(cockpit, proof, 2, ["Odile", "Marc"])
    allow_escrow(cockpit, proof, understood=True)
    records = transactions(cockpit, visit)
    before = {way.id: way for way in list_ways(cockpit, visit)}
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)

    done = rotate_vault_key(
        cockpit, visit, opened.cookie, PASSPHRASE, guardians_again=True, passkeys={phone: PHONE.prf(salts[0])}
    )
    after = here(cockpit, opened.cookie)
    assert after.keyring is not None and visit.keyring is not None
    assert after.keyring.vault_key != visit.keyring.vault_key
    assert transactions(cockpit, after) == records > 0
    assert told(cockpit, after)[0].verb is Verb.ROTATED
    assert types(cockpit, after) == [WayType.GUARDIANS, WayType.KIT, WayType.PASSKEY, WayType.PASSPHRASE]
    kept = next(way for way in list_ways(cockpit, after) if way.type is WayType.PASSKEY)
    assert kept == before[phone]
    # What is kept opens; what was told to end does not.
    assert recognise(cockpit, elsewhere) is None
    assert sign_in(cockpit, "camille", PASSPHRASE)
    assert sign_in_with_passkey(cockpit, "camille", PHONE.prf(salts[0]))
    assert sign_in_with_kit(cockpit, "camille", done.kit)
    for way in (
        lambda: sign_in_with_kit(cockpit, "camille", opened.kit),
        lambda: sign_in_with_passkey(cockpit, "camille", LAPTOP.prf(salts[1])),
        lambda: recover_with_guardians(
            cockpit, "camille", [" ".join(share.words) for share in old_shares], "une toute nouvelle phrase"
        ),
    ):
        with pytest.raises(WrongSecret):
            way()
    new_shares = [" ".join(share.words) for share in done.shares]
    assert recover_with_guardians(cockpit, "camille", new_shares, "une toute nouvelle phrase")


def test_the_fate_of_every_way_is_told_before(cockpit: Cockpit, visit: Visit) -> None:
    def of(type: WayType, **at_hand: bool) -> Fate:
        (first, *_) = list_ways(cockpit, visit)
        return fate(Way(first.id, type, first.created_at, "", first.about), **at_hand)

    assert {type: of(type) for type in WayType} == {
        WayType.PASSPHRASE: Fate.KEPT,
        WayType.KIT: Fate.RENEWED,
        WayType.GUARDIANS: Fate.ENDED,
        WayType.PASSKEY: Fate.ENDED,
        WayType.ESCROW: Fate.ENDED,
        WayType.TEMPORARY_KIT: Fate.ENDED,
        WayType.MANDATE: Fate.ENDED,
    }
    assert of(WayType.GUARDIANS, guardians_again=True) is Fate.RENEWED
    assert of(WayType.PASSKEY, passkeys_at_hand=True) is Fate.KEPT


def test_an_old_session_row_with_its_cookie_opens_nothing(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)
    old = dump(cockpit, "session")
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    assert recognise(cockpit, elsewhere) is None
    put_back(cockpit, old)
    for cookie in (elsewhere, opened.cookie):
        with pytest.raises(Tampered):
            recognise(cockpit, cookie)


def test_old_slot_rows_open_nothing(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    old = dump(cockpit, "key_slot")
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    put_back(cockpit, old)
    with pytest.raises(Tampered):
        sign_in(cockpit, "camille", PASSPHRASE)
    with pytest.raises(Tampered):
        sign_in_with_kit(cockpit, "camille", opened.kit)


def test_a_keyring_from_before_opens_nothing_and_changes_nothing(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit
) -> None:
    """The attack: a request that was under way with the old key, or somebody who copied it from memory."""
    proof = proof_of(cockpit, visit)
    refresh_source(cockpit, visit.person, [SourceFile("releve.ofx", BANK_FILE.encode())])
    rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    before = slot_rows(cockpit)
    with pytest.raises(Tampered):
        transactions(cockpit, visit)
    for change in (
        lambda: change_passphrase(cockpit, visit, proof, "une toute nouvelle phrase"),
        lambda: set_guardians(cockpit, proof, 2, ["Odile", "Marc"]),
        lambda: allow_escrow(cockpit, proof, understood=True),
        lambda: add_passkey(cockpit, proof, bytes(32), bytes(32), "Téléphone"),
        lambda: rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE),
    ):
        with pytest.raises(SpaceLocked):
            change()
    assert slot_rows(cockpit) == before


def test_a_rotation_that_fails_half_way_changes_nothing(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(cockpit, "key_slot", "collection", "person", "session")

    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(rotation, "session_row", full_disk)
    with pytest.raises(OSError, match="no space"):
        rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE)
    assert dump(cockpit, "key_slot", "collection", "person", "session") == before
    assert sign_in_with_kit(cockpit, "camille", opened.kit)


def test_a_rotation_asks_for_the_right_secrets(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    salt = new_prf_salt()
    phone = add_passkey(cockpit, proof_of(cockpit, visit), salt, PHONE.prf(salt), "Téléphone")
    kit = next(way.id for way in list_ways(cockpit, visit) if way.type is WayType.KIT)
    before = slot_rows(cockpit)
    with pytest.raises(WrongSecret):
        rotate_vault_key(cockpit, visit, opened.cookie, "pas la bonne phrase")
    with pytest.raises(WrongSecret):
        rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE, passkeys={phone: LAPTOP.prf(salt)})
    for unknown in (kit, WayId("0" * 32)):
        with pytest.raises(NotFound):
            rotate_vault_key(cockpit, visit, opened.cookie, PASSPHRASE, passkeys={unknown: bytes(32)})
    with pytest.raises(SpaceLocked):
        rotate_vault_key(cockpit, visit, sign_in(cockpit, "camille", PASSPHRASE), PASSPHRASE)
    assert slot_rows(cockpit) == before


@pytest.mark.parametrize(
    "column", ["type", "salt", "memory_kib", "iterations", "lanes", "wrapped", "slot_id", "expires"]
)
def test_an_edited_slot_row_opens_nothing(cockpit: Cockpit, visit: Visit, column: str) -> None:
    edits: dict[str, Any] = {
        "type": "kit", "salt": bytes(16), "memory_kib": 32, "iterations": 2, "lanes": 2, "wrapped": bytes(60),
        "slot_id": "0" * 32, "expires": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    with cockpit.database.write(EVERYONE) as connection:
        row = update(tables.key_slot).where(tables.key_slot.c.type == "passphrase")
        connection.execute(row.values({column: edits[column]}))
    with pytest.raises(CockpitError):
        sign_in(cockpit, "camille", PASSPHRASE)


def test_slots_swapped_between_persons_open_neither_space(cockpit: Cockpit, visit: Visit) -> None:
    """The attack: put one's own slot, whose passphrase one knows, into another person's row."""
    thief = here(cockpit, open_space(cockpit, "odile", "une phrase que je connais", "Odile", "fr").cookie)
    rows = slot_rows(cockpit)
    with cockpit.database.write(EVERYONE) as connection:
        connection.execute(delete(tables.key_slot))
        for row in rows:
            other = visit.person if row["person_id"] == thief.person else thief.person
            connection.execute(insert(tables.key_slot).values(row | {"person_id": other}))
    for handle in ("camille", "odile"):
        for passphrase in (PASSPHRASE, "une phrase que je connais"):
            with pytest.raises(WrongSecret):
                sign_in(cockpit, handle, passphrase)


def test_another_persons_pepper_opens_nothing(cockpit: Cockpit, visit: Visit) -> None:
    other = here(cockpit, open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr").cookie)
    with cockpit.keyrings.database.write(EVERYONE) as connection:
        theirs = connection.execute(
            select(keyring.c.wrapped_pepper).where(keyring.c.person_id == other.person)
        ).scalar_one()
        mine = update(keyring).where(keyring.c.person_id == visit.person)
        connection.execute(mine.values(wrapped_pepper=theirs))
    with pytest.raises(Tampered):
        sign_in(cockpit, "camille", PASSPHRASE)


def test_signing_out_everywhere_leaves_no_copy_of_the_key(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    elsewhere = sign_in(cockpit, "camille", PASSPHRASE)
    other = open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr")
    sign_out_everywhere(cockpit, visit)
    assert [row["person_id"] for row in dump(cockpit, "session")["session"]] == [other.person]
    for cookie in (opened.cookie, elsewhere):
        assert recognise(cockpit, cookie) is None
    with pytest.raises(SpaceLocked):
        unlock(cockpit, visit, opened.cookie, PASSPHRASE)
    assert recognise(cockpit, opened.cookie) is None


def test_an_idle_key_is_destroyed_even_if_its_cookie_never_comes_back(
    cockpit: Cockpit, opened: OpenedSpace, visit: Visit, clock: MovingClock
) -> None:
    other = open_space(cockpit, "odile", PASSPHRASE, "Odile", "fr")
    clock.forward(minutes=10)
    recognise(cockpit, other.cookie)
    clock.forward(minutes=6)
    recognise(cockpit, other.cookie)
    keys = {row["person_id"]: row["sealed_vault_key"] for row in dump(cockpit, "session")["session"]}
    assert keys[visit.person] is None
    assert keys[other.person] is not None
    clock.forward(hours=12)
    sign_in(cockpit, "odile", PASSPHRASE)
    assert [row["person_id"] for row in dump(cockpit, "session")["session"]] == [other.person]


def test_no_secret_of_a_way_is_in_the_files(cockpit: Cockpit, opened: OpenedSpace, visit: Visit) -> None:
    salt = new_prf_salt()
    secret = PHONE.prf(salt)
    add_passkey(cockpit, proof_of(cockpit, visit), salt, secret, "Téléphone de Camille")
    assert visit.keyring is not None
    files: list[Path] = [path for path in cockpit.settings.data.rglob("*") if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    for canary in (secret, visit.keyring.vault_key, PASSPHRASE.encode(), "Téléphone de".encode()):
        assert canary not in stored
