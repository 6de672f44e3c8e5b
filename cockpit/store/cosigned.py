"""The newest checkpoint of a log that witnesses cosigned, and the size that each of them knows."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, delete, insert, select

from cockpit.store import tables
from cockpit.tlog.logs import LogName

_TABLE = tables.log_cosigned


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint note of ``size`` leaves with its cosignatures; ``sizes`` are by the witnesses' names."""

    size: int = 0
    note: bytes = b""
    sizes: dict[str, int] = field(default_factory=dict)


def find(connection: Connection, log: LogName) -> Cosigned:
    """What witnesses last said of a log; nothing when none did."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.log == log)).one_or_none()
    if row is None:
        return Cosigned()
    return Cosigned(row.size, bytes(row.note), msgspec.json.decode(row.sizes, type=dict[str, int]))


def put(connection: Connection, log: LogName, cosigned: Cosigned) -> None:
    """Keep it in the place of the former, unless somebody kept a newer one meanwhile."""
    if find(connection, log).size > cosigned.size:
        return
    connection.execute(delete(_TABLE).where(_TABLE.c.log == log))
    sizes = msgspec.json.encode(cosigned.sizes)
    connection.execute(insert(_TABLE).values(log=log, size=cosigned.size, note=cosigned.note, sizes=sizes))
