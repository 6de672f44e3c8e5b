"""``cockpit-audit verify BUNDLE``: an auditor's bundle under the keys, witnesses and earlier state one trusts.

Exit 0: all of it is proved. 1: something is false. 2: it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.verifier.audit_bundle import CONSENT_LOG, MALFORMED, MAX_BYTES, Bundle, Refuted, verify_bundle
from cockpit.verifier.since import check_grown, read_old
from cockpit.verifier.trust import Key, Quorum, check_cosigned, read_keys, read_quorum

EXIT = {"proved": 0, "refuted": 1, "unreadable": 2}
ALWAYS_OPEN = (
    "the answers: ask the same questions of the entries, which are proved",
    "the entries that the mandate does not open: only their types and minutes are known",
    "that an opening which is not there was erased, and not withheld: a bundle does not tell one from the other",
    "that each decision follows from the policies of its time: they are not evaluated here",
    "whose consent is whose: no entry says it",
    "what recipients did with what they received",
    "what happened after the bundle was made",
)
"""What no option of this command proves."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the person at the command trusts. What is None or empty is not checked, and the report says so."""

    keys: tuple[Key, ...] = ()
    house_key: str = ""
    quorum: Quorum | None = None
    old: tuple[str, ...] = ()


def verify_under(content: bytes, trusted: Trusted) -> dict[str, Any]:
    """The report on a bundle: ``verdict``, ``checks`` (``ok`` or a sentence), ``counts`` and ``not_proved``."""
    report = verify_bundle(content, house_key=trusted.house_key)
    if report["verdict"] == "unreadable":
        return report
    bundle, absent = Bundle(content, "", trusted.house_key), list[str]()
    if trusted.keys:
        report["checks"]["keys"] = _said(lambda: check_keys(bundle, trusted.keys))
    if trusted.quorum is not None:
        quorum = trusted.quorum
        report["checks"]["quorum"] = _said(lambda: check_quorum(bundle, quorum))
    if trusted.old:
        report["checks"]["since"] = _said(lambda: absent.extend(check_grown(bundle, trusted.old)))
    if set(report["checks"].values()) != {"ok"}:
        report["verdict"] = "refuted"
    report["not_proved"] = not_proved(trusted, absent)
    return report


def check_keys(bundle: Bundle, keys: tuple[Key, ...]) -> None:
    """The consent log is signed by one of these keys, under its own name; the other logs have the same key."""
    raw = base64.b64decode(bundle.state()["log_key"], validate=True)
    if (bundle.newest(CONSENT_LOG)[0], raw) not in {(key.name, key.raw) for key in keys}:
        raise Refuted("the consent log is not signed by a key that you trust")


def check_quorum(bundle: Bundle, quorum: Quorum) -> None:
    """The newest checkpoint of the consent log, which holds the closed heads of the others, is cosigned."""
    check_keys(bundle, quorum.logs)
    check_cosigned(bundle.newest(CONSENT_LOG)[2], quorum)


def not_proved(trusted: Trusted, absent: list[str]) -> list[str]:
    """What the report leaves open, in plain words. ``absent``: origins of logs that only the earlier state knows."""
    left = []
    if not trusted.keys and trusted.quorum is None:
        left.append("that the log's key is the cockpit's: give the keys you trust (--vkeys)")
    if not trusted.house_key:
        left.append("that the bundle's key is the auditor's: compare it (--house-key)")
    if trusted.quorum is None or trusted.quorum.required == "none":
        left.append("that everybody was shown the same log: name the witnesses you trust (--quorum)")
    if not trusted.old:
        left.append("that the log only grew since you last looked: give what you kept (--since)")
    left.extend(f"that {origin} only grew: the bundle does not hold this log" for origin in absent)
    return [*left, *ALWAYS_OPEN]


def _said(check: Callable[[], object]) -> str:
    try:
        check()
    except Refuted as refuted:
        return str(refuted)
    except MALFORMED as error:
        return f"malformed ({type(error).__name__})"
    return "ok"


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code. A wrong usage ends with 2."""
    parser = argparse.ArgumentParser(prog="cockpit-audit", description="Verify what an auditor hands out, offline.")
    verify = parser.add_subparsers(required=True).add_parser("verify", help="verify an auditor's bundle")
    verify.add_argument("bundle", type=Path)
    verify.add_argument("--vkeys", type=Path, help="a file of the logs' keys you trust, name+hash+key, one a line")
    verify.add_argument("--house-key", default="", help="the auditor's public key, 64 hexadecimal digits")
    verify.add_argument("--quorum", type=Path, help="the witnesses you trust (C2SP tlog-policy)")
    verify.add_argument("--since", type=Path, help="what you kept: an older bundle, proof file or checkpoint")
    verify.add_argument("--json", action="store_true", help="print the report as JSON")
    chosen = parser.parse_args(arguments)
    try:
        report = verify_under(_read(chosen.bundle), _trusted(chosen))
    except (*MALFORMED, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        report = {"verdict": "unreadable", "reason": reason, "checks": {}, "not_proved": []}
    print(json.dumps(report) if chosen.json else _in_words(report))
    return EXIT[report["verdict"]]


def _trusted(chosen: argparse.Namespace) -> Trusted:
    return Trusted(
        keys=read_keys(_read(chosen.vkeys)) if chosen.vkeys else (),
        house_key=chosen.house_key,
        quorum=read_quorum(_read(chosen.quorum)) if chosen.quorum else None,
        old=read_old(_read(chosen.since)) if chosen.since else (),
    )


def _read(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} is larger than 2 GiB")
    return path.read_bytes()


def _in_words(report: dict[str, Any]) -> str:
    lines = [str(report["verdict"]).upper(), *([f"  {report['reason']}"] if "reason" in report else [])]
    lines += [f"  {name}: {said}" for name, said in report["checks"].items()]
    lines += [f"  not proved: {said}" for said in report["not_proved"]]
    return "".join(character if character.isprintable() or character == "\n" else "?" for character in "\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
