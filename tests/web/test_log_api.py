"""The logs' public doors: whoever holds nothing but the address can check every leaf against the signed checkpoint."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

import pytest

from cockpit.accounts.sessions import Visit
from cockpit.acts.cockpit import Cockpit
from cockpit.domain.event import Event, EventType
from cockpit.tlog.checkpoint import parse_checkpoint
from cockpit.tlog.merkle import Edge, leaf_hash, root, verify_inclusion
from cockpit.tlog.note import vkey
from cockpit.tlog.tiles import Tile, Wanted, hashes_from, tile_path, unbundle
from tests.conftest import MovingClock
from tests.web.screen import TestClient

ENTRIES = 600
ACCESS = "access-2026-11"


def test_the_tree_in_the_tiles_is_that_of_the_entries_and_of_the_checkpoint(
    stranger: TestClient, cockpit: Cockpit
) -> None:
    with cockpit.database.write() as connection:
        for number in range(ENTRIES):
            cockpit.ledger.append(connection, Event(EventType.KEY_ROTATED, {"version": str(number)}), cockpit.clock())
    note = stranger.get("/log/consent/checkpoint")
    assert (note.headers["content-type"], note.headers["cache-control"]) == ("text/plain; charset=utf-8", "no-cache")
    origin = note.text.partition("\n")[0]
    assert origin == cockpit.ledger.origin + "/consent"
    head = parse_checkpoint(note.content, cockpit.operator.log.verify_key(), origin)
    assert head.size == ENTRIES

    def fetched(tiles: Sequence[Tile]) -> Mapping[Tile, bytes]:
        return {tile: fetch(stranger, widest(tile, head.size)) for tile in tiles}

    edge = Edge()
    for index in range(0, ENTRIES, 256):
        for leaf in unbundle(fetch(stranger, Wanted(None, index // 256, min(256, ENTRIES - index)))):
            edge.append(leaf_hash(leaf))
    assert edge.root() == head.root == root(hashes_from(fetched), head.size)
    proof = stranger.get("/log/consent/proof/300").json()
    (leaf,) = unbundle(fetch(stranger, Wanted(None, 1, 45)))[44:]
    path = [base64.b64decode(digest) for digest in proof["proof"]]
    verify_inclusion(leaf_hash(leaf), 300, head.size, path, head.root)
    assert proof["checkpoint"] == note.text


def fetch(stranger: TestClient, wanted: Wanted) -> bytes:
    answer = stranger.get(f"/log/consent/tile/{tile_path(wanted)}")
    assert answer.status_code == 200, tile_path(wanted)
    assert answer.headers["content-type"] == "application/octet-stream"
    lasting = wanted.level is not None and wanted.width == 256
    assert ("immutable" in answer.headers["cache-control"]) is lasting
    return answer.content


def widest(tile: Tile, size: int) -> Wanted:
    return Wanted(tile.level, tile.index, min(256, (size >> 8 * tile.level) - 256 * tile.index))


@pytest.mark.parametrize(
    "path",
    [
        "consent/tile/0/001", "consent/tile/0/000", "consent/tile/0/000.p/9", "consent/tile/1/000.p/1",
        "consent/tile/entries/000.p/9", "consent/tile/63/000", "consent/tile/64/000", "consent/tile/0/0",
        "consent/tile/0/x999/x999/x999/x999/999", "consent/tile/entries/../checkpoint", "consent/batch/0",
        "consent/batch/99999999999999999999", "consent/proof/99999", "consent/proof/-1", f"consent/proof/{'9' * 40}",
        "nothing/checkpoint", "access-2026-13/checkpoint", "access-2020-01/checkpoint", "access-2020-01/proof/0",
    ],
)  # fmt: skip
def test_what_a_log_does_not_have_is_not_found(stranger: TestClient, visit: Visit, path: str) -> None:
    assert stranger.get(f"/log/{path}").status_code == 404


def test_an_empty_log_has_a_signed_checkpoint_and_no_tile(stranger: TestClient, cockpit: Cockpit) -> None:
    note = stranger.get("/log/consent/checkpoint").content
    head = parse_checkpoint(note, cockpit.operator.log.verify_key(), cockpit.ledger.origin + "/consent")
    assert (head.size, head.root) == (0, Edge().root())
    assert stranger.get("/log/consent/tile/0/000.p/1").status_code == 404


def test_keys_are_those_of_every_log_there_is(
    stranger: TestClient, cockpit: Cockpit, visit: Visit, clock: MovingClock
) -> None:
    with cockpit.database.write(visit.person) as connection:
        cockpit.ledger.append(connection, Event(EventType.TOKEN_ISSUED), clock(), visit.person)
    keys = stranger.get("/log/keys").json()
    assert list(keys["logs"]) == ["consent", ACCESS]
    assert keys["log"] == keys["logs"]["consent"]
    key = cockpit.operator.log.verify_key()
    assert keys["logs"][ACCESS] == vkey(f"{cockpit.ledger.origin}/{ACCESS}", key)


def test_a_batch_is_served_and_adds_up_to_its_leaf(stranger: TestClient, cockpit: Cockpit, visit: Visit) -> None:
    event = Event(EventType.ACCESS_ALLOWED, {"decision": "allowed"}, {"service_name": "KANARIENVOGEL"})
    with cockpit.database.write(visit.person) as connection:
        logged = cockpit.ledger.append_batch(connection, [(event, visit.person)] * 5, cockpit.clock())
    assert logged.index == 0
    records = stranger.get(f"/log/{ACCESS}/batch/0")
    assert records.headers["content-type"] == "application/octet-stream"
    (leaf,) = unbundle(stranger.get(f"/log/{ACCESS}/tile/entries/000.p/1").content)
    said, edge = json.loads(leaf), Edge()
    for record in unbundle(records.content):
        edge.append(leaf_hash(record))
    assert (said["type"], said["count"], said["root"]) == ("access.batch", 5, edge.root().hex())
    assert b"KANARIENVOGEL" not in records.content + leaf
    assert visit.person.encode() not in records.content + leaf
