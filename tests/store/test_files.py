"""Documents are kept the same way on this machine's disk and on S3: once, whole, sealed, within a person's quota."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import obstore
import pytest
from sqlalchemy import select, update

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.acts.open_space import OpenedSpace, open_space
from cockpit.acts.refresh_source import refresh_source
from cockpit.acts.visits import lock
from cockpit.bootstrap import build
from cockpit.domain.errors import CitizenMustAct, NotFound, OperatorMustAct, Tampered
from cockpit.domain.ids import BlobId, PersonId
from cockpit.sealing.chunks import CHUNK_BYTES
from cockpit.sealing.envelope import new_key_pair
from cockpit.sealing.keyring import collection_private
from cockpit.settings import Settings
from cockpit.sources.port import SourceFile
from cockpit.store import files, heads, tables
from cockpit.store.files import SealingKey
from cockpit.store.objects import StoredObject, open_objects
from cockpit.store.space import FILES
from cockpit.store.sweep import sweep
from cockpit.store.walls import EVERYONE
from tests.conftest import MovingClock
from tests.store.seaweed import Cable, seaweed, variables

CANARY = b"KANARIENVOGEL"
STATEMENT = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR
<BANKACCTFROM><BANKID>30002<ACCTID>1<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261001<TRNAMT>-12.34<FITID>2<NAME>X
</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


@pytest.fixture(scope="module")
def s3_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as port:
        yield port


@pytest.fixture(params=["disk", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same deployment, with its documents on the disk or on S3."""
    plain = Settings(data=tmp_path / "data", argon2_memory_kib=64)
    if request.param == "disk":
        return plain
    for name, value in variables(request.getfixturevalue("s3_port")).items():
        monkeypatch.setenv(name, value)
    return dataclasses.replace(plain, objects=f"s3://documents/{os.urandom(4).hex()}")


@pytest.fixture
def cockpit(settings: Settings, clock: MovingClock) -> Iterator[Cockpit]:
    clock.now = datetime.now(UTC)  # Objects are dated by their store, which no test moves.
    built = build(settings, clock)
    yield built
    built.database.engine.dispose()


def keep(cockpit: Cockpit, person: PersonId, content: bytes) -> BlobId:
    with cockpit.spaces.write(person) as writer:
        return writer.keep_file(content)


def read(cockpit: Cockpit, visit: Visit, blob: BlobId) -> bytes:
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        return reader.file(blob)


def objects(cockpit: Cockpit) -> list[StoredObject]:
    return list(cockpit.spaces.files.objects.list())


def bend(cockpit: Cockpit, key: str, change: Callable[[bytes], bytes]) -> None:
    """Change an object as somebody who holds the store would."""
    store = cockpit.spaces.files.objects
    stored = store.get(key, 0, store.size(key))
    obstore.put(store.store, key, change(stored))


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 11 * CHUNK_BYTES + 77])
def test_a_document_comes_back_whole(cockpit: Cockpit, visit: Visit, length: int) -> None:
    content = os.urandom(length)
    assert read(cockpit, visit, keep(cockpit, visit.person, content)) == content


def test_a_stream_is_kept_as_bytes_are(cockpit: Cockpit, visit: Visit, tmp_path: Path) -> None:
    content = os.urandom(3 * CHUNK_BYTES)
    blob = keep(cockpit, visit.person, content)
    (tmp_path / "paper").write_bytes(content)
    with cockpit.spaces.write(visit.person) as writer, (tmp_path / "paper").open("rb") as stream:
        assert writer.keep_file(stream) == blob


def test_a_part_is_read_after_the_space_is_closed(cockpit: Cockpit, visit: Visit) -> None:
    content = os.urandom(2 * CHUNK_BYTES + 100)
    with cockpit.spaces.write(visit.person) as writer:
        blob = writer.keep_file(content, "application/pdf")
    assert visit.keyring is not None
    with cockpit.spaces.read(visit.keyring) as reader:
        file = reader.open_file(blob)
    assert (file.length, file.media_type) == (len(content), "application/pdf")
    start, stop = CHUNK_BYTES - 10, 2 * CHUNK_BYTES + 10
    assert b"".join(file.read(start, stop)) == content[start:stop]


