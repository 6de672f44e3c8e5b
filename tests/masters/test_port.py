"""What every master key does, whichever it is: the same tests on a file and on a real transit server."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.domain.errors import OperatorMustAct, Tampered
from cockpit.sealing.file_master import FileMaster
from cockpit.sealing.master import MasterKey, version_of
from cockpit.sealing.succession import succeed

SECRET = bytes(range(32))


@pytest.fixture(params=["file", "transit"])
def master(request: pytest.FixtureRequest, tmp_path: Path) -> MasterKey:
    made: MasterKey = (
        FileMaster(tmp_path / "operator.key") if request.param == "file" else request.getfixturevalue("transit")
    )
    made.begin()
    return made


def test_what_is_wrapped_is_unwrapped_and_names_its_version(master: MasterKey) -> None:
    wrapped = master.wrap(SECRET, "pepper a")
    assert master.unwrap(wrapped, "pepper a") == SECRET
    assert version_of(wrapped) == master.newest() == f"{master.scheme}:v1"
    assert SECRET not in wrapped
    assert master.wrap(SECRET, "pepper a") != wrapped


def test_a_wrapped_value_opens_in_its_place_only(master: MasterKey) -> None:
    wrapped = master.wrap(SECRET, "pepper a")
    for elsewhere in ("pepper b", "tag key a", "", "pepper a "):
        with pytest.raises(Tampered):
            master.unwrap(wrapped, elsewhere)


def test_a_changed_byte_never_opens(master: MasterKey) -> None:
    wrapped = master.wrap(SECRET, "pepper a")
    for place in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[place] ^= 0x01
        with pytest.raises((Tampered, OperatorMustAct)):
            master.unwrap(bytes(changed), "pepper a")


@pytest.mark.parametrize("bad", [b"", b"x", b"file:v0:", b"vault:v1:", b"vault:v1:!!!", b"file:v1:short", b"\xff" * 80])
def test_what_was_never_wrapped_does_not_open(master: MasterKey, bad: bytes) -> None:
    with pytest.raises((Tampered, OperatorMustAct)):
        master.unwrap(bad, "pepper a")


def test_after_a_rotation_old_and_new_open_until_the_old_is_retired(master: MasterKey) -> None:
    old = master.wrap(SECRET, "a")
    assert not master.needs_rewrap(old)
    assert master.rotate() == f"{master.scheme}:v2"
    new = master.wrap(SECRET, "a")
    assert (version_of(new), master.needs_rewrap(old), master.needs_rewrap(new)) == (f"{master.scheme}:v2", True, False)
    assert master.unwrap(old, "a") == master.unwrap(new, "a") == SECRET
    master.retire()
    assert master.unwrap(new, "a") == SECRET
    with pytest.raises(OperatorMustAct) as refused:
        master.unwrap(old, "a")
    assert refused.value.reason == "master_version"
    assert master.rotate() == f"{master.scheme}:v3"


def test_a_version_cannot_be_passed_off_as_another(master: MasterKey) -> None:
    old = master.wrap(SECRET, "a")
    master.rotate()
    with pytest.raises(Tampered):
        master.unwrap(old.replace(b":v1:", b":v2:"), "a")


def test_its_repr_tells_nothing(master: MasterKey) -> None:
    assert "key" in repr(master) or "cockpit" in repr(master)
    assert len(repr(master)) < 60


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=st.binary(max_size=4096), context=st.text(max_size=80), rotations=st.integers(0, 2))
def test_any_secret_survives_any_number_of_rotations(
    tmp_path_factory: pytest.TempPathFactory, secret: bytes, context: str, rotations: int
) -> None:
    master = FileMaster(tmp_path_factory.mktemp("k") / "operator.key")
    master.begin()
    wrapped = master.wrap(secret, context)
    for _ in range(rotations):
        master.rotate()
        wrapped = master.wrap(master.unwrap(wrapped, context), context)
    master.retire()
    assert master.unwrap(wrapped, context) == secret


def test_an_heir_opens_what_the_former_master_wrapped(transit: MasterKey, tmp_path: Path) -> None:
    former = FileMaster(tmp_path / "operator.key")
    former.begin()
    old = former.wrap(SECRET, "a")
    both = succeed(transit, former)
    assert both.needs_rewrap(old)
    new = both.wrap(both.unwrap(old, "a"), "a")
    assert version_of(new) == both.newest() == "vault:v1"
    assert transit.unwrap(new, "a") == both.unwrap(new, "a") == SECRET
    with pytest.raises(OperatorMustAct, match="same kind"):
        succeed(former, FileMaster(tmp_path / "other.key"))
