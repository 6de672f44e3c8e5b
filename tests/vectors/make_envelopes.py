"""Adds the kinds that ``envelopes-v1.json`` lacks; what is there already stays as it is for ever."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from cockpit.sealing.box import new_key
from cockpit.sealing.envelope import (
    FIRST_PREVIOUS,
    EnvelopeKind,
    Place,
    envelope_hash,
    new_key_pair,
    seal_to,
    seal_under_key,
)

BODIES = (b"", b'{"uid":"1"}\n', '{"libellé":"Café, 12,34 €"}\n'.encode() * 40, bytes(range(256)) * 8)


def vectors(kinds: Iterable[EnvelopeKind]) -> list[dict[str, object]]:
    """One envelope of each of ``kinds``, suite and body, in places of every sort."""
    found: list[dict[str, object]] = []
    previous = FIRST_PREVIOUS
    for kind in kinds:
        for number, body in enumerate(BODIES):
            private, public = new_key_pair()
            key = new_key()
            place = Place(new_key()[:16].hex(), f"bank/{kind.name.lower()}", kind, number + 1, 7, previous, number)
            to_public, under_key = seal_to(public, body, place), seal_under_key(key, body, place)
            common = {
                "person": place.person,
                "stream": place.stream,
                "kind": int(kind),
                "epoch": place.epoch,
                "seq": place.seq,
                "previous": place.previous.hex(),
                "count": place.count,
                "body": body.hex(),
            }
            found.append({"suite": 1, "key": private.hex(), **common, "envelope": to_public.hex()})
            found.append({"suite": 0, "key": key.hex(), **common, "envelope": under_key.hex()})
            previous = envelope_hash(under_key)
    return found


if __name__ == "__main__":
    target = Path(__file__).with_name("envelopes-v1.json")
    kept = json.loads(target.read_text("utf-8")) if target.exists() else []
    known = {vector["kind"] for vector in kept}
    kept += vectors(kind for kind in EnvelopeKind if int(kind) not in known)
    target.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
