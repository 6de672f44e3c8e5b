"""OFX markup to elements, for SGML and XML alike: a small tokenizer that forgives what banks write.

OFX §2.3: in SGML (1.x) an element with a value may go unclosed; an aggregate holds only elements.
Nothing is ever defined or fetched: a document type or an entity declaration is refused before reading begins.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_VALUE = 1_000
"""Characters kept of one value; the format's longest texts have 255 (OFX §3.2)."""

_HEADER = re.compile(rb"\b(?:ENCODING|CHARSET|encoding)\s{0,4}[:=]\s{0,4}[\"']?([A-Za-z0-9_-]{1,20})")
_CODECS = {"1252": "cp1252", "8859-1": "cp1252", "8859-15": "iso-8859-15"}
_ROOT = re.compile(r"<OFX(?:\s[^<>]{0,500})?>", re.IGNORECASE)
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MARK = (
    r"<(?:(?P<close>/)?(?P<tag>[A-Z][A-Z0-9._]{1,31})"
    r"(?:\s{1,20}[A-Za-z:]{1,40}=\"[^\"<>]{0,300}\"){0,8}\s{0,20}(?P<alone>/)?>"
    r"|(?P<comment>!--)|(?P<cdata>!\[CDATA\[)|(?P<instruction>\?))"
)
_STRICT, _LOOSE = re.compile(_MARK), re.compile(_MARK, re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,10});")
_CONTROLS = dict.fromkeys([*range(9), *range(0x0E, 0x20), 0x7F, 0xFFFD])


@dataclass(frozen=True, slots=True)
class Element:
    """One opening or closing mark: its name, the text after it up to the next mark, and its line (from 1).

    ``whole`` is whether its own closing mark came right after the text; ``ended`` whether anything came after it,
    without which the text may be cut short.
    """

    tag: str
    value: str
    line: int
    closing: bool = False
    whole: bool = False
    ended: bool = True


def decoded(content: bytes) -> str:
    """The text of an OFX file. Valid UTF-8 wins over the header, which many banks leave at ``CHARSET:1252``."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    said = [name.decode("ascii").upper() for name in _HEADER.findall(content[:2048])]
    known = next((_CODECS[name] for name in map(_code_page, said) if name in _CODECS), "cp1252")
    # A file that says UTF-8 and is nearly so was damaged; any other was written on Windows.
    damaged = any(name in {"UTF-8", "UTF8", "UNICODE"} for name in said)
    return content.decode("utf-8" if damaged else known, errors="replace")


def _code_page(name: str) -> str:
    return name.removeprefix("WINDOWS-").removeprefix("ISO").removeprefix("-")


def root(text: str) -> int | None:
    """Where the ``OFX`` aggregate begins, or None when there is none."""
    found = _ROOT.search(text)
    return found.start() if found else None


def declares(text: str) -> bool:
    """Whether the file declares a document type or an entity, which no bank needs and an attacker does."""
    return _DECLARATION.search(text) is not None


def elements(text: str, start: int) -> Iterator[Element]:
    """Every element from the root on. Labels may hold ``<`` or ``&``: what is no mark is text."""
    # Marks are upper case in the specification; only a file whose root is not gets the looser reading, so that
    # a label such as "VIR <Paul>" keeps its words.
    pattern = _STRICT if text.startswith("<OFX", start) else _LOOSE
    line, counted = 1 + text.count("\n", 0, start), start
    held: Element | None = None
    parts: list[str] = []
    position = start
    while True:
        mark = pattern.search(text, position)
        if held is not None:
            parts.append(_plain(text[position : mark.start() if mark else len(text)]))
        if mark is None:
            break
        if not mark["tag"]:
            raw, position = _aside(text, mark)
            parts.append(raw)
            continue
        line, counted = line + text.count("\n", counted, mark.start()), mark.start()
        position = mark.end()
        tag, closing = mark["tag"].upper(), bool(mark["close"])
        if held is not None:
            whole = closing and tag == held.tag
            yield Element(held.tag, _tidy(parts), held.line, held.closing, whole)
            if whole:
                held, parts = None, []
                continue
        if mark["alone"]:
            yield Element(tag, "", line, whole=True)
            held, parts = None, []
        else:
            held, parts = Element(tag, "", line, closing), []
    if held is not None:
        yield Element(held.tag, _tidy(parts), held.line, held.closing, ended=held.closing)


def _aside(text: str, mark: re.Match[str]) -> tuple[str, int]:
    """The text that a comment, a processing instruction or a CDATA section stands for, and where it ends."""
    if mark["instruction"]:
        end = text.find("?>", mark.end(), mark.end() + 300)
        return ("", end + 2) if end >= 0 else ("<?", mark.end())
    closer = "]]>" if mark["cdata"] else "-->"
    end = text.find(closer, mark.end())
    if end < 0:
        return "", len(text)
    return (text[mark.end() : min(end, mark.end() + LONGEST_VALUE)] if mark["cdata"] else ""), end + 3


def _plain(text: str) -> str:
    """Text with its character references decoded; a lone ``&`` is itself."""
    cut = text[: 4 * LONGEST_VALUE]
    return _REFERENCE.sub(lambda found: html.unescape(found.group()), cut) if "&" in cut else cut


def _tidy(parts: list[str]) -> str:
    return " ".join("".join(parts).translate(_CONTROLS).split())[:LONGEST_VALUE].rstrip()