def test_the_same_document_is_kept_once_within_a_person_and_apart_between_two(cockpit: Cockpit, visit: Visit) -> None:
    other = open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr")
    content = CANARY * 1000
    assert keep(cockpit, visit.person, content) == keep(cockpit, visit.person, content)
    assert len(objects(cockpit)) == 1
    # Two persons with the same paper: nothing in the store tells that it is the same.
    assert keep(cockpit, other.person, content) != keep(cockpit, visit.person, content)
    assert len(objects(cockpit)) == 2


def test_a_locked_space_still_receives_and_then_shows(cockpit: Cockpit, visit: Visit, opened: OpenedSpace) -> None:
    lock(cockpit, visit)
    blob = keep(cockpit, visit.person, b"paper")
    assert read(cockpit, visit, blob) == b"paper"  # ``visit`` still holds the keyring it was given before.


def test_nothing_readable_is_stored_and_names_mean_nothing(cockpit: Cockpit, visit: Visit) -> None:
    with cockpit.spaces.write(visit.person) as writer:
        writer.keep_file(CANARY * 200_000, "application/x-kanarienvogel", b"RIFF....WEBP" + CANARY)
    store, found = cockpit.spaces.files.objects, objects(cockpit)
    assert len(found) == 2
    for each in found:
        assert CANARY.lower() not in store.get(each.key, 0, each.size).lower()
        assert each.key.split("/")[0] == visit.person
        assert set(each.key) <= set("0123456789abcdef/")
    for path in cockpit.settings.data.rglob("*"):
        assert not path.is_file() or CANARY.lower() not in path.read_bytes().lower()


def test_nobody_elses_document_is_found(cockpit: Cockpit, visit: Visit) -> None:
    other = open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr")
    theirs = keep(cockpit, other.person, b"theirs")
    with pytest.raises(NotFound):
        read(cockpit, visit, theirs)


class TestSomebodyWhoHoldsTheStore:
    @pytest.fixture
    def kept(self, cockpit: Cockpit, visit: Visit) -> tuple[BlobId, str]:
        blob = keep(cockpit, visit.person, os.urandom(2 * CHUNK_BYTES + 1))
        (found,) = objects(cockpit)
        return blob, found.key

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda stored: stored[:-1], id="cut"),
            pytest.param(lambda stored: stored[: CHUNK_BYTES + 16], id="last chunks dropped"),
            pytest.param(lambda stored: stored + stored[: CHUNK_BYTES + 16], id="chunk added"),
            pytest.param(lambda stored: stored[:5] + b"\0\0" + stored[7:], id="edited"),
            pytest.param(lambda stored: stored[CHUNK_BYTES + 16 :] + stored[: CHUNK_BYTES + 16], id="reordered"),
            pytest.param(lambda stored: b"", id="emptied"),
        ],
    )
    def test_is_noticed(
        self, cockpit: Cockpit, visit: Visit, kept: tuple[BlobId, str], change: Callable[[bytes], bytes]
    ) -> None:
        bend(cockpit, kept[1], change)
        with pytest.raises(Tampered):
            read(cockpit, visit, kept[0])

    def test_is_noticed_even_in_the_part_that_was_not_touched(
        self, cockpit: Cockpit, visit: Visit, kept: tuple[BlobId, str]
    ) -> None:
        bend(cockpit, kept[1], lambda stored: stored[:-1])
        assert visit.keyring is not None
        with cockpit.spaces.read(visit.keyring) as reader, pytest.raises(Tampered):
            list(reader.open_file(kept[0]).read(0, 10))

    def test_cannot_exchange_two_documents(self, cockpit: Cockpit, visit: Visit, kept: tuple[BlobId, str]) -> None:
        blob = keep(cockpit, visit.person, os.urandom(2 * CHUNK_BYTES + 1))
        second = next(each.key for each in objects(cockpit) if each.key != kept[1])
        store = cockpit.spaces.files.objects
        bend(cockpit, kept[1], lambda _: store.get(second, 0, store.size(second)))
        with pytest.raises(Tampered):
            read(cockpit, visit, kept[0])
        assert read(cockpit, visit, blob)

    def test_cannot_exchange_two_rows(self, cockpit: Cockpit, visit: Visit, kept: tuple[BlobId, str]) -> None:
        keep(cockpit, visit.person, b"another")
        with cockpit.database.write(EVERYONE) as connection:
            row = connection.execute(select(tables.blob).where(tables.blob.c.blob_id != kept[0])).one()
            connection.execute(
                update(tables.blob)
                .where(tables.blob.c.blob_id == kept[0])
                .values(envelope=row.envelope, object_id=row.object_id)
            )
        with pytest.raises(Tampered):
            read(cockpit, visit, kept[0])

    def test_cannot_take_it_away_unnoticed(self, cockpit: Cockpit, visit: Visit, kept: tuple[BlobId, str]) -> None:
        cockpit.spaces.files.objects.delete([kept[1]])
        with pytest.raises(Tampered):
            read(cockpit, visit, kept[0])


