"""The archive's first page: everything in readable tables, in one file with no script, opened without us."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cockpit.consent.notice import day_in_words
from cockpit.domain.event import EventType
from cockpit.domain.moment import PARIS, parse_instant
from cockpit.domain.use import Words

MAX_ROWS = 500
MAX_CELL = 160

_STYLE = (
    ":root{color-scheme:light dark;font:17px/1.55 system-ui,sans-serif}"
    "body{max-width:72rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.9rem;margin:.5rem 0}h2{margin-top:2.5rem}"
    "table{border-collapse:collapse;font-size:.9rem;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8886}"
    "div.wide{overflow-x:auto}pre{white-space:pre-wrap;font:inherit;margin:.5rem 0 1.5rem}"
    "caption{text-align:left;padding:.3rem 0;opacity:.8}code{overflow-wrap:anywhere}"
)

_TEXT = {
    "title": Words("Mes données", "My data"),
    "made": Words("Archive faite le", "Archive made on"),
    "what": Words(
        "Tout ce que contenait votre espace : vos données, vos papiers, vos autorisations et votre historique. "
        "Cette page s'ouvre sans nous et ne se connecte à rien.",
        "Everything your space held: your data, your papers, your permissions and your history. "
        "This page opens without us and connects to nothing.",
    ),
    "family": Words("Rubrique", "Family"),
    "count": Words("Données", "Records"),
    "table": Words("Tableau", "Table"),
    "empty": Words("Rien pour le moment.", "Nothing yet."),
    "first": Words("premières lignes ; la suite est dans", "first rows; the rest is in"),
    "file": Words("Original", "Original"),
    "date": Words("Date", "Date"),
    "history": Words("Qui a vu quoi", "Who saw what"),
    "consents": Words("Ce que vous avez autorisé, refusé ou arrêté", "What you allowed, refused or stopped"),
    "shown": Words("Le texte qui vous a été présenté :", "The text you were shown:"),
    "event": Words("Événement", "Event"),
    "who": Words("Qui", "Who"),
    "verify": Words("Vérifier cette archive", "Verify this archive"),
    "how": Words(
        "Un programme indépendant vérifie chaque octet, chaque reçu et chaque ligne de l'historique :",
        "An independent program checks every byte, every receipt and every line of the history:",
    ),
}

_EVENTS: dict[str, Words] = {
    EventType.SPACE_OPENED: Words("Vous avez créé votre espace", "You created your space"),
    EventType.SPACE_ERASED: Words("Un espace a été effacé", "A space was erased"),
    EventType.SOURCE_REFRESHED: Words("Vous avez ajouté des données", "You added data"),
    EventType.SERVICE_REGISTERED: Words("Ce service s'est inscrit", "This service registered"),
    EventType.CONSENT_REQUESTED: Words("Ce service a demandé des données", "This service asked for data"),
    EventType.CONSENT_OVERASKED: Words(
        "Ce service a demandé plus que ce qu'il déclare : refusé", "This service asked more than it declares: refused"
    ),
    EventType.CONSENT_GIVEN: Words("Vous avez autorisé ce service", "You allowed this service"),
    EventType.CONSENT_REFUSED: Words("Vous avez refusé la demande de ce service", "You refused this service's request"),
    EventType.CONSENT_DEFERRED: Words("Vous avez remis la demande à plus tard", "You put the request off"),
    EventType.CONSENT_NARROWED: Words("Vous avez réduit cet accès", "You narrowed this access"),
    EventType.CONSENT_RENEWED: Words("Vous avez prolongé cet accès", "You renewed this access"),
    EventType.CONSENT_REVIEWED: Words("Vous avez relu et gardé cet accès", "You reviewed and kept this access"),
    EventType.CONSENT_PAUSED: Words("Vous avez mis cet accès en pause", "You paused this access"),
    EventType.CONSENT_RESUMED: Words("Vous avez rouvert cet accès", "You resumed this access"),
    EventType.CONSENT_SUSPENDED: Words("Cet accès a été suspendu", "This access was suspended"),
    EventType.CONSENT_EXPIRED: Words("Cet accès s'est terminé", "This access came to its end"),
    EventType.CONSENT_REVOKED: Words("Cet accès a été retiré par l'exploitant", "The operator revoked this access"),
    EventType.CONSENT_INVALIDATED: Words("Cet accès a été déclaré nul", "This access was declared void"),
    EventType.OBLIGATION_DUE: Words("Ce service vous doit une confirmation", "This service owes you a statement"),
    EventType.OBLIGATION_DONE: Words("Ce service a confirmé par écrit", "This service stated it in writing"),
    EventType.OBLIGATION_MISSED: Words("Ce service n'a pas confirmé à temps", "This service did not state it in time"),
    EventType.SERVICE_CHANGED: Words("Ce service a changé sa déclaration", "This service changed its declaration"),
    EventType.SERVICE_SUSPENDED: Words("Ce service a été suspendu", "This service was suspended"),
    EventType.AUDITOR_MANDATED: Words("Un auditeur a reçu un mandat", "An auditor was given a mandate"),
    EventType.AUDITOR_ENDED: Words("Le mandat d'un auditeur a pris fin", "An auditor's mandate ended"),
    EventType.AUDITOR_READ: Words("Un auditeur a lu le registre", "An auditor read the register"),
    EventType.AUDITOR_ASKED: Words("Un auditeur a demandé à ouvrir un dossier", "An auditor asked to open a case"),
    EventType.AUDITOR_OPENED: Words(
        "Deux auditeurs ont ouvert le dossier de cet accès", "Two auditors opened the case of this access"
    ),
    EventType.AUDITOR_EXPORTED: Words("Un auditeur a emporté le registre", "An auditor took the register away"),
    EventType.ALARM: Words("Une alarme a été donnée", "An alarm was raised"),
    EventType.RULES_CHANGED: Words("Vous avez changé vos règles", "You changed your rules"),
    EventType.CONSENT_WITHDRAWN: Words("Vous avez arrêté l'accès de ce service", "You stopped this service's access"),
    EventType.TOKEN_ISSUED: Words("Ce service a reçu une clé d'accès", "This service received an access key"),
    EventType.ACCESS_ALLOWED: Words("Ce service a lu vos données", "This service read your data"),
    EventType.ACCESS_REFUSED: Words("Ce service s'est vu refuser une lecture", "This service was refused a reading"),
    EventType.ACCESS_BATCH: Words("Plusieurs lectures, inscrites ensemble", "Several readings, recorded together"),
    EventType.EXPORT_MADE: Words("Vous avez emporté vos données", "You took your data away"),
    EventType.KEY_ROTATED: Words("L'exploitant a renouvelé sa clé", "The operator renewed their key"),
    EventType.KEY_RETIRED: Words("L'exploitant a détruit ses anciennes clés", "The operator destroyed their old keys"),
    EventType.WAY_ADDED: Words("Vous avez ajouté une clé de votre espace", "You added a key to your space"),
    EventType.WAY_CHANGED: Words("Vous avez remplacé une clé de votre espace", "You replaced a key to your space"),
    EventType.WAY_REMOVED: Words("Vous avez retiré une clé de votre espace", "You removed a key to your space"),
    EventType.SPACE_RECOVERED: Words(
        "Vos proches de confiance ont rouvert votre espace", "Your trusted persons opened your space again"
    ),
    EventType.MANDATE_GIVEN: Words("Vous avez permis à quelqu'un d'agir en votre nom", "You let somebody act for you"),
    EventType.MANDATE_ENDED: Words("Quelqu'un ne peut plus agir en votre nom", "Somebody can no longer act for you"),
    EventType.MANDATE_USED: Words("Quelqu'un est entré pour agir en votre nom", "Somebody came in to act for you"),
    EventType.ESCROW_USED: Words("L'exploitant a ouvert votre espace en secours", "The operator opened your space"),
    EventType.VAULT_KEY_ROTATED: Words("Vous avez changé toutes vos clés", "You changed all your keys"),
    EventType.RECORD_ERASED: Words("Vous avez effacé une donnée", "You erased a record"),
    EventType.COLLECTION_KEYS_ROTATED: Words(
        "Vous avez changé les clés de vos données", "You changed the keys of your data"
    ),
    EventType.SHARD_CLOSED: Words("Un mois de l'historique est clos", "A month of the history was closed"),
    EventType.SHARD_EXPIRED: Words(
        "Un mois ancien de l'historique est effacé", "An old month of the history was removed"
    ),
}


@dataclass(frozen=True, slots=True)
class ConsentShown:
    """One consent on the page: who asked, each decision (instant, event type) oldest first, the text presented."""

    service: str
    decisions: Sequence[tuple[str, str]]
    notice: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One kind of data on the page: its title, its fields' labels, its first rows as the archive holds them.

    ``fields`` are those that any row says something of; ``count`` is how many rows there are.
    """

    kind: str
    title: str
    fields: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    count: int


