"""The operator's master key as a port: it wraps small secrets one by one, and is itself never in the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from cockpit.domain.errors import OperatorMustAct, Tampered

GROUP = "cockpit.master_keys"
"""The entry point group of further masters: name = the value of COCKPIT_MASTER, value = an ``Opening``."""

_LABEL = re.compile(rb"[a-z][a-z0-9-]{0,30}:v[1-9][0-9]{0,8}(?=:)")


class MasterKey(Protocol):
    """A key in versions, newest first. A wrapped value begins with ``scheme:vN:``, the name of its version.

    Every method raises ``OperatorMustAct`` when the key cannot be reached, is missing, or refuses.
    """

    @property
    def scheme(self) -> str:
        """The first word of what it wraps, for example ``file``: lower case letters, digits and dashes."""

    @property
    def remote(self) -> bool:
        """Whether each use is a call to another machine: then tag and source keys are remembered for a minute."""

    def begin(self) -> None:
        """Make the first version, or check that somebody made it. Called once, before there is anything to open."""

    def newest(self) -> str:
        """The name of the newest version, for example ``file:v2``: what ``wrap`` uses."""

    def wrap(self, secret: bytes, context: str) -> bytes:
        """Wrap up to 4 KiB under the newest version. ``context`` binds it to its place: no swap opens."""

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Undo ``wrap``, with any version that is left. Raises ``Tampered`` for changed bytes or another context."""

    def needs_rewrap(self, wrapped: bytes) -> bool:
        """Whether a newer version than the one that made ``wrapped`` is there."""

    def rotate(self) -> str:
        """Begin a new version and return its name; the earlier ones still unwrap."""

    def retire(self) -> None:
        """Destroy every version but the newest, for ever. The caller has made sure that nothing needs them."""


Opening = Callable[[Path, Mapping[str, str]], MasterKey]
"""Opens a master, given the folder ``keys/`` and its options (COCKPIT_MASTER_URL is ``url``, and so on)."""


def version_of(wrapped: bytes) -> str:
    """The name of the version that made a wrapped value, for example ``vault:v3``. Raises ``Tampered``."""
    found = _LABEL.match(wrapped)
    if found is None:
        raise Tampered("a wrapped value does not name the key that made it")
    return found.group().decode()


def find_opening(name: str, ours: Mapping[str, Opening]) -> Opening:
    """The opening of the master called ``name``: one of ours, or an installed one. Raises ``OperatorMustAct``."""
    if name in ours:
        return ours[name]
    for point in entry_points(group=GROUP, name=name):
        opening: Opening = point.load()
        return opening
    known = ", ".join(sorted({*ours, *entry_points(group=GROUP).names}))
    raise OperatorMustAct(f"no master key is called {name!r} here; there are: {known}", code="master")


def checked_options(options: Mapping[str, str], needed: frozenset[str], optional: frozenset[str]) -> None:
    """Refuse a setting that is missing or that nobody reads, by name. Raises ``OperatorMustAct``."""
    for missing in sorted(needed - options.keys()):
        raise OperatorMustAct(f"this master key needs the setting COCKPIT_MASTER_{missing.upper()}", code="master")
    for unknown in sorted(options.keys() - needed - optional):
        raise OperatorMustAct(f"this master key has no setting COCKPIT_MASTER_{unknown.upper()}", code="master")
