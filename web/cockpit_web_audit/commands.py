"""The commands of the auditor's house."""

from __future__ import annotations

import functools
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from platformdirs import user_data_path

from cockpit.audit import cases, export, house, integrity, queries, sampling, sync
from cockpit.audit.faults import Refuted
from cockpit.audit.house import House
from cockpit.audit.line import line_of
from cockpit.audit.wire import Case, CaseAsked, CaseFile, Exported
from cockpit.domain.errors import CockpitError
from cockpit.domain.moment import instant
from cockpit.hardening import forbid_core_dumps
from cockpit.verifier.audit_bundle import verify_bundle

EXIT_REFUTED, EXIT_REFUSED = 1, 2


def utc_now() -> datetime:
    """The present."""
    return datetime.now(UTC)


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Say an error of ours in one sentence; leave with 1 for what is refuted, with 2 for what cannot be done."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except CockpitError as error:
            click.echo(f"cockpit audit: {error} ({error.reason})", err=True)
            sys.exit(EXIT_REFUTED if isinstance(error, Refuted) else EXIT_REFUSED)

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--house", "folder", type=click.Path(path_type=Path), envvar="COCKPIT_AUDIT_HOUSE",
    help="The house's own folder (COCKPIT_AUDIT_HOUSE).",
)  # fmt: skip
@click.pass_context
def main(context: click.Context, folder: Path | None) -> None:
    """The auditor's house: what a mandate lets you see, checked and kept on your own machine."""
    forbid_core_dumps()
    context.obj = House(folder or Path(user_data_path("mesinfos-audit", appauthor=False)))


@main.command()
@click.pass_obj
@plainly
def key(found: House) -> None:
    """Begin a house, and print its public key: give it to the operator."""
    click.echo(house.begin(found.folder).decode(), nl=False)


@main.command()
@click.argument("address")
@click.argument("mandate")
@click.option("--log-key", default="", help="The log's public key, 64 hexadecimal digits, if you know it.")
@click.pass_obj
@plainly
def join(found: House, address: str, mandate: str, log_key: str) -> None:
    """Say which cockpit is audited (https://…) and under which mandate (m_…)."""
    try:
        pinned = bytes.fromhex(log_key)
    except ValueError:
        pinned = b"?"
    if len(pinned) not in {0, 32}:
        click.echo("cockpit audit: --log-key wants 64 hexadecimal digits", err=True)
        sys.exit(EXIT_REFUSED)
    house.join(found, address, mandate, pinned or None)


@main.command("sync")
@click.pass_obj
@plainly
def sync_(found: House) -> None:
    """Fetch what is new, check all of it, and keep it. Leaves with 1 when something does not hold together."""
    with line_of(found, utc_now) as line:
        done = sync.sync(found, line)
    for log, size in done.sizes.items():
        click.echo(f"{log}: {done.new[log]} new entries, {size} in all")