def index_page(
    name: str,
    made_at: str,
    chapters: Sequence[Chapter],
    history: Sequence[tuple[str, str, str]],
    language: str,
    consents: Sequence[ConsentShown] = (),
) -> str:
    """The whole page. ``history`` holds (instant, event type, who), oldest first; ``made_at`` is an instant."""

    def said(key: str) -> str:
        return escape(_TEXT[key].in_language(language))

    summary = "".join(
        f'<tr><td><a href="#{escape(chapter.kind)}">{escape(chapter.title)}</a></td><td>{chapter.count}</td>'
        f'<td><a href="records/{escape(chapter.kind)}.csv">{escape(chapter.kind)}.csv</a></td></tr>'
        for chapter in chapters
    )
    body = "".join(_chapter(chapter, language) for chapter in chapters)
    lines = "".join(
        f"<tr><td>{_when(at, language)}</td><td>{_event(event, language)}</td><td>{escape(who)}</td></tr>"
        for at, event, who in history
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{said('title')} - {escape(name)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{said('title')} - {escape(name)}</h1>"
        f"<p>{said('made')} {_when(made_at, language)}.</p><p>{said('what')}</p>"
        f"<table><caption>{said('title')}</caption><thead><tr><th scope=col>{said('family')}</th>"
        f"<th scope=col>{said('count')}</th><th scope=col>{said('table')}</th></tr></thead>"
        f"<tbody>{summary}</tbody></table>{body}{_consents(consents, language)}"
        f"<h2>{said('history')}</h2><div class=wide><table><caption>{said('history')}</caption><thead><tr>"
        f"<th scope=col>{said('date')}</th><th scope=col>{said('event')}</th><th scope=col>{said('who')}</th>"
        f"</tr></thead><tbody>{lines}</tbody></table></div>"
        f"<h2>{said('verify')}</h2><p>{said('how')}</p><p><code>python -m cockpit.verifier ARCHIVE</code></p>"
        "</main></body></html>\n"
    )


def read_me() -> str:
    """The archive's short explanation, in both languages."""
    return (
        "Vos données, à vous. Ouvrez index.html dans un navigateur : aucun programme n'est nécessaire.\n"
        "records/ : vos données, en CSV (virgule, UTF-8) et en JSON Lines. files/ : vos papiers d'origine.\n"
        "consents/, receipts/ : vos autorisations et leurs reçus signés. log/ : votre historique et ses preuves.\n"
        "Pour vérifier : python -m cockpit.verifier ARCHIVE\n\n"
        "Your data, yours. Open index.html in a browser: no program is needed.\n"
        "records/: your data, as CSV (comma, UTF-8) and JSON Lines. files/: your original papers.\n"
        "consents/, receipts/: your permissions and their signed receipts. log/: your history and its proofs.\n"
        "To verify: python -m cockpit.verifier ARCHIVE\n"
    )


def _consents(consents: Sequence[ConsentShown], language: str) -> str:
    if not consents:
        return ""
    shown = escape(_TEXT["shown"].in_language(language))
    told = []
    for consent in consents:
        steps = "".join(
            f"<li>{_when(at, language)} : {_event(event, language)}</li>" for at, event in consent.decisions
        )
        told.append(
            f"<h3>{escape(consent.service)}</h3><ul>{steps}</ul><p>{shown}</p><pre>{escape(consent.notice)}</pre>"
        )
    return f"<h2>{escape(_TEXT['consents'].in_language(language))}</h2>{''.join(told)}"


def _event(event: str, language: str) -> str:
    words = _EVENTS.get(event)
    return escape(words.in_language(language) if words else event)


def _when(at: str, language: str) -> str:
    local = parse_instant(at).astimezone(PARIS)
    return escape(f"{day_in_words(local.date().isoformat(), language)} {local:%H:%M}")


def _chapter(chapter: Chapter, language: str) -> str:
    title = escape(chapter.title)
    head = f'<h2 id="{escape(chapter.kind)}">{title}</h2>'
    if not chapter.rows:
        return f"{head}<p>{escape(_TEXT['empty'].in_language(language))}</p>"
    names = list(chapter.fields)
    columns = "".join(f"<th scope=col>{escape(chapter.fields[name])}</th>" for name in names)
    rows = "".join(_row(row, names) for row in chapter.rows[:MAX_ROWS])
    caption = title
    if chapter.count > MAX_ROWS:
        more = escape(_TEXT["first"].in_language(language))
        caption = f'{title}: {MAX_ROWS} {more} <a href="records/{escape(chapter.kind)}.csv">CSV</a>'
    date, file = (escape(_TEXT[key].in_language(language)) for key in ("date", "file"))
    return (
        f"{head}<div class=wide><table><caption>{caption}</caption><thead><tr><th scope=col>{date}</th>{columns}"
        f"<th scope=col>{file}</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: Mapping[str, Any], names: Sequence[str]) -> str:
    cells = "".join(f"<td>{escape(_shown(row['data'].get(name)))}</td>" for name in names)
    path = row["file"]
    link = f'<a href="{escape(path)}">{escape(path.rpartition("/")[2])}</a>' if path else ""
    return f"<tr><td>{escape(row['day'])}</td>{cells}<td>{link}</td></tr>"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = ", ".join(_shown(inner) for inner in value.values() if inner is not None)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = f"{len(value)} ×"
    else:
        text = str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"