class TestQuota:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return dataclasses.replace(settings, quota_bytes=10_000)

    def test_what_would_not_fit_is_refused_with_the_numbers(self, cockpit: Cockpit, visit: Visit) -> None:
        keep(cockpit, visit.person, bytes(6000))
        with pytest.raises(CitizenMustAct) as refused:
            keep(cockpit, visit.person, b"x" * 6000)
        assert refused.value.reason == "quota"
        assert (refused.value.details["used"], refused.value.details["allowed"]) == (6144, 10_000)
        assert len(objects(cockpit)) == 1

    def test_it_is_each_persons_own(self, cockpit: Cockpit, visit: Visit) -> None:
        other = open_space(cockpit, "odile", "une autre longue phrase", "Odile", "fr")
        keep(cockpit, visit.person, bytes(9000))
        keep(cockpit, other.person, bytes(9000))
        assert visit.keyring is not None
        with cockpit.spaces.read(visit.keyring) as reader:
            assert reader.usage().used == 9216

    def test_the_same_document_again_needs_no_room(self, cockpit: Cockpit, visit: Visit) -> None:
        assert keep(cockpit, visit.person, bytes(9000)) == keep(cockpit, visit.person, bytes(9000))

    def test_a_picture_without_room_is_left_out(self, cockpit: Cockpit, visit: Visit) -> None:
        with cockpit.spaces.write(visit.person) as writer:
            blob = writer.keep_file(bytes(9000), "image/png", bytes(5000))
        assert visit.keyring is not None
        with cockpit.spaces.read(visit.keyring) as reader:
            assert reader.preview(blob) is None

    def test_a_file_too_many_stops_neither_the_others_nor_the_page(self, cockpit: Cockpit, visit: Visit) -> None:
        keep(cockpit, visit.person, bytes(9700))
        (done,) = refresh_source(cockpit, visit.person, [SourceFile("a.ofx", STATEMENT)])
        assert [fault.code for fault in done.faults] == ["quota-full"]
        assert not done.kept