@main.command()
@click.argument("name", type=click.Choice(sorted(queries.QUERIES)))
@click.option("--since", default="", help="First minute, 2026-11-23T09:30Z, or a day.")
@click.option("--until", default="9", help="Last minute or day.")
@click.option("--use", default="", help="One use, energy-advice-v1.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
@plainly
def query(found: House, name: str, since: str, until: str, use: str, as_json: bool) -> None:
    """Ask one question of what the house has. Nothing is asked of the cockpit."""
    with found.reading() as kept:
        table = queries.QUERIES[name](kept, queries.Asked(since, whole_day(until), use))
    if as_json:
        click.echo(msgspec.json.encode(table))
        return
    for row in (table.columns, *table.rows):
        click.echo("\t".join(map(str, row)))
    if table.unopened:
        click.echo(f"{table.unopened} entries are not opened by this mandate, and not counted", err=True)
    if table.needs_register:
        click.echo("the register was not fetched (scope recipients): this answer is not whole", err=True)


@main.command("integrity")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
@plainly
def integrity_(found: House, as_json: bool) -> None:
    """Recompute every root from what the house has, and show what was refuted. Leaves with 1 unless all holds."""
    with found.reading() as kept:
        said = integrity.integrity(kept)
    if as_json:
        click.echo(msgspec.json.encode(said))
    else:
        for one in said.held:
            click.echo(f"{'holds' if one.holds else 'DOES NOT HOLD'}  {one.log}  {one.size}  {one.root}  {one.seen_at}")
        for evidence in said.evidence:
            click.echo(f"REFUTED  {evidence.found_at}  {evidence.code}  {evidence.sentence}")
        if said.fault:
            click.echo(f"CHANGED HERE  {said.fault}")
    sys.exit(0 if said.sound else EXIT_REFUTED)


@main.command()
@click.option("--log", default="consent", show_default=True)
@click.option("--seed", required=True, help="A text that you publish before: nobody may choose it after the log.")
@click.option("--count", default=20, show_default=True, type=click.IntRange(1, sampling.MOST))
@click.pass_obj
@plainly
def sample(found: House, log: str, seed: str, count: int) -> None:
    """Draw entries at random; the same seed and root draw the same for anybody."""
    with found.reading() as kept:
        drawn = sampling.sample(kept, log, seed, count)
        facts = sampling.facts_drawn(kept, drawn)
    click.echo(msgspec.json.encode({"sample": drawn, "facts": facts}))


@main.group()
def case() -> None:
    """One case, which two auditors open together."""


@case.command("receipt")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
@plainly
def case_receipt(found: House, path: Path) -> None:
    """Check a receipt that a person handed over; nothing is asked of the cockpit."""
    with found.reading() as kept:
        click.echo(msgspec.json.encode(cases.checked_receipt(kept, path.read_bytes())))


@case.command("ask")
@click.argument("consent")
@click.option("--reason", required=True, help="Why: the person will read it, with both auditors' names.")
@click.pass_obj
@plainly
def case_ask(found: House, consent: str, reason: str) -> None:
    """Ask to open one consent's case; another auditor must agree within three days."""
    with line_of(found, utc_now) as line:
        click.echo(line.post("cases", Case, CaseAsked(consent, reason)).id)


@case.command("list")
@click.pass_obj
@plainly
def case_list(found: House) -> None:
    """The cases that wait for a second auditor, and those open to you."""
    with line_of(found, utc_now) as line:
        for one in line.get("cases", tuple[Case, ...]):
            standing = f"open until {one.expires}" if one.agreed_by else f"waits until {one.expires}"
            click.echo(f"{one.id}  {standing}  {one.asked_by}  {one.reason}")


@case.command("agree")
@click.argument("case")
@click.pass_obj
@plainly
def case_agree(found: House, case: str) -> None:
    """Be the second auditor: the case is open to both from now on, and the person's history says so."""
    with line_of(found, utc_now) as line:
        click.echo(f"open until {line.post(f'cases/{case}/agree', Case).expires}")


@case.command("show")
@click.argument("case")
@click.pass_obj
@plainly
def case_show(found: House, case: str) -> None:
    """The file of an open case, and the life of its consent from the house's own copy of the log."""
    with line_of(found, utc_now) as line:
        file = line.get(f"cases/{case}", CaseFile)
        sync.sync(found, line)
    with found.reading() as kept:
        click.echo(msgspec.json.encode({"file": file, "life": cases.life(kept, file)}))


@main.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--since", default="", help="First minute or day of the answers.")
@click.option("--until", default="9", help="Last minute or day of the answers.")
@click.option("--seed", default="", help="Put in a sample of the consent log, drawn from this published seed.")
@click.option("--count", default=20, show_default=True, type=click.IntRange(1, sampling.MOST))
@click.option("--case", "case_id", default="", help="Put in the file of an open case.")
@click.pass_obj
@plainly
def export_(found: House, path: Path, since: str, until: str, seed: str, count: int, case_id: str) -> None:
    """Sign a bundle of all that the house has, and tell the cockpit's log that it was made."""
    with line_of(found, utc_now) as line:
        file = line.get(f"cases/{case_id}", CaseFile) if case_id else None
        with found.reading() as kept:
            drawn = sampling.sample(kept, "consent", seed, count) if seed else None
            asked = queries.Asked(since, whole_day(until))
            made = export.bundle(found, kept, instant(utc_now()), asked, drawn, file)
        line.post("exports", dict[str, Any], Exported(made.manifest_sha256))
    path.write_bytes(made.content)
    click.echo(f"{path}: manifest {made.manifest_sha256}")


@main.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--log-key", default="", help="The log's public key, 64 hexadecimal digits.")
@click.option("--house-key", default="", help="The auditor's public key, 64 hexadecimal digits.")
@plainly
def verify(path: Path, log_key: str, house_key: str) -> None:
    """Verify a bundle, with code that shares nothing with what wrote it. Leaves with 0, 1 (refuted) or 2."""
    report = verify_bundle(path.read_bytes(), log_key, house_key)
    click.echo(msgspec.json.format(msgspec.json.encode(report), indent=1))
    sys.exit({"proved": 0, "refuted": EXIT_REFUTED}.get(report["verdict"], EXIT_REFUSED))


def whole_day(text: str) -> str:
    """A last day as its last minute; anything else as it is."""
    return f"{text}T23:59Z" if len(text) == len("2026-11-23") else text


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Leave it on this machine, or put TLS before it.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.pass_obj
@plainly
def serve(found: House, host: str, port: int) -> None:
    """Serve the house's pages, on this machine alone, to whoever opens the address printed here."""
    import uvicorn  # noqa: PLC0415 - the other commands must not wait for a web server to load

    from cockpit_web_audit.app import create_app  # noqa: PLC0415

    access_key = secrets.token_urlsafe(24)
    app = create_app(found, utc_now, access_key, host)
    with found.reading():
        # On standard output and flushed: whoever started it may be a program that waits for the address.
        click.echo(f"http://{host}:{port}/entrer?cle={access_key}")
        sys.stdout.flush()
    # The access log would hold the key.
    uvicorn.run(app, host=host, port=port, server_header=False, proxy_headers=False, access_log=False)
