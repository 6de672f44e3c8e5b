"""Policies from the shell: why a read would be allowed or refused, and the export of the texts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cockpit.cli.speaking import echo_json, plainly

EXIT_DENIED = 1
_MARKS = {"permits": "+", "forbids": "-", "errs": "!", "silent": " "}
_DECIDED = {"fr": ("autorisé", "refusé", "Il manquerait"), "en": ("allowed", "refused", "What is missing")}


@click.command("explain")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="REQUEST.toml")
@click.option("--case", "name", help="Which [[case]] of the document; the first by default.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default="fr", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@plainly
def explain(document: Path, name: str | None, lang: str, as_json: bool) -> None:
    """Decide a request written down as TOML by the shipped policies: each policy's word, and what is missing.

    Exit 0 when it is allowed, 1 when it is refused, 2 when it cannot be read.
    """
    from cockpit.consent.cases import BadCase, cases_of  # noqa: PLC0415 - only where it is asked for
    from cockpit.consent.explain import explain as explained  # noqa: PLC0415
    from cockpit.domain.decision import Allowed  # noqa: PLC0415
    from cockpit.policies import load_policies  # noqa: PLC0415
    from cockpit.registry import load_registry  # noqa: PLC0415

    try:
        cases = cases_of(document.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadCase(f"{document} cannot be read") from error
    case = next((one for one in cases if name in {None, one.name}), None)
    if case is None:
        raise BadCase(f"there is no case {name!r}; there are: {', '.join(one.name for one in cases)}")
    registry = load_registry()
    sheet = registry.kinds.get(case.request.kind)
    told = explained(
        load_policies(registry, case.kinds), case.request, case.candidates, case.rules, sheet.fields if sheet else {}
    )
    allowed = isinstance(told.decision, Allowed)
    if as_json:
        echo_json({"allowed": allowed, "decision": told.decision, "policies": told.policies, "missing": told.missing})
    else:
        yes, no, lacking = _DECIDED[lang]
        reason = "" if isinstance(told.decision, Allowed) else f" ({told.decision.reason})"
        click.echo(f"{case.name}: {yes if allowed else no}{reason}")
        for one in told.policies:
            words = f"  {one.words.in_language(lang)} [{one.article}]" if one.said != "silent" else ""
            click.echo(f" {_MARKS[one.said]} {one.policy:26} {one.said:8}{words}".rstrip())
        if told.missing:
            click.echo(f"{lacking} : " if lang == "fr" else f"{lacking}: ", nl=False)
            click.echo(", ".join(line.in_language(lang) for line in told.missing) + ".")
    sys.exit(0 if allowed else EXIT_DENIED)


@click.command("compile")
@click.argument("target", type=click.Path(file_okay=False, exists=True, path_type=Path), metavar="FOLDER")
@plainly
def compile_policies(target: Path) -> None:
    """Check the policy texts against their schema, and write the export that is shipped beside them into FOLDER."""
    from cockpit.policies import EXPORT, exported_text  # noqa: PLC0415

    (target / EXPORT).write_text(exported_text(), encoding="utf-8")
    click.echo(f"{target / EXPORT} written")