class TestStaging:
    def test_no_writer_waits_for_a_document_on_its_way(self, cockpit: Cockpit, visit: Visit) -> None:
        class Slow(io.BytesIO):
            """While it is read, somebody else writes."""

            def read(self, size: int | None = -1, /) -> bytes:
                keep(cockpit, visit.person, b"meanwhile")
                return super().read(size)

        staged = cockpit.spaces.stage_file(visit.person, Slow(b"large"))
        with cockpit.spaces.write(visit.person) as writer:
            blob = writer.keep_file(staged)
        assert read(cockpit, visit, blob) == b"large"

    def test_two_who_bring_the_same_document_at_once_leave_one(
        self, cockpit: Cockpit, visit: Visit, clock: MovingClock
    ) -> None:
        first, second = (cockpit.spaces.stage_file(visit.person, b"same") for _ in range(2))
        for staged in (first, second):
            with cockpit.spaces.write(visit.person) as writer:
                blob = writer.keep_file(staged)
        clock.forward(days=2)
        assert len(sweep(cockpit.database, cockpit.spaces.files, clock(), dry_run=False)) == 1
        assert read(cockpit, visit, blob) == b"same"

    def test_what_was_removed_while_it_came_again_is_asked_for_again(self, cockpit: Cockpit, visit: Visit) -> None:
        blob = keep(cockpit, visit.person, b"paper")
        staged = cockpit.spaces.stage_file(visit.person, b"paper")
        with cockpit.database.write(EVERYONE) as connection:
            files.remove(connection, visit.person, blob)
        with pytest.raises(CitizenMustAct), cockpit.spaces.write(visit.person) as writer:
            writer.keep_file(staged)


class TestOrder:
    """The object first, then the row; and the other way round to delete."""

    def test_an_act_undone_leaves_an_orphan_that_is_swept_when_old(
        self, cockpit: Cockpit, visit: Visit, clock: MovingClock
    ) -> None:
        def act() -> None:
            with cockpit.spaces.write(visit.person) as writer:
                writer.keep_file(b"undone")
                raise RuntimeError

        kept = keep(cockpit, visit.person, b"kept")
        with pytest.raises(RuntimeError):
            act()
        store = cockpit.spaces.files
        assert len(objects(cockpit)) == 2
        # Young: its transaction might still be open.
        assert sweep(cockpit.database, store, clock(), dry_run=False) == ()
        clock.forward(days=2)
        (orphan,) = sweep(cockpit.database, store, clock())
        assert len(objects(cockpit)) == 2, "a dry run removes nothing"
        assert sweep(cockpit.database, store, clock(), dry_run=False) == (orphan,)
        assert sweep(cockpit.database, store, clock(), dry_run=False) == ()
        assert read(cockpit, visit, kept) == b"kept"
        assert read(cockpit, visit, keep(cockpit, visit.person, b"undone")) == b"undone"

    def test_a_deletion_undone_still_finds_its_object(self, cockpit: Cockpit, visit: Visit) -> None:
        def act() -> None:
            with cockpit.database.write(EVERYONE) as connection:
                files.remove(connection, visit.person, blob)
                raise RuntimeError

        blob = keep(cockpit, visit.person, b"paper")
        with pytest.raises(RuntimeError):
            act()
        assert read(cockpit, visit, blob) == b"paper"

    def test_a_deletion_takes_the_picture_along(self, cockpit: Cockpit, visit: Visit) -> None:
        with cockpit.spaces.write(visit.person) as writer:
            blob = writer.keep_file(b"paper", "image/png", b"picture")
        with cockpit.database.write(EVERYONE) as connection:
            keys = files.remove(connection, visit.person, blob)
        cockpit.spaces.files.objects.delete(keys)
        cockpit.spaces.files.objects.delete(keys)  # Again, as after a crash.
        assert (len(keys), objects(cockpit)) == (2, [])
        with pytest.raises(NotFound):
            read(cockpit, visit, blob)

    def test_a_new_epoch_moves_headers_and_no_object(self, cockpit: Cockpit, visit: Visit) -> None:
        blob = keep(cockpit, visit.person, b"paper")
        assert visit.keyring is not None
        before = objects(cockpit)
        private, public = new_key_pair()
        with cockpit.database.write(EVERYONE) as connection:
            keys = heads.find(connection, visit.person, FILES).keys
            collection = visit.keyring.collection_key(FILES, keys)
            old = collection_private(collection, keys, visit.person, FILES)
            assert files.reseal(connection, SealingKey(visit.person, public, keys.epoch + 1), lambda _: old) == 1
            store = cockpit.spaces.files
            found = files.find(connection, store, visit.person, blob, {keys.epoch + 1: private}.__getitem__)
            assert b"".join(found.read()) == b"paper"
        assert objects(cockpit) == before


