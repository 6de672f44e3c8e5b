"""The repository of backups: what is kept comes back, and nothing stands in another's place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.archive.backup import Repository, Snapshot, open_repository
from cockpit.archive.backup_files import require_existing
from cockpit.archive.keyring_backup import KEYRING_NAME, open_keyring_place, refuse_together
from cockpit.domain.errors import NotFound, OperatorMustAct, Tampered
from cockpit.store.objects import open_objects

KEY, OTHER_KEY = bytes(32), bytes(31) + b"\x01"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def snapshot(chunks: bytes = b"") -> Snapshot:
    return Snapshot(1, "2026-11-23T09:30:00Z", "0001", "localhost/log", 0, b"", {}, {"person": chunks}, [])


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(str(tmp_path / "backup"), KEY)


def test_a_chunk_comes_back_and_is_known(repository: Repository) -> None:
    identity = repository.identify(b"content")
    assert repository.known_chunks() == set()
    repository.put_chunk(identity, b"content")
    assert repository.known_chunks() == {identity}
    assert repository.chunk(identity) == b"content"


def test_a_chunks_name_says_nothing_without_the_key(repository: Repository, tmp_path: Path) -> None:
    stranger = open_repository(str(tmp_path / "backup"), OTHER_KEY)
    assert repository.identify(b"content") != stranger.identify(b"content")


def test_one_chunk_does_not_stand_in_for_another(repository: Repository, tmp_path: Path) -> None:
    first, second = repository.identify(b"first"), repository.identify(b"second")
    repository.put_chunk(first, b"first")
    repository.put_chunk(second, b"second")
    paths = [tmp_path / "backup" / "chunks" / one.hex()[:2] / one.hex() for one in (first, second)]
    paths[0].write_bytes(paths[1].read_bytes())
    with pytest.raises(Tampered):
        repository.chunk(first)


def test_a_chunk_sealed_under_a_name_that_is_not_its_own_is_refused(repository: Repository) -> None:
    repository.put_chunk(bytes(16), b"content")
    with pytest.raises(Tampered):
        repository.chunk(bytes(16))


def test_every_bit_of_a_snapshot_counts(repository: Repository, tmp_path: Path) -> None:
    name = repository.keep(snapshot(), NOW)
    path = tmp_path / "backup" / "snapshots" / name
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :])
        with pytest.raises(Tampered):
            repository.snapshot()
    path.write_bytes(content)
    path.rename(path.with_name("2030-01-01T000000Z-00000000"))
    with pytest.raises(Tampered):
        repository.snapshot()


def test_the_newest_snapshot_is_the_last_in_time(repository: Repository) -> None:
    names = [repository.keep(snapshot(), NOW + timedelta(hours=hour)) for hour in (1, 3, 2)]
    assert repository.snapshot()[0] == names[1]
    assert repository.snapshot(names[0])[0] == names[0]
    assert repository.names() == [names[0], names[2], names[1]]


def test_where_nothing_was_saved_nothing_is_found(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        repository.snapshot()
    with pytest.raises(NotFound):
        open_keyring_place(str(tmp_path / "apart"), KEY).get()
    with pytest.raises(OperatorMustAct):
        require_existing(str(tmp_path / "nowhere"))


def test_only_the_newest_keyring_is_kept(tmp_path: Path) -> None:
    place = open_keyring_place(str(tmp_path / "apart"), KEY)
    place.put([b"older"], NOW)
    older = (tmp_path / "apart" / KEYRING_NAME).read_bytes()
    place.put([b"newer"], NOW)
    assert place.get().chunks == [b"newer"]
    assert [path.name for path in (tmp_path / "apart").iterdir()] == [KEYRING_NAME]
    assert older not in (tmp_path / "apart" / KEYRING_NAME).read_bytes()
    with pytest.raises(Tampered):
        open_keyring_place(str(tmp_path / "apart"), OTHER_KEY).get()


@pytest.mark.parametrize(
    "apart", [lambda folder: folder, lambda folder: folder / "keyring", lambda folder: folder / ".." / folder.name]
)
def test_the_keyring_is_not_kept_with_what_it_opens(tmp_path: Path, apart: Callable[[Path], Path]) -> None:
    with pytest.raises(OperatorMustAct):
        refuse_together(str(tmp_path), str(apart(tmp_path)))
    with pytest.raises(OperatorMustAct):
        refuse_together("s3://bucket/backup", "s3://bucket/backup/keyring")
    refuse_together("s3://bucket/backup", "s3://bucket/backup-keyring")


def test_a_large_document_is_copied_whole_and_a_cut_one_is_refused(repository: Repository, tmp_path: Path) -> None:
    source = open_objects(None, tmp_path / "objects")
    content = bytes(range(256)) * 50_000
    source.put("person/ab/cd", [content])
    repository.copy_in(source, "person/ab/cd", len(content))
    target = open_objects(None, tmp_path / "target")
    repository.copy_out(target, "person/ab/cd", len(content))
    assert target.whole("person/ab/cd") == content
    assert repository.has("person/ab/cd", len(content))
    assert not repository.has("person/ab/cd", len(content) + 1)
    for size in (len(content) - 1, len(content) + 1):
        with pytest.raises(Tampered):
            repository.copy_in(source, "person/ab/cd", size)
    with pytest.raises(Tampered):
        repository.copy_in(source, "person/ab/none", 1)
