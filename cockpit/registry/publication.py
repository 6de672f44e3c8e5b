"""What was published stays as it was: the committed list of every published use and its SHA-256."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from cockpit.registry.documents import Fault

FILE = "published.toml"
_HEAD = "# Every published use and its SHA-256. Written by `cockpit policies check --publish`, never by hand.\n"


def read_published(text: str) -> dict[str, str]:
    """Reference to SHA-256. Raises ``tomllib.TOMLDecodeError``."""
    return {reference: str(sha256) for reference, sha256 in tomllib.loads(text).items()}


def print_published(published: Mapping[str, str]) -> str:
    """The text that ``read_published`` reads."""
    return _HEAD + "".join(f'{reference} = "{published[reference]}"\n' for reference in sorted(published))


def changed(hashes: Mapping[str, str], published: Mapping[str, str]) -> Iterator[Fault]:
    """Every published use that is no longer as it was published: consents quote its hash."""
    for reference, sha256 in sorted(published.items()):
        if reference not in hashes:
            yield Fault(reference, "", "published, and gone or unreadable", "put the document back as it was")
        elif hashes[reference] != sha256:
            yield Fault(reference, "", "changed after it was published", "put it back, and write the next version")


def unpublished(hashes: Mapping[str, str], published: Mapping[str, str]) -> Iterator[Fault]:
    """Every use that is not yet in the list."""
    for reference in sorted(set(hashes) - set(published)):
        yield Fault(reference, "", "not published", "run `cockpit policies check --publish`")


def with_new(hashes: Mapping[str, str], published: Mapping[str, str]) -> dict[str, str]:
    """The list with the new uses added; what was published is never changed."""
    return {**hashes, **published}