class TestTheStoreIsAway:
    """Only S3 goes away by itself; a cable between is cut."""

    @pytest.fixture
    def cable(self, s3_port: int) -> Iterator[Cable]:
        cable = Cable(s3_port)
        yield cable
        cable.close()

    @pytest.fixture
    def settings(self, cable: Cable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
        for name, value in variables(cable.port).items():
            monkeypatch.setenv(name, value)
        # The retries of obstore are its own; here they would only make the test wait.
        monkeypatch.setattr("cockpit.store.objects._PATIENCE", {"max_retries": 0})
        return Settings(data=tmp_path / "data", argon2_memory_kib=64, objects=f"s3://documents/{os.urandom(4).hex()}")

    @pytest.mark.parametrize("after", [0, 100_000, 7_000_000])
    def test_mid_put_nothing_is_kept_and_again_works(
        self, cockpit: Cockpit, visit: Visit, cable: Cable, after: int
    ) -> None:
        content = os.urandom(12 * CHUNK_BYTES)
        cable.cut_after(after)
        with pytest.raises(OperatorMustAct) as refused:
            keep(cockpit, visit.person, content)
        assert refused.value.reason == "objects"
        assert "127.0.0.1" not in str(refused.value)
        with cockpit.database.read(EVERYONE) as connection:
            assert connection.execute(select(tables.blob)).all() == []
        cable.mend()
        assert read(cockpit, visit, keep(cockpit, visit.person, content)) == content
        assert len(objects(cockpit)) == 1

    def test_mid_get_what_came_is_true_and_the_rest_is_missing(
        self, cockpit: Cockpit, visit: Visit, cable: Cable
    ) -> None:
        content = os.urandom(12 * CHUNK_BYTES)
        blob = keep(cockpit, visit.person, content)
        assert visit.keyring is not None
        with cockpit.spaces.read(visit.keyring) as reader:
            pieces = reader.open_file(blob).read()
        came = next(pieces)
        cable.cut_after(0)
        came += b"".join(next(pieces) for _ in range(3))  # What was fetched with it.
        with pytest.raises(OperatorMustAct):
            next(pieces)
        assert came == content[: len(came)]
        cable.mend()
        assert read(cockpit, visit, blob) == content

    def test_a_denied_key_is_the_operators_to_mend(
        self, cockpit: Cockpit, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        denied = open_objects(cockpit.settings.objects, cockpit.settings.data)
        with pytest.raises(OperatorMustAct):
            denied.put("a/b/c", [b"x"])


class TestTheDisk:
    def test_an_unwritable_folder_is_the_operators_to_mend(self, tmp_path: Path) -> None:
        store = open_objects(None, tmp_path / "objects")
        (tmp_path / "objects" / "person").write_bytes(b"a file where a folder should be")
        with pytest.raises(OperatorMustAct):
            store.put("person/ab/cd", [b"x"])

    def test_an_upload_cut_by_a_kill_is_swept(self, tmp_path: Path, clock: MovingClock) -> None:
        """The process dies while it writes: nothing stands under the key, and the sweep removes what was begun."""
        program = dedent(f"""
            import os, signal
            from pathlib import Path
            from cockpit.store.objects import open_objects
            def pieces():
                for _ in range(12):
                    yield bytes(1024 * 1024)
                os.kill(os.getpid(), signal.SIGKILL)
            open_objects(None, Path({str(tmp_path / "data" / "objects")!r})).put("p/ab/abcd", pieces())
        """)
        (tmp_path / "data").mkdir()
        died = subprocess.run([sys.executable, "-c", program], check=False)
        assert died.returncode == -9
        cockpit = build(Settings(data=tmp_path / "data", argon2_memory_kib=64), clock)
        clock.now = datetime.now(UTC) + timedelta(days=2)
        left = sweep(cockpit.database, cockpit.spaces.files, clock(), dry_run=False)
        assert left and all("#" in key for key in left)
        assert not [path for path in (tmp_path / "data" / "objects").rglob("*") if path.is_file()]
        cockpit.database.engine.dispose()

    def test_a_kill_between_object_and_row_loses_nothing_acknowledged(self, tmp_path: Path, clock: MovingClock) -> None:
        program = dedent(f"""
            import os, signal
            from pathlib import Path
            from cockpit.acts.open_space import open_space
            from cockpit.bootstrap import build
            from cockpit.settings import Settings
            cockpit = build(Settings(data=Path({str(tmp_path / "data")!r}), argon2_memory_kib=64))
            person = open_space(cockpit, "camille", "quatre mots faciles", "Camille", "fr").person
            with cockpit.spaces.write(person) as writer:
                writer.keep_file(b"acknowledged")
            with cockpit.spaces.write(person) as writer:
                writer.keep_file(b"not acknowledged")
                os.kill(os.getpid(), signal.SIGKILL)
        """)
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
        cockpit = build(Settings(data=tmp_path / "data", argon2_memory_kib=64), clock)
        clock.now = datetime.now(UTC) + timedelta(days=2)
        assert len(objects(cockpit)) == 2
        assert len(sweep(cockpit.database, cockpit.spaces.files, clock(), dry_run=False)) == 1
        with cockpit.database.read(EVERYONE) as connection:
            (row,) = connection.execute(select(tables.blob)).all()
        store = cockpit.spaces.files.objects
        assert store.size(f"{row.person_id}/{row.object_id[:2]}/{row.object_id}") == row.stored + 16
        cockpit.database.engine.dispose()

    def test_the_object_and_its_folders_are_flushed_before_the_put_returns(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "objects"
        store = open_objects(None, folder)
        flushed: list[Path] = []
        flush = os.fsync
        monkeypatch.setattr(
            os, "fsync", lambda fd: (flushed.append(Path(f"/proc/self/fd/{fd}").readlink()), flush(fd))[1]
        )
        store.put("p/ab/abcd", [b"x"])
        assert flushed == [folder / "p/ab/abcd", folder / "p/ab", folder / "p", folder]


@pytest.mark.parametrize("address", ["https://x/y", "s3:///x", "bucket", "s3://b/p?x=1", "file:///etc"])
def test_an_odd_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorMustAct):
        open_objects(address, tmp_path)


def test_credentials_do_not_travel_in_clear_beyond_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in variables(9).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9")
    monkeypatch.setattr("cockpit.store.objects._PATIENCE", {"max_retries": 0})
    with pytest.raises(OperatorMustAct):
        open_objects("s3://documents/x", tmp_path).size("a")


def test_memory_stays_small_whatever_the_size(tmp_path: Path) -> None:
    """200 MB go in and out of a process that may use little more than it needs to start."""
    program = dedent(f"""
        import resource
        from pathlib import Path
        from cockpit.sealing.chunks import new_header, open_chunks, seal_chunks
        from cockpit.store.objects import open_objects
        store = open_objects(None, Path({str(tmp_path / "objects")!r}))
        length, left = 200_000_000, [200_000_000]
        def read(size):
            size = min(size, left[0]); left[0] -= size
            return bytes(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        header = new_header(length, "")
        store.put("p/ab/abcd", seal_chunks(read, header, "p", "b"))
        fetch = lambda start, stop: store.get("p/ab/abcd", start, stop)
        assert sum(map(len, open_chunks(fetch, header, "p", "b"))) == length
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
    """)
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 80, f"{done.stdout.strip()} MiB more than at rest"
