"""A connector's declaration: what it reads, what it produces, and what it may do. Read strictly from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from cockpit.domain.errors import OperatorMustAct
from cockpit.domain.ids import ConnectorId, Kind

MANIFEST_BYTES = 64 * 1024
"""A manifest is a page of text; anything longer is not one."""

_Title = Annotated[str, Meta(min_length=1, max_length=200)]
_Level = Annotated[str, Meta(pattern=r"^(done|todo|exempt: \S.*)\Z")]


class ManifestInvalid(OperatorMustAct):
    """A manifest does not say what it must, or says something nobody knows; ``details["key"]`` names the key."""

    code = "manifest_invalid"


class Shape(StrEnum):
    """How a connector is fed: a file the person drops, an API, a mailbox, or a burst right after a sign-in."""

    FILE = "file"
    API = "api"
    MAIL = "mail"
    INTERACTIVE = "interactive"


@dataclass(frozen=True, slots=True)
class Titles:
    """The source's name, in both languages of the pages."""

    fr: _Title
    en: _Title


@dataclass(frozen=True, slots=True)
class FileShape:
    """Which files a connector of shape ``file`` reads. ``max_bytes`` is the largest it is ever given."""

    globs: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=1)]
    media_types: Annotated[tuple[Annotated[str, Meta(pattern=r"^[a-z]+/[a-z0-9.+-]+\Z")], ...], Meta(min_length=1)]
    max_bytes: Annotated[int, Meta(gt=0, le=256 * 1024 * 1024)]


@dataclass(frozen=True, slots=True)
class Legal:
    """On what legal ground the person gets this data, and whether a contract with the source is needed."""

    basis: Annotated[str, Meta(min_length=1)]
    contract: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality scale: each is ``done``, ``todo`` or ``exempt: <reason>``."""

    golden: _Level
    hostile: _Level
    localised: _Level


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a connector declares of itself. ``hosts`` is the egress allow-list, empty for files."""

    id: Annotated[ConnectorId, Meta(pattern=r"^[a-z]{2,8}(\.[a-z0-9-]+)+\Z", max_length=64)]
    version: Annotated[str, Meta(pattern=r"^\d+\.\d+\.\d+\Z")]
    shape: Shape
    produces: Annotated[tuple[Annotated[Kind, Meta(pattern=r"^[a-z]+\.[a-z_]+\Z")], ...], Meta(min_length=1)]
    auth: Literal["none", "oauth2_code", "oidc_franceconnect", "client_credentials", "token", "app_password"]
    hosts: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+\Z")], ...]
    sensitivity: Literal["low", "medium", "high"]
    verification: Literal["signed", "source", "self-declared"]
    title: Titles
    legal: Legal
    quality: Quality
    file: FileShape | None = None

    def matches(self, name: str) -> bool:
        """Whether a file name looks like one of this connector's; only a hint, its content decides."""
        return self.file is not None and any(fnmatchcase(name.lower(), glob.lower()) for glob in self.file.globs)

    def reads(self, size: int) -> bool:
        """Whether a file of ``size`` bytes may be handed to this connector."""
        return self.file is not None and size <= self.file.max_bytes


def load_manifest(document: str | bytes) -> Manifest:
    """The manifest written in ``document`` (TOML, UTF-8).

    Raises ``ManifestInvalid`` naming the key that is missing, unknown or wrong.
    """
    parsed = _parsed(document)
    try:
        manifest = msgspec.convert(parsed, Manifest)
    except msgspec.ValidationError as error:
        # msgspec ends its sentence with the path of the key: "... - at `$.title.fr`".
        sentence, _, path = str(error).partition(" - at `$")
        key = path.strip("`.") or _named_field(sentence)
        raise ManifestInvalid(f"The manifest is wrong at {key}: {sentence}.", key=key) from None
    _refuse_unknown(parsed, msgspec.to_builtins(manifest), "")
    if manifest.shape is Shape.FILE and manifest.file is None:
        raise ManifestInvalid("A connector of shape file needs the table [file].", key="file")
    if manifest.shape is Shape.FILE and (manifest.hosts or manifest.auth != "none"):
        raise ManifestInvalid("A connector of shape file may name no host and no sign-in.", key="hosts")
    return manifest


def _parsed(document: str | bytes) -> dict[str, Any]:
    if len(document) > MANIFEST_BYTES:
        raise ManifestInvalid("The manifest is longer than 64 KiB.", key="manifest")
    try:
        return tomllib.loads(document.decode("utf-8") if isinstance(document, bytes) else document)
    except UnicodeDecodeError:
        raise ManifestInvalid("The manifest is not written in UTF-8.", key="manifest") from None
    except tomllib.TOMLDecodeError as error:
        raise ManifestInvalid(f"The manifest is not TOML: {error}.", key="manifest") from None


def _named_field(sentence: str) -> str:
    """The field msgspec names between backquotes, when the fault is a missing key at the top."""
    return sentence.split("`")[1] if sentence.count("`") >= 2 else "manifest"


def _refuse_unknown(written: dict[str, Any], known: dict[str, Any], path: str) -> None:
    for key, value in written.items():
        if key not in known:
            raise ManifestInvalid(f"The manifest has a key nobody knows: {path}{key}.", key=f"{path}{key}")
        if isinstance(value, dict):
            _refuse_unknown(value, known[key], f"{path}{key}.")
