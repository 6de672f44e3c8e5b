"""The command ``cockpit``: what a person or an operator does from the shell."""

from __future__ import annotations

from pathlib import Path

import click

from cockpit import __version__
from cockpit.acts.cockpit import Cockpit
from cockpit.bootstrap import build
from cockpit.cli import audit, auditors, backups, database, keys, policies, running, services, spaces, upkeep, witness
from cockpit.hardening import forbid_core_dumps
from cockpit.settings import settings_from_environment


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cockpit")
@click.option("--data", type=click.Path(path_type=Path), help="Directory of the database and keys (COCKPIT_DATA).")
@click.option("--issuer", help="Public address of this cockpit (COCKPIT_ISSUER).")
@click.pass_context
def main(context: click.Context, data: Path | None, issuer: str | None) -> None:
    """Your administrative data, at home: bring it in, see it, decide who may have it."""
    # Before a passphrase is asked for, whatever the command.
    forbid_core_dumps()

    def opened() -> Cockpit:
        cockpit = build(settings_from_environment(data, issuer))
        context.call_on_close(cockpit.database.close)
        return cockpit

    context.obj = opened


for _command in (
    running.serve,
    running.demo,
    running.registration_token,
    running.doctor,
    spaces.space,
    spaces.recover,
    spaces.import_files,
    spaces.export,
    spaces.verify,
    spaces.erase,
    backups.backup,
    backups.restore,
    upkeep.fsck,
    upkeep.sweep,
    upkeep.tend_logs,
    database.db,
    keys.keys,
    services.services,
    witness.witness,
    policies.policies,
    auditors.auditors,
    audit.audit,
):
    main.add_command(_command)
